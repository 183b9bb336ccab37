//! The register of the demo, as the four files that `schakel register import` reads.
//!
//! Most of it is plain: two IPv4 blocks, an IPv6 prefix, a domain, a website and contacts for every municipality. On top of
//! that it has, on purpose, what makes real registers hard: partnerships that operate other people's addresses, a domain of
//! three municipalities, an address with many names, a hole in a prefix, a contract that ended, members nobody can be told at.

use std::fmt::{Display, Write};

use crate::{
    addresses::{self, Block, HOLE, SHARED_HOSTING, Site},
    municipalities::{self, Municipality},
    partnerships::{self, Partnership},
};

/// The contents of the register's files.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RegisterFiles {
    /// `organisations.csv`: id,name,kind,parent,language.
    pub organisations: String,
    /// `assets.csv`: organisation,kind,value,role,valid_from,valid_until,proof,flags,note.
    pub assets: String,
    /// `contacts.csv`: organisation,role,name,email,phone,language,tlp_max.
    pub contacts: String,
    /// `relations.csv`: from,kind,to,mandate,scan_consent,valid_from,valid_until,note.
    pub relations: String,
}

/// The supplier that hosts many names on one address.
const HOSTER: &str = "LEV-HOSTING";

/// A domain that serves three municipalities.
pub(crate) const SHARED_DOMAIN: (&str, [&str; 3]) = ("hltsamen.nl", ["GM0534", "GM0553", "GM1525"]);

/// When a contract ended: sightings before belong to the old operator, those after do not.
const CONTRACT_END: &str = "2026-01-01";

/// How the hosting supplier hears of what concerns its clients; to those after these it has no registered relation.
const MANDATES: [(&str, &str); 3] = [("through_member", "yes"), ("copied", ""), ("direct", "")];

/// Builds the four files.
pub fn register_files() -> RegisterFiles {
    let municipalities = municipalities::all();
    let partnerships = partnerships::all();
    let mut files = Writer::new();
    let sites = addresses::of_municipalities(&municipalities);
    for (at, (municipality, site)) in municipalities.iter().zip(&sites).enumerate() {
        files.municipality(at, municipality, site);
    }
    for (partnership, own) in partnerships.iter().zip(addresses::of_partnerships(&partnerships)) {
        let served =
            municipalities.iter().zip(&sites).filter(|(m, _)| partnership.participants.contains(&m.code));
        files.partnership(partnership, &own, served);
    }
    files.special_cases(&municipalities, &sites);
    files.files
}

/// What a municipality's contacts are like. Most are complete; the demo needs the other kinds too.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Reachable {
    Fully,
    /// No mailbox for findings: the trusted contact gets them.
    ByTrustedContact,
    /// The only contact may not receive TLP:AMBER, so findings end as `no_contact`.
    UpToGreen,
    /// Nobody is registered, so findings end as `no_contact`.
    ByNobody,
}

fn reachable(at: usize) -> Reachable {
    match at {
        _ if at % 57 == 20 => Reachable::ByNobody,
        _ if at % 97 == 11 => Reachable::UpToGreen,
        _ if at % 23 == 5 => Reachable::ByTrustedContact,
        _ => Reachable::Fully,
    }
}

/// A handful of desks are run by suppliers who are written to in English.
fn language(at: usize) -> &'static str {
    if at % 111 == 7 { "en" } else { "nl" }
}

/// Builds the files line by line.
struct Writer {
    files: RegisterFiles,
}

/// The parts of an asset that differ from line to line; the rest is given per call.
struct Asset<'a> {
    kind: &'a str,
    value: &'a dyn Display,
    role: &'a str,
    until: &'a str,
    proof: &'a str,
    flags: &'a str,
    note: &'a str,
}

/// An owner's asset that the desk checked, without anything special.
const PLAIN: Asset<'static> =
    Asset { kind: "prefix", value: &"", role: "owner", until: "", proof: "desk", flags: "", note: "" };

impl Writer {
    fn new() -> Self {
        Self {
            files: RegisterFiles {
                organisations: "id,name,kind,parent,language\n".to_owned(),
                assets: "organisation,kind,value,role,valid_from,valid_until,proof,flags,note\n".to_owned(),
                contacts: "organisation,role,name,email,phone,language,tlp_max\n".to_owned(),
                relations: "from,kind,to,mandate,scan_consent,valid_from,valid_until,note\n".to_owned(),
            },
        }
    }

