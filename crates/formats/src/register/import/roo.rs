//! The Register van Overheidsorganisaties (almanak.overheid.nl, CC0) as CSV files: municipalities, those dissolved, joint
//! arrangements and who takes part in them, and a list of their domains and prefixes.
//!
//! | file | columns we read |
//! |---|---|
//! | municipalities | code, name, valid_from, domains, mail_domains, shared_domains |
//! | dissolved municipalities | code, name, valid_until, successor_codes |
//! | arrangements | roo_id, name, body, ict |
//! | participants | partnership_roo_id, municipality_code, joined, left |
//! | assets | owner, owner_name, owner_kind, asset_kind, value, synthetic, source |
//!
//! A dissolved municipality is an organisation without assets; its `merged_into` relation has the date. The register
//! writes the last day (31 December) or the first day after (1 January): when the successor begins on the day after, that
//! is the date. Some dissolved ones have no code; they get one made of their name. A successor may be named by the
//! register's own identifier (`org:gemeente-voorbeeld`), which is found by name.

use std::collections::HashMap;

use foldhash::fast::FixedState;
use schakel_model::register::OrganisationKind;

use super::{
    super::{
        ProblemKind, RegisterFile,
        dates::{read_date, write_date},
    },
    Source,
    draft::{AssetText, Draft, OrganisationText, RelationText, Spot},
    names::kind_by_name,
    tables::{csv_columns, csv_rows, has_all},
};

/// A file of this format: how it is known by its columns.
#[derive(Clone, Copy, PartialEq, Eq)]
enum File {
    Municipalities,
    Dissolved,
    Arrangements,
    Participants,
    Assets,
}

const FILES: [(File, &[&str]); 5] = [
    (File::Municipalities, &["code", "name", "province", "domains"]),
    (File::Dissolved, &["code", "name", "valid_until", "successor_codes"]),
    (File::Arrangements, &["roo_id", "name", "body", "ict"]),
    (File::Participants, &["partnership_roo_id", "municipality_code", "joined"]),
    (File::Assets, &["owner", "owner_name", "owner_kind", "asset_kind", "value"]),
];

/// Is it one of these files?
pub(super) fn recognises(source: &Source<'_>) -> bool {
    source.has_ending(&["csv"]) && which(source).is_some()
}

fn which(source: &Source<'_>) -> Option<File> {
    let columns = csv_columns(source.bytes);
    FILES.into_iter().find(|(_, known)| has_all(&columns, known)).map(|(file, _)| file)
}

