//! A municipal merger (herindeling) in the register: from a day on, what organisations have is their successor's.

use std::{
    collections::{HashMap, HashSet},
    hash::Hash,
    sync::Arc,
};

use foldhash::fast::FixedState;
use schakel_formats::register::{
    AssetRow, ContactRow, OrganisationRow, RegisterFiles, RelationRow, circle_message, circles,
};
use schakel_model::relation::{Mandate, RelationKind};

/// A merger.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Merger {
    /// The codes of those who go.
    pub old: Vec<String>,
    /// The successor. When the register has none with this code it is added.
    pub into: OrganisationRow,
    /// From when, in seconds since 1970.
    pub on: i64,
}

/// Why a merger cannot be.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum MergeProblem {
    /// The register has no organisation with this code.
    Unknown(String),
    /// It would merge into itself.
    Itself(String),
    /// It has merged already, into the one named second.
    AlreadyMerged(String, String),
    /// Mergers would go in a circle.
    Circle(String),
}

impl std::fmt::Display for MergeProblem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unknown(code) => write!(f, "the register has no organisation {code}"),
            Self::Itself(code) => write!(f, "{code} cannot merge into itself"),
            Self::AlreadyMerged(code, into) => write!(f, "{code} has merged into {into} already"),
            Self::Circle(message) => f.write_str(message),
        }
    }
}

/// The register after a merger.
///
/// Assets, contacts and relations that reach beyond the day end on it, and are the successor's from it on, with role, proof, flags,
/// mandate and order as they were; those that only begin later are the successor's whole. What the successor has already at that moment is
/// not given twice. The old organisations stay, so that what was observed before is theirs.
pub fn merge(standing: &RegisterFiles, merger: &Merger) -> Result<RegisterFiles, MergeProblem> {
    let mut files = standing.clone();
    if !files.organisations.iter().any(|row| row.code == merger.into.code) {
        files.organisations.push(merger.into.clone());
    }
    let names: HashMap<&str, &str, FixedState> =
        standing.organisations.iter().map(|row| (&*row.code, &*row.name)).collect();
    let new = &merger.into.code;
    for code in &merger.old {
        if **code == **new {
            return Err(MergeProblem::Itself(code.clone()));
        }
        if !names.contains_key(code.as_str()) {
            return Err(MergeProblem::Unknown(code.clone()));
        }
        let is_merger = |row: &&RelationRow| {
            row.kind == RelationKind::MergedInto && *row.from == **code && row.valid_until.is_none()
        };
        if let Some(row) = standing.relations.iter().find(is_merger) {
            return Err(MergeProblem::AlreadyMerged(code.clone(), row.to.to_string()));
        }
    }
    let old: HashSet<&str, FixedState> = merger.old.iter().map(String::as_str).collect();
    let moving = Moving { old: &old, new, on: merger.on, names: &names };
    files.assets = moving.assets(&standing.assets);
    files.contacts = moving.contacts(&standing.contacts);
    files.relations = moving.relations(&standing.relations);
    files.relations.extend(merger.old.iter().map(|code| RelationRow {
        from: code.as_str().into(),
        kind: RelationKind::MergedInto,
        to: Arc::clone(new),
        mandate: Mandate::default(),
        scan_consent: false,
        valid_from: Some(merger.on),
        valid_until: None,
        note: String::new(),
    }));
    match circles(&files.relations).first() {
        Some(&at) => Err(MergeProblem::Circle(circle_message(&files.relations[at]))),
        None => Ok(files),
    }
}

struct Moving<'a> {
    old: &'a HashSet<&'a str, FixedState>,
    new: &'a Arc<str>,
    on: i64,
    names: &'a HashMap<&'a str, &'a str, FixedState>,
}

/// A row, what remains of it for the old organisation, and what the successor gets.
type Split<T> = (Option<T>, Option<T>);