    fn municipality(&mut self, at: usize, municipality: &Municipality, site: &Site) {
        let Municipality { code, name, domain, website, .. } = *municipality;
        self.organisation(code, name, "municipality", language(at));
        let [home, second] = site.v4[..] else { return };
        self.asset(code, Asset { value: &home, note: "gemeentehuis", ..PLAIN });
        self.asset(code, Asset { value: &second, proof: "asserted", note: "overige locaties", ..PLAIN });
        self.asset(code, Asset { value: &format_args!("{}/48", site.v6), proof: "rdap", ..PLAIN });
        let mut guests = site.v6.segments();
        guests[3] = GUEST_SUBNET;
        let guests = std::net::Ipv6Addr::from(guests);
        let note = "openbaar wifi";
        self.asset(code, Asset { value: &format_args!("{guests}/56"), flags: "dynamic", note, ..PLAIN });
        if site.asn_is_own {
            self.asset(code, Asset { kind: "asn", value: &site.asn, proof: "rdap", ..PLAIN });
        }
        let proof = if at.is_multiple_of(2) { "dns" } else { "asserted" };
        self.asset(code, Asset { kind: "domain", value: &domain, proof, ..PLAIN });
        self.asset(code, Asset { kind: "hostname", value: &website, proof, ..PLAIN });
        self.asset(code, Asset { kind: "mail_domain", value: &domain, proof, ..PLAIN });
        self.contacts(at, municipality);
    }

    fn contacts(&mut self, at: usize, municipality: &Municipality) {
        let Municipality { code, name, .. } = *municipality;
        let mailbox = format!("gm{}.example", municipality.number());
        let language = language(at);
        let reachable = reachable(at);
        if reachable == Reachable::ByNobody {
            return;
        }
        let cleared = if reachable == Reachable::UpToGreen { "GREEN" } else { "AMBER" };
        self.contact(code, "acib", &format!("ACIB {name}"), &format!("acib@{mailbox}"), language, cleared);
        if reachable == Reachable::UpToGreen {
            return;
        }
        self.contact(code, "vcib", &format!("VCIB {name}"), &format!("vcib@{mailbox}"), language, "RED");
        self.contact(
            code,
            "weekly",
            &format!("CISO {name}"),
            &format!("ciso@{mailbox}"),
            language,
            "AMBER+STRICT",
        );
        if reachable == Reachable::Fully {
            let desk = format!("Servicedesk {name}");
            self.contact(code, "findings", &desk, &format!("findings@{mailbox}"), language, "AMBER+STRICT");
        }
    }

    fn partnership<'a>(
        &mut self,
        partnership: &Partnership,
        own: &Site,
        served: impl Iterator<Item = (&'a Municipality, &'a Site)>,
    ) {
        let code = partnership.code();
        let domain = format!("ict-{}.example", partnership.number);
        // Apart from its machines: mail would not go to a partnership whose mail server is found in somebody else's hands.
        let mailbox = format!("cert-{}.example", partnership.number);
        self.organisation(&code, partnership.name, "it_partnership", "nl");
        for block in &own.v4 {
            self.asset(&code, Asset { value: block, ..PLAIN });
        }
        self.asset(&code, Asset { value: &format_args!("{}/48", own.v6), ..PLAIN });
        self.asset(&code, Asset { kind: "domain", value: &domain, proof: "dns", ..PLAIN });
        for (municipality, site) in served {
            self.relation(&code, "serves", municipality.code, "", "");
            self.relation(municipality.code, "participates_in", &code, "", "");
            if let Some(home) = site.v4.first() {
                let note = format!("beheer voor {}", municipality.name);
                self.asset(&code, Asset { value: home, role: "operator", note: &note, ..PLAIN });
            }
        }
        let name = format!("CERT {}", partnership.name);
        self.contact(&code, "findings", &name, &format!("cert@{mailbox}"), "nl", "AMBER+STRICT");
        self.contact(&code, "vcib", &name, &format!("vcib@{mailbox}"), "nl", "RED");
    }

    fn special_cases(&mut self, municipalities: &[Municipality], sites: &[Site]) {
        // One address, many names: a match on it says nothing about the owners of the names.
        self.organisation(HOSTER, "Hosting Voorbeeld", "supplier", "en");
        let flags = "shared_hosting";
        self.asset(
            HOSTER,
            Asset { kind: "address", value: &SHARED_HOSTING, role: "operator", flags, ..PLAIN },
        );
        self.contact(HOSTER, "findings", "Abuse desk", "abuse@hosting-voorbeeld.example", "en", "AMBER");
        for municipality in municipalities.iter().skip(3).step_by(11) {
            let form = format!("formulieren.{}", municipality.domain);
            let proof = "asserted";
            self.asset(HOSTER, Asset { kind: "hostname", value: &form, role: "supplier", proof, ..PLAIN });
        }
        for (municipality, (mandate, consent)) in municipalities.iter().skip(3).step_by(11).zip(MANDATES) {
            self.relation(HOSTER, "supplies", municipality.code, mandate, consent);
        }
        // One domain, three owners.
        let (domain, owners) = SHARED_DOMAIN;
        for code in owners {
            self.asset(code, Asset { kind: "domain", value: &domain, ..PLAIN });
            self.asset(code, Asset { kind: "mail_domain", value: &domain, ..PLAIN });
        }
        // A hole: let to somebody else.
        let largest = municipalities.iter().max_by_key(|municipality| municipality.inhabitants);
        if let Some(largest) = largest {
            self.asset(largest.code, Asset { value: &HOLE, flags: "excluded", note: "verhuurd", ..PLAIN });
        }
        // A contract that ended.
        if let Some(home) = sites.first().and_then(|site| site.v4.first()) {
            let note = "contract beëindigd";
            self.asset(HOSTER, Asset { value: home, role: "operator", until: CONTRACT_END, note, ..PLAIN });
        }
    }

    fn organisation(&mut self, code: &str, name: &str, kind: &str, language: &str) {
        line(&mut self.files.organisations, &[&code, &name, &kind, &"", &language]);
    }

    fn asset(&mut self, code: &str, asset: Asset<'_>) {
        let Asset { kind, value, role, until, proof, flags, note } = asset;
        line(&mut self.files.assets, &[&code, &kind, value, &role, &"", &until, &proof, &flags, &note]);
    }

    fn relation(&mut self, from: &str, kind: &str, to: &str, mandate: &str, consent: &str) {
        line(&mut self.files.relations, &[&from, &kind, &to, &mandate, &consent, &"", &"", &""]);
    }

    fn contact(&mut self, code: &str, role: &str, name: &str, email: &str, language: &str, tlp_max: &str) {
        line(&mut self.files.contacts, &[&code, &role, &name, &email, &"", &language, &tlp_max]);
    }
}

