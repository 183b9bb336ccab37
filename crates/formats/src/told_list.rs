//! The list of another system: who was told what, and when. CSV with the columns `who`, `what` and `when`, in any order, with comma, semicolon
//! or tab between them; other columns are passed over.
//!
//! `who` is the code or the name of an organisation. `what` holds an address or a name, perhaps with a port, and perhaps the kind of finding:
//! `198.51.100.7:3389 open-rdp`. `when` is a day or a time.

use std::net::IpAddr;

use jiff::{Timestamp, civil::Date, tz::TimeZone};

use crate::register::csv_table::{Record, Records, delimiter};

/// Rows that are read: a year of a large desk.
pub const ROWS_MAX: usize = 1_000_000;

/// Who was told what, and when.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ToldRow {
    /// Its line, from 1.
    pub line: u64,
    /// The organisation, as it stands there.
    pub who: String,
    /// What, as it stands there.
    pub what: String,
    /// Where it is.
    pub target: ToldTarget,
    /// The kind of finding, in lower case; empty: not said.
    pub kind: String,
    /// When.
    pub at: Timestamp,
}

/// Where something is.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum ToldTarget {
    /// An address.
    Ip(IpAddr),
    /// A host name or a domain, in lower case.
    Name(String),
}

/// A row that cannot be read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ToldReject {
    /// Its line, from 1.
    pub line: u64,
    /// Why, and what to do.
    pub why: String,
}

/// Reads a list. `zone`: of times that do not say it.
pub fn read(bytes: &[u8], zone: &TimeZone) -> (Vec<ToldRow>, Vec<ToldReject>) {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut records = Records::new(bytes, delimiter(bytes));
    let (mut rows, mut rejects) = (Vec::new(), Vec::new());
    let mut columns: Option<[usize; 3]> = None;
    loop {
        let mut reject = |line, why: &str| rejects.push(ToldReject { line, why: why.to_owned() });
        match records.read() {
            Record::End => break,
            Record::TooLarge => {
                reject(
                    records.line,
                    "the row is larger than 1 MiB; perhaps a quote is not closed. The rest is not read",
                );
                break;
            }
            Record::Row => {}
        }
        let fields: Vec<String> =
            records.fields().map(|field| String::from_utf8_lossy(field).trim().to_owned()).collect();
        if fields.iter().all(String::is_empty) {
            continue;
        }
        let Some([who, what, when]) = columns else {
            let find = |name: &str| fields.iter().position(|field| field.eq_ignore_ascii_case(name));
            match (find("who"), find("what"), find("when")) {
                (Some(who), Some(what), Some(when)) => columns = Some([who, what, when]),
                _ => {
                    reject(records.line, "the first line must name the columns who, what and when");
                    break;
                }
            }
            continue;
        };
        if rows.len() == ROWS_MAX {
            reject(records.line, "the list has more than a million rows. The rest is not read");
            break;
        }
        let field = |at: usize| fields.get(at).map_or("", String::as_str);
        match row(records.line, field(who), field(what), field(when), zone) {
            Ok(row) => rows.push(row),
            Err(why) => reject(records.line, why),
        }
    }
    if columns.is_none() && rejects.is_empty() {
        rejects.push(ToldReject { line: 1, why: "the file is empty".to_owned() });
    }
    (rows, rejects)
}

fn row(line: u64, who: &str, what: &str, when: &str, zone: &TimeZone) -> Result<ToldRow, &'static str> {
    if who.is_empty() {
        return Err("`who` is empty");
    }
    let at = time(when, zone).ok_or("`when` is no day or time: write 2026-11-21 or 2026-11-21T09:00:00Z")?;
    let mut target = None;
    let mut kind = String::new();
    for word in what.split([' ', ';', ',', '/']).filter(|word| !word.is_empty()) {
        match read_target(word) {
            Some(found) if target.is_none() => target = Some(found),
            Some(_) => {}
            None => kind = word.to_ascii_lowercase(),
        }
    }
    let target = target.ok_or("`what` holds no address and no name")?;
    Ok(ToldRow { line, who: who.to_owned(), what: what.to_owned(), target, kind, at })
}

fn read_target(word: &str) -> Option<ToldTarget> {
    if let Ok(ip) = word.trim_matches(['[', ']']).parse::<IpAddr>() {
        return Some(ToldTarget::Ip(ip.to_canonical()));
    }
    if let Ok(socket) = word.parse::<std::net::SocketAddr>() {
        return Some(ToldTarget::Ip(socket.ip().to_canonical()));
    }
    let name = word.rsplit_once(':').map_or(word, |(name, port)| {
        if port.bytes().all(|byte| byte.is_ascii_digit()) { name } else { word }
    });
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    let is_name = name.contains('.')
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte))
        && !name.ends_with(|last: char| last.is_ascii_digit());
    is_name.then_some(ToldTarget::Name(name))
}

fn time(text: &str, zone: &TimeZone) -> Option<Timestamp> {
    let text = text.trim();
    text.parse()
        .ok()
        .or_else(|| zone.to_timestamp(text.parse::<jiff::civil::DateTime>().ok()?).ok())
        .or_else(|| zone.to_timestamp(text.parse::<Date>().ok()?.at(0, 0, 0, 0)).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> (Vec<String>, Vec<String>) {
        let (rows, rejects) = read(text.as_bytes(), &TimeZone::UTC);
        let row =
            |row: &ToldRow| format!("{} {} {:?} {} {}", row.line, row.who, row.target, row.kind, row.at);
        (
            rows.iter().map(row).collect(),
            rejects.iter().map(|reject| format!("{} {}", reject.line, reject.why)).collect(),
        )
    }

    #[test]
    fn a_list_is_read_however_it_was_saved() {
        let (rows, rejects) = lines(
            "\u{feff}When;Who;Note;What\n\
             2026-11-21;GM1;x;198.51.100.7:3389 Open-RDP\n\
             2026-11-21 09:00;Gemeente Gouda;;www.Gouda.nl:443\n\
             2026-11-21T09:00:00+01:00;GM1;;[2001:db8::1]:22\n",
        );
        assert_eq!(rejects, [""; 0]);
        assert_eq!(
            rows,
            [
                "2 GM1 Ip(198.51.100.7) open-rdp 2026-11-21T00:00:00Z",
                "3 Gemeente Gouda Name(\"www.gouda.nl\")  2026-11-21T09:00:00Z",
                "4 GM1 Ip(2001:db8::1)  2026-11-21T08:00:00Z",
            ]
        );
    }

    #[test]
    fn what_cannot_be_read_is_said_and_the_rest_is_read() {
        let (rows, rejects) = lines(
            "who,what,when\n,198.51.100.7,2026-11-21\nGM1,open-rdp,2026-11-21\nGM1,198.51.100.7,soon\n\nGM1\nGM1,a.nl,2026-11-21\n",
        );
        assert_eq!(rows.len(), 1);
        let starts: Vec<&str> = rejects.iter().map(|reject| &reject[..9]).collect();
        assert_eq!(starts, ["2 `who` i", "3 `what` ", "4 `when` ", "6 `when` "]);
        assert!(lines("a,b\n1,2\n").1[0].contains("who, what and when"));
        assert!(lines("").1[0].contains("empty"));
    }
}