impl Moving<'_> {
    fn is_old(&self, code: &str) -> bool {
        self.old.contains(code)
    }

    /// Does a period hold any time from the day on?
    fn reaches_beyond(&self, until: Option<i64>) -> bool {
        until.is_none_or(|until| until > self.on)
    }

    /// Does it begin before the day, so that a part of it stays?
    fn begins_before(&self, from: Option<i64>) -> bool {
        from.is_none_or(|from| from < self.on)
    }

    fn note(&self, note: &str, code: &str) -> String {
        let name = self.names.get(code).copied().unwrap_or_default();
        let from = format!("from {name} ({code}) by merger");
        if note.is_empty() { from } else { format!("{note}; {from}") }
    }

    fn assets(&self, rows: &[AssetRow]) -> Vec<AssetRow> {
        // What the successor has at that moment anyway.
        let mut has = Periods::default();
        for row in rows.iter().filter(|row| row.organisation == *self.new) {
            has.add((row.value.clone(), row.role), row.valid_from, row.valid_until);
        }
        let split = |row: &AssetRow| -> Split<AssetRow> {
            if !self.is_old(&row.organisation) || !self.reaches_beyond(row.valid_until) {
                return (Some(row.clone()), None);
            }
            let stays = self.begins_before(row.valid_from);
            let old = stays.then(|| AssetRow { valid_until: Some(self.on), ..row.clone() });
            let from = has.take((row.value.clone(), row.role), self.from(row.valid_from), row.valid_until);
            let moved = from.map(|from| AssetRow {
                organisation: Arc::clone(self.new),
                valid_from: Some(from),
                note: self.note(&row.note, &row.organisation),
                ..row.clone()
            });
            (old, moved)
        };
        join(rows.iter().map(split))
    }

    fn contacts(&self, rows: &[ContactRow]) -> Vec<ContactRow> {
        let who = |row: &ContactRow| {
            let (_, role, who, _) = row.key();
            (role, who.to_lowercase())
        };
        let mut has = Periods::default();
        for row in rows.iter().filter(|row| row.organisation == *self.new) {
            has.add(who(row), row.valid_from, row.valid_until);
        }
        let split = |row: &ContactRow| -> Split<ContactRow> {
            if !self.is_old(&row.organisation) || !self.reaches_beyond(row.valid_until) {
                return (Some(row.clone()), None);
            }
            let stays = self.begins_before(row.valid_from);
            let old = stays.then(|| ContactRow { valid_until: Some(self.on), ..row.clone() });
            let from = has.take(who(row), self.from(row.valid_from), row.valid_until);
            let moved = from.map(|from| ContactRow {
                organisation: Arc::clone(self.new),
                valid_from: Some(from),
                ..row.clone()
            });
            (old, moved)
        };
        join(rows.iter().map(split))
    }

    fn relations(&self, rows: &[RelationRow]) -> Vec<RelationRow> {
        let mut has = Periods::default();
        for row in rows.iter().filter(|row| !self.is_old(&row.from) && !self.is_old(&row.to)) {
            has.add((Arc::clone(&row.from), row.kind, Arc::clone(&row.to)), row.valid_from, row.valid_until);
        }
        let split = |row: &RelationRow| -> Split<RelationRow> {
            let concerned = self.is_old(&row.from) || self.is_old(&row.to);
            // Earlier mergers into the old one lead on to the successor by themselves.
            if !concerned || row.kind == RelationKind::MergedInto || !self.reaches_beyond(row.valid_until) {
                return (Some(row.clone()), None);
            }
            let stays = self.begins_before(row.valid_from);
            let old = stays.then(|| RelationRow { valid_until: Some(self.on), ..row.clone() });
            let now = |code: &Arc<str>| Arc::clone(if self.is_old(code) { self.new } else { code });
            let (from, to) = (now(&row.from), now(&row.to));
            if from == to {
                return (old, None);
            }
            let key = (Arc::clone(&from), row.kind, Arc::clone(&to));
            let begins = has.take(key, self.from(row.valid_from), row.valid_until);
            let moved = begins.map(|begins| RelationRow {
                from,
                to,
                valid_from: Some(begins),
                note: self.note(&row.note, if self.is_old(&row.from) { &row.from } else { &row.to }),
                ..row.clone()
            });
            (old, moved)
        };
        join(rows.iter().map(split))
    }

    /// When what moves begins for the successor.
    fn from(&self, from: Option<i64>) -> i64 {
        from.unwrap_or(self.on).max(self.on)
    }
}