pub(super) fn draft(sources: &[Source<'_>], draft: &mut Draft) {
    let mut municipalities = HashMap::default();
    // Whom others refer to comes first.
    for (file, _) in FILES {
        for source in sources.iter().filter(|source| which(source) == Some(file)) {
            match file {
                File::Municipalities => read_municipalities(source, draft, &mut municipalities),
                File::Dissolved => read_dissolved(source, draft, &municipalities),
                File::Arrangements => read_arrangements(source, draft),
                File::Participants => read_participants(source, draft),
                File::Assets => read_assets(source, draft),
            }
        }
    }
    drop_repeated_domains(draft);
}

/// Code → since when.
type Municipalities = HashMap<String, Option<i64>, FixedState>;

fn read_municipalities(source: &Source<'_>, draft: &mut Draft, municipalities: &mut Municipalities) {
    let columns = ["code", "name", "valid_from", "domains", "mail_domains", "shared_domains"];
    for row in csv_rows(source.name, source.bytes, draft) {
        let spot = row.spot.clone();
        let [code, name, valid_from, domains, mail_domains, shared_domains] = row.fields(columns);
        municipalities.insert(code.clone(), read_date(&valid_from));
        let own: Vec<&str> = domains.split_whitespace().collect();
        let shared: Vec<&str> = shared_domains.split_whitespace().collect();
        for domain in &own {
            draft.assets.push((spot.clone(), asset(&code, "domain", domain, "")));
        }
        for domain in &shared {
            let note = "shared with other municipalities";
            draft.assets.push((spot.clone(), asset(&code, "domain", domain, note)));
        }
        // A domain covers its mail; only what is no domain of theirs is one for mail alone.
        for domain in
            mail_domains.split_whitespace().filter(|name| !own.contains(name) && !shared.contains(name))
        {
            draft.assets.push((spot.clone(), asset(&code, "mail_domain", domain, "")));
        }
        draft.organisations.push((spot, organisation(code, name, OrganisationKind::Municipality)));
    }
}

fn read_dissolved(source: &Source<'_>, draft: &mut Draft, municipalities: &Municipalities) {
    let mut merged = Vec::new();
    // The register's own identifier → code.
    let mut known: HashMap<String, String, FixedState> = HashMap::default();
    for row in csv_rows(source.name, source.bytes, draft) {
        let spot = row.spot.clone();
        let [mut code, name, valid_until, successors] =
            row.fields(["code", "name", "valid_until", "successor_codes"]);
        if code.is_empty() {
            code = format!("former-{}", slug(&name));
        }
        known.insert(format!("org:gemeente-{}", slug(&name)), code.clone());
        merged.push((spot.clone(), code.clone(), name.clone(), valid_until, successors));
        draft.organisations.push((spot, organisation(code, name, OrganisationKind::Municipality)));
    }
    let codes: HashMap<String, (), FixedState> =
        known.values().cloned().chain(municipalities.keys().cloned()).map(|code| (code, ())).collect();
    for (spot, code, name, valid_until, successors) in merged {
        if successors.is_empty() {
            no_successor(draft, &spot, &code, || {
                format!(
                    "`{name}` was dissolved on {valid_until} and the file names no successor; add the relation merged_into when you know it"
                )
            });
        }
        for successor in successors.split_whitespace() {
            let to = known.get(successor).map_or(successor, String::as_str);
            if !codes.contains_key(to) {
                no_successor(draft, &spot, successor, || {
                    format!(
                        "`{name}` was dissolved on {valid_until} into `{successor}`, which is not in the file; add the relation merged_into when you know it"
                    )
                });
                continue;
            }
            let since = municipalities.get(to).copied().flatten();
            let relation = RelationText {
                from: code.clone(),
                kind: "merged_into".to_owned(),
                to: to.to_owned(),
                valid_from: merger_date(&valid_until, since),
                ..RelationText::default()
            };
            draft.relations.push((spot.clone(), relation));
        }
    }
}

fn no_successor(draft: &mut Draft, spot: &Spot, value: &str, message: impl FnOnce() -> String) {
    draft.problem(spot, (RegisterFile::Relations, "to"), value, ProblemKind::NoSuccessor, message);
}

/// The day on which the successor begins, when that is the day after the last one.
fn merger_date(valid_until: &str, successor_since: Option<i64>) -> String {
    const DAY_SECONDS: i64 = 86_400;
    match (read_date(valid_until), successor_since) {
        (Some(last), Some(first)) if last + DAY_SECONDS == first => write_date(first),
        _ => valid_until.to_owned(),
    }
}

fn read_arrangements(source: &Source<'_>, draft: &mut Draft) {
    for row in csv_rows(source.name, source.bytes, draft) {
        let spot = row.spot.clone();
        let [code, name, body, ict] = row.fields(["roo_id", "name", "body", "ict"]);
        // The body is the organisation that the arrangement set up, and what people call it.
        let called = if body.is_empty() { &name } else { &body };
        let kind = match kind_by_name(&format!("{name} {body}")) {
            _ if ict == "1" => OrganisationKind::ItPartnership,
            kind @ (OrganisationKind::TaxPartnership | OrganisationKind::SocialService) => kind,
            _ => OrganisationKind::JointArrangement,
        };
        let organisation = organisation(code, called.clone(), kind);
        draft.organisations.push((spot, organisation));
    }
}

fn read_participants(source: &Source<'_>, draft: &mut Draft) {
    for row in csv_rows(source.name, source.bytes, draft) {
        let spot = row.spot.clone();
        let [to, from, valid_from, valid_until] =
            row.fields(["partnership_roo_id", "municipality_code", "joined", "left"]);
        let kind = "participates_in".to_owned();
        draft.relations.push((
            spot,
            RelationText { from, kind, to, valid_from, valid_until, ..RelationText::default() },
        ));
    }
}

fn read_assets(source: &Source<'_>, draft: &mut Draft) {
    let mut known: HashMap<String, (), FixedState> =
        draft.organisations.iter().map(|(_, row)| (row.code.clone(), ())).collect();
    for row in csv_rows(source.name, source.bytes, draft) {
        let spot = row.spot.clone();
        let [owner, name, owner_kind, kind, value, synthetic, from] =
            row.fields(["owner", "owner_name", "owner_kind", "asset_kind", "value", "synthetic", "source"]);
        if known.insert(owner.clone(), ()).is_none() {
            let kind = match owner_kind.as_str() {
                "municipality" => OrganisationKind::Municipality,
                _ => OrganisationKind::ItPartnership,
            };
            draft.organisations.push((spot.clone(), organisation(owner.clone(), name, kind)));
        }
        let (kind, note) = match (kind.as_str(), synthetic.as_str()) {
            ("shared_domain", _) => ("domain", "shared with other municipalities".to_owned()),
            (kind, "true") => (kind, format!("made up for tests: {from}")),
            (kind, _) => (kind, String::new()),
        };
        draft.assets.push((spot, asset(&owner, kind, &value, &note)));
    }
}

/// The list of assets says again what stands with the municipalities.
fn drop_repeated_domains(draft: &mut Draft) {
    let mut seen: HashMap<(String, String, String), (), FixedState> = HashMap::default();
    draft.assets.retain(|(_, row)| {
        let key = (row.organisation.clone(), row.kind.clone(), row.value.to_lowercase());
        seen.insert(key, ()).is_none()
    });
}

fn organisation(code: String, name: String, kind: OrganisationKind) -> OrganisationText {
    OrganisationText { code, name, kind: kind.as_str().to_owned(), ..OrganisationText::default() }
}

fn asset(organisation: &str, kind: &str, value: &str, note: &str) -> AssetText {
    AssetText {
        organisation: organisation.to_owned(),
        kind: kind.to_owned(),
        value: value.to_owned(),
        note: note.to_owned(),
        ..AssetText::default()
    }
}

/// A name as the register's identifiers write it: letters and digits of ASCII, hyphens between.
fn slug(name: &str) -> String {
    let mut slug = String::new();
    for c in name.chars().flat_map(char::to_lowercase) {
        match plain_letter(c) {
            Some(letter) => slug.push(letter),
            None if !slug.is_empty() && !slug.ends_with('-') => slug.push('-'),
            None => {}
        }
    }
    slug.trim_end_matches('-').to_owned()
}

/// The letter without its accent: those that stand in Dutch and Frisian names.
fn plain_letter(c: char) -> Option<char> {
    Some(match c {
        'a'..='z' | '0'..='9' => c,
        'à' | 'á' | 'â' | 'ä' => 'a',
        'è' | 'é' | 'ê' | 'ë' => 'e',
        'ì' | 'í' | 'î' | 'ï' => 'i',
        'ò' | 'ó' | 'ô' | 'ö' => 'o',
        'ù' | 'ú' | 'û' | 'ü' => 'u',
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_merger_begins_on_the_first_day_of_the_successor() {
        let date = |text| read_date(text);
        for (until, since, expected) in [
            ("2018-12-31", date("2019-01-01"), "2019-01-01"),
            ("2019-01-01", date("2019-01-01"), "2019-01-01"),
            ("2013-12-31", date("1900-01-01"), "2013-12-31"),
            ("2002-05-31", None, "2002-05-31"),
            ("soon", date("2019-01-01"), "soon"),
        ] {
            assert_eq!(merger_date(until, since), expected);
        }
    }

    #[test]
    fn names_become_identifiers() {
        for (name, expected) in [
            ("Molenwaard", "molenwaard"),
            ("Kollumerland c.a.", "kollumerland-c-a"),
            ("'S-Gravendeel", "s-gravendeel"),
            ("Skarsterlân", "skarsterlan"),
            ("", ""),
        ] {
            assert_eq!(slug(name), expected);
        }
    }
}