/// The subnet of a municipality's /48 where visitors get addresses.
pub(crate) const GUEST_SUBNET: u16 = 0x0100;

impl Display for Block {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.first, self.length)
    }
}

/// One line of CSV; a field with a comma is quoted (none has a quote or a line end).
fn line(file: &mut String, fields: &[&dyn Display]) {
    for (at, field) in fields.iter().enumerate() {
        let text = field.to_string();
        let comma = if at == 0 { "" } else { "," };
        let quote = if text.contains(',') { "\"" } else { "" };
        let _ = write!(file, "{comma}{quote}{text}{quote}"); // Writing to a String cannot fail.
    }
    file.push('\n');
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use schakel_formats::register::{self, Level};
    use schakel_model::{
        asset::AssetKind,
        register::OrganisationKind,
        relation::{Mandate, RelationKind},
        tlp::Tlp,
    };

    use super::*;

    fn rows() -> register::RegisterFiles {
        let files = register_files();
        let reading = register::read(
            files.organisations.as_bytes(),
            files.assets.as_bytes(),
            files.contacts.as_bytes(),
            files.relations.as_bytes(),
        );
        let errors: Vec<_> =
            reading.problems.iter().filter(|problem| problem.level() == Level::Error).collect();
        assert!(errors.is_empty(), "{errors:?}");
        reading.files
    }

    #[test]
    fn the_register_reads_its_files_without_an_error() {
        let rows = rows();
        let municipalities =
            rows.organisations.iter().filter(|row| row.kind == OrganisationKind::Municipality).count();
        assert_eq!(municipalities, 342);
        let real = rows.contacts.iter().find(|row| !row.email.ends_with(".example"));
        assert!(real.is_none(), "an address that could exist: {real:?}");
    }

    #[test]
    fn partnerships_serve_their_participants_and_suppliers_have_mandates() {
        let relations = rows().relations;
        let count = |kind| relations.iter().filter(|row| row.kind == kind).count();
        let participants: usize = partnerships::all().iter().map(|one| one.participants.len()).sum();
        assert_eq!(count(RelationKind::Serves), participants);
        assert_eq!(count(RelationKind::ParticipatesIn), participants);
        let mandates: Vec<_> = relations
            .iter()
            .filter(|row| row.kind == RelationKind::Supplies)
            .map(|row| row.mandate)
            .collect();
        assert_eq!(mandates, [Mandate::ThroughMember, Mandate::Copied, Mandate::Direct]);
    }

    #[test]
    fn there_are_about_1400_prefixes() {
        let assets = rows().assets;
        let prefixes: BTreeSet<_> =
            assets.iter().map(|row| &row.value).filter(|value| value.kind() == AssetKind::Prefix).collect();
        assert!((1_380..=1_420).contains(&prefixes.len()), "{}", prefixes.len());
    }

    #[test]
    fn a_few_municipalities_cannot_be_told() {
        let contacts = rows().contacts;
        let told: BTreeSet<_> =
            contacts.iter().filter(|row| row.tlp_max >= Tlp::Amber).map(|row| &*row.organisation).collect();
        let silent = municipalities::all().iter().filter(|m| !told.contains(m.code)).count();
        assert!((5..=15).contains(&silent), "{silent}");
    }
}