/// From when until when.
type Period = (Option<i64>, Option<i64>);

/// What the successor has already, and when: it is not given twice for the same time.
struct Periods<K> {
    of: HashMap<K, Vec<Period>, FixedState>,
}

impl<K> Default for Periods<K> {
    fn default() -> Self {
        Self { of: HashMap::default() }
    }
}

impl<K: Eq + Hash> Periods<K> {
    fn add(&mut self, key: K, from: Option<i64>, until: Option<i64>) {
        self.of.entry(key).or_default().push((from, until));
    }

    /// From when a period is not there yet, and takes it from then on; `None` when all of it is there.
    fn take(&mut self, key: K, mut from: i64, until: Option<i64>) -> Option<i64> {
        let periods = self.of.entry(key).or_default();
        let meets = |from: i64, period: &&Period| {
            period.0.is_none_or(|begin| begin <= from) && period.1.is_none_or(|end| from < end)
        };
        while let Some((_, end)) = periods.iter().find(|period| meets(from, period)) {
            from = (*end)?;
        }
        if until.is_some_and(|until| until <= from) {
            return None;
        }
        periods.push((Some(from), until));
        Some(from)
    }
}

/// What stays in its order, then what the successor gets.
fn join<T>(rows: impl Iterator<Item = Split<T>>) -> Vec<T> {
    let (old, new): (Vec<_>, Vec<_>) = rows.unzip();
    old.into_iter().chain(new).flatten().collect()
}

#[cfg(test)]
mod tests {
    use schakel_formats::register::{line, read};
    use schakel_model::{language::Language, register::OrganisationKind};

    use super::*;

    const ORGANISATIONS: &str = "id,name,kind\nA,Adorp,municipality\nB,Bdam,municipality\nC,Cstad,municipality\n\
        J,Jaar,joint_arrangement\nS,Soft,supplier\n";

    fn files(assets: &str, contacts: &str, relations: &str) -> RegisterFiles {
        let reading = read(
            ORGANISATIONS.as_bytes(),
            format!("organisation,kind,value,role,valid_from,valid_until,proof,flags,note\n{assets}")
                .as_bytes(),
            format!("organisation,role,email,order,valid_from,valid_until\n{contacts}").as_bytes(),
            format!("from,kind,to,mandate,scan_consent,valid_from,valid_until\n{relations}").as_bytes(),
        );
        assert_eq!(reading.errors, 0, "{:?}", reading.problems);
        reading.files
    }

    fn merger(old: &[&str], into: &str) -> Merger {
        Merger {
            old: old.iter().map(|code| (*code).to_owned()).collect(),
            into: OrganisationRow {
                code: into.into(),
                name: "Nieuwstad".to_owned(),
                kind: OrganisationKind::Municipality,
                parent: None,
                language: Language::Nl,
            },
            on: 1_767_225_600, // 2026-01-01
        }
    }

    fn lines<T: schakel_formats::register::Row>(rows: &[T]) -> Vec<String> {
        rows.iter().map(line).collect()
    }

