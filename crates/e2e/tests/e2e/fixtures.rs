//! A small register and small reports. Addresses come from the ranges for documentation, contacts lie under `.example`.

use std::{
    fmt::Write,
    fs,
    io::{self, Write as _},
    path::Path,
};

use zip::{ZipWriter, write::SimpleFileOptions};

/// The register's four files.
#[derive(Clone, Default)]
pub struct Register {
    organisations: String,
    assets: String,
    contacts: String,
    relations: String,
}

impl Register {
    /// Two municipalities that share a range, one that reads English, one that may not be told, and an IT partnership.
    ///
    /// | | owner | others |
    /// |---|---|---|
    /// | 198.51.100.0/25 | GM1 Eikendam | SV1 (operator) |
    /// | 198.51.100.128/25 | GM2 Lindeveen | |
    /// | 2001:db8:3::/48, berkendal.nl | GM3 Berkendal (English) | |
    /// | 203.0.113.0/25 | GM4 Stilstad: nobody there may read AMBER | |
    pub fn small() -> Self {
        Self::default()
            .organisation("GM1,Eikendam,municipality,,nl")
            .organisation("GM2,Lindeveen,municipality,,nl")
            .organisation("GM3,Berkendal,municipality,,en")
            .organisation("GM4,Stilstad,municipality,,nl")
            .organisation("SV1,Hulpbron,it_partnership,,nl")
            .asset("GM1,prefix,198.51.100.0/25,owner")
            .asset("SV1,prefix,198.51.100.0/25,operator")
            .asset("GM2,prefix,198.51.100.128/25,owner")
            .asset("GM3,prefix,2001:db8:3::/48,owner")
            .asset("GM3,domain,berkendal.nl,owner")
            .asset("GM4,prefix,203.0.113.0/25,owner")
            .contact("GM1,findings,CERT Eikendam,cert@eikendam.example,,nl,AMBER")
            .contact("GM1,vcib,V. Vertrouwd,vcib@eikendam.example,+31 88 000 00 01,nl,RED")
            .contact("GM2,vcib,L. Linde,vcib@lindeveen.example,,nl,RED")
            .contact("GM3,acib,Security desk,desk@berkendal.example,,en,AMBER")
            .contact("GM4,acib,Postvak,post@stilstad.example,,nl,GREEN")
            .contact("SV1,findings,Dienst,dienst@hulpbron.example,,nl,AMBER")
    }

    /// Adds `id,name,kind,parent,language`.
    pub fn organisation(mut self, row: &str) -> Self {
        writeln!(self.organisations, "{row}").expect("a string takes everything");
        self
    }

    /// Adds `organisation,kind,value,role,valid_from,valid_until,proof,flags,note`; the end may be left out.
    pub fn asset(mut self, row: &str) -> Self {
        let mut fields: Vec<&str> = row.split(',').collect();
        fields.resize(9, "");
        if fields[6].is_empty() {
            fields[6] = "desk";
        }
        writeln!(self.assets, "{}", fields.join(",")).expect("a string takes everything");
        self
    }

    /// Takes the assets away that begin with this.
    pub fn without_asset(mut self, row: &str) -> Self {
        let left: Vec<&str> = self.assets.lines().filter(|line| !line.starts_with(row)).collect();
        assert!(left.len() < self.assets.lines().count(), "no asset begins with {row}");
        self.assets = left.into_iter().flat_map(|line| [line, "\n"]).collect();
        self
    }

    /// Adds `organisation,role,name,email,phone,language,tlp_max,order,valid_from,valid_until`; the end may be left out.
    pub fn contact(mut self, row: &str) -> Self {
        let mut fields: Vec<&str> = row.split(',').collect();
        fields.resize(10, "");
        writeln!(self.contacts, "{}", fields.join(",")).expect("a string takes everything");
        self
    }

    /// Adds `from,kind,to,mandate,scan_consent,valid_from,valid_until,note`; the end may be left out.
    pub fn relation(mut self, row: &str) -> Self {
        let mut fields: Vec<&str> = row.split(',').collect();
        fields.resize(8, "");
        writeln!(self.relations, "{}", fields.join(",")).expect("a string takes everything");
        self
    }

    /// Writes the files into a folder and says where, for the command line.
    pub fn write_to(&self, folder: &Path) -> String {
        fs::create_dir_all(folder).expect("a folder can be made");
        for (name, header, rows) in [
            ("organisations.csv", "id,name,kind,parent,language", &self.organisations),
            (
                "assets.csv",
                "organisation,kind,value,role,valid_from,valid_until,proof,flags,note",
                &self.assets,
            ),
            (
                "contacts.csv",
                "organisation,role,name,email,phone,language,tlp_max,order,valid_from,valid_until",
                &self.contacts,
            ),
            (
                "relations.csv",
                "from,kind,to,mandate,scan_consent,valid_from,valid_until,note",
                &self.relations,
            ),
        ] {
            fs::write(folder.join(name), format!("{header}\n{rows}")).expect("a file can be written");
        }
        folder.to_str().expect("paths of tests are UTF-8").to_owned()
    }
}

/// The name of an RDP report of a day.
pub fn rdp_name(day: &str) -> String {
    format!("{day}-scan_rdp-nederland.csv")
}

/// An RDP report: a row for each address, all at 03:00 on this day.
pub fn rdp(day: &str, addresses: &[&str]) -> String {
    let mut report = RDP_HEADER.to_owned();
    for ip in addresses {
        report += &rdp_row(&format!("{day} 03:00:00"), ip);
    }
    report
}

/// The columns of [`rdp_row`].
pub const RDP_HEADER: &str =
    "\"timestamp\",\"severity\",\"ip\",\"protocol\",\"port\",\"hostname\",\"tag\",\"asn\",\"geo\"\n";

/// A row of an RDP report.
pub fn rdp_row(time: &str, ip: &str) -> String {
    rdp_row_named(time, ip, "")
}

/// A row of an RDP report with a host name.
pub fn rdp_row_named(time: &str, ip: &str, hostname: &str) -> String {
    format!("\"{time}\",\"high\",\"{ip}\",\"tcp\",3389,\"{hostname}\",\"rdp\",64500,\"NL\"\n")
}

/// A zip of these files.
pub fn zipped(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(io::Cursor::new(Vec::new()));
    for (name, bytes) in members {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}