    #[test]
    fn what_reaches_beyond_the_day_is_the_successors_from_then_on() {
        let standing = files(
            "A,domain,a.example,owner,,,dns,,\nA,prefix,198.18.0.0/24,owner,2020-01-01,2026-07-01,desk,dynamic,asked\n\
             A,domain,gone.example,owner,,2025-01-01,dns,,\nA,domain,later.example,owner,2026-02-01,,desk,,\n\
             B,domain,both.example,owner,,,desk,,\nA,domain,both.example,owner,,,desk,,\nC,domain,c.example,owner,,,dns,,\n",
            "A,vcib,ada@a.example,1,,\nB,vcib,bo@b.example,2,,\nA,acib,gone@a.example,,,2025-01-01\n",
            "A,participates_in,J,,,,\nB,participates_in,J,,,,\nS,supplies,A,copied,yes,,\nB,serves,A,,,,\n",
        );
        let merged = merge(&standing, &merger(&["A", "B"], "N")).unwrap();
        assert_eq!(lines(&merged.organisations).last().unwrap(), "N,Nieuwstad,municipality,,nl");
        assert_eq!(
            lines(&merged.assets),
            [
                "A,domain,a.example,owner,,2026-01-01,dns,,",
                "A,prefix,198.18.0.0/24,owner,2020-01-01,2026-01-01,desk,dynamic,asked",
                "A,domain,gone.example,owner,,2025-01-01,dns,,",
                "B,domain,both.example,owner,,2026-01-01,desk,,",
                "A,domain,both.example,owner,,2026-01-01,desk,,",
                "C,domain,c.example,owner,,,dns,,",
                "N,domain,a.example,owner,2026-01-01,,dns,,from Adorp (A) by merger",
                "N,prefix,198.18.0.0/24,owner,2026-01-01,2026-07-01,desk,dynamic,asked; from Adorp (A) by merger",
                "N,domain,later.example,owner,2026-02-01,,desk,,from Adorp (A) by merger",
                "N,domain,both.example,owner,2026-01-01,,desk,,from Bdam (B) by merger",
            ]
            .map(|line| if line.contains(';') { line.replace("asked; from Adorp (A) by merger", "\"asked; from Adorp (A) by merger\"") } else { line.to_owned() })
        );
        assert_eq!(
            lines(&merged.contacts),
            [
                "A,vcib,,ada@a.example,,nl,AMBER,1,,2026-01-01",
                "B,vcib,,bo@b.example,,nl,AMBER,2,,2026-01-01",
                "A,acib,,gone@a.example,,nl,AMBER,0,,2025-01-01",
                "N,vcib,,ada@a.example,,nl,AMBER,1,2026-01-01,",
                "N,vcib,,bo@b.example,,nl,AMBER,2,2026-01-01,",
            ]
        );
        assert_eq!(
            lines(&merged.relations),
            [
                "A,participates_in,J,through_member,no,,2026-01-01,",
                "B,participates_in,J,through_member,no,,2026-01-01,",
                "S,supplies,A,copied,yes,,2026-01-01,",
                "B,serves,A,through_member,no,,2026-01-01,",
                "N,participates_in,J,through_member,no,2026-01-01,,from Adorp (A) by merger",
                "S,supplies,N,copied,yes,2026-01-01,,from Adorp (A) by merger",
                "A,merged_into,N,through_member,no,2026-01-01,,",
                "B,merged_into,N,through_member,no,2026-01-01,,",
            ]
        );
    }

    #[test]
    fn what_the_successor_has_already_is_not_given_twice() {
        let standing = files(
            "A,domain,x.example,owner,,,dns,,\nC,domain,x.example,owner,,,dns,,\n",
            "A,vcib,v@x.example,,,\nC,vcib,V@x.example,,,\n",
            "A,participates_in,J,,,,\nC,participates_in,J,,,,\n",
        );
        let merged = merge(&standing, &merger(&["A"], "C")).unwrap();
        assert_eq!((merged.assets.len(), merged.contacts.len(), merged.relations.len()), (2, 2, 3));
        assert_eq!(merged.organisations.len(), 5);
    }

    #[test]
    fn mergers_that_cannot_be_are_refused() {
        let standing = files("", "", "A,merged_into,B,,,2025-01-01,\n");
        for (old, into, expected) in [
            (&["X"][..], "C", "the register has no organisation X"),
            (&["C"], "C", "C cannot merge into itself"),
            (&["A"], "C", "A has merged into B already"),
            (
                &["B"],
                "A",
                "`B` merged_into `A`, which by way of other rows comes back to `B`; take one of these rows out",
            ),
        ] {
            let problem = merge(&standing, &merger(old, into)).unwrap_err();
            assert_eq!(problem.to_string(), expected);
        }
        // One after the other is no circle.
        assert!(merge(&standing, &merger(&["B"], "C")).is_ok());
    }
}
