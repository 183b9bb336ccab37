//! Our own table of report types, read from `types.txt` and `columns.txt` beside this file.

use std::{collections::HashMap, sync::LazyLock};

use schakel_model::{
    classification::ClassificationType,
    observation::{Identity, MalwareIdentity, ServiceIdentity, TargetIdentity},
    severity::Severity,
};

use super::{PAGES, schema::Meaning};
use crate::{convert::Convert, layout::Importance};

/// A report type of our table.
pub(crate) struct ReportType {
    /// As it stands in file names.
    pub name: &'static str,
    /// As the official schema calls it.
    pub key: &'static str,
    pub feed: &'static str,
    page: &'static str,
    classification: &'static str,
    identifier: &'static str,
    application: &'static str,
    transport: &'static str,
    pub severity: Severity,
    pub identity: Identity,
    pub state: State,
    pub columns: Vec<Column>,
}

/// Is a type still sent?
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum State {
    /// The official schema knows it.
    Current,
    /// Only old files of it are left.
    Retired,
}

/// A column of a report type: its name and what it means.
#[derive(Clone)]
pub(crate) struct Column {
    pub name: &'static str,
    /// As written in the table: targets and conversions.
    meaning: &'static str,
}

/// Every report type that is sent today, by its name in files, sorted.
pub fn types() -> impl Iterator<Item = &'static str> {
    TABLE.iter().filter(|report_type| report_type.state == State::Current).map(|report_type| report_type.name)
}

/// The type with this name, in files or in the official schema.
pub(crate) fn definition_of(name: &str) -> Option<&'static ReportType> {
    let at = TABLE.binary_search_by_key(&name, |report_type| report_type.name).ok();
    at.map(|at| &TABLE[at]).or_else(|| TABLE.iter().find(|report_type| report_type.key == name))
}

impl ReportType {
    /// What each column means, in the order of the header.
    pub(crate) fn meanings(&self) -> Vec<(String, Vec<Meaning>)> {
        self.columns.iter().map(|column| (column.name.to_owned(), column.meanings())).collect()
    }

    /// The fields every row of this type has.
    pub(crate) fn constants(&self) -> Vec<(String, String)> {
        let taxonomy = match self.classification.parse::<ClassificationType>() {
            Ok(kind) => kind.taxonomy().as_str(),
            Err(_) => "",
        };
        let page = if self.page.is_empty() { String::new() } else { format!("{PAGES}{}", self.page) };
        [
            ("classification.identifier", self.identifier),
            ("classification.taxonomy", taxonomy),
            ("classification.type", self.classification),
            ("protocol.application", self.application),
            ("protocol.transport", self.transport),
            ("feed.name", self.feed),
            ("feed.documentation", &page),
        ]
        .into_iter()
        .filter(|(_, text)| !text.is_empty())
        .map(|(field, text)| (field.to_owned(), text.to_owned()))
        .collect()
    }
}

impl Column {
    fn meanings(&self) -> Vec<Meaning> {
        self.meaning.split('+').map(|meaning| self.one_meaning(meaning)).collect()
    }

    fn one_meaning(&self, text: &str) -> Meaning {
        let (importance, text) = match text.strip_prefix('!') {
            Some(rest) => (Importance::Required, rest),
            None => (Importance::Optional, text),
        };
        let (target, convert) = match text.split_once(':') {
            Some((target, word)) => (target, Convert::from_word(word).expect("a test reads the whole table")),
            None => (text, Convert::AsIs),
        };
        let field = if target == "=" { format!("extra.{}", self.name) } else { target.to_owned() };
        Meaning { field, convert, importance }
    }
}

static TABLE: LazyLock<Vec<ReportType>> =
    LazyLock::new(|| read(include_str!("types.txt"), include_str!("columns.txt")));

/// Reads the two texts. They are part of the program, and a test reads all of them: a mistake in them is a broken build.
fn read(types: &'static str, columns: &'static str) -> Vec<ReportType> {
    let dictionary = read_dictionary(columns);
    let mut table: Vec<ReportType> = Vec::new();
    let mut in_columns = false;
    for line in types.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if !line.starts_with(' ') {
            table.push(ReportType::named(line.trim()));
            in_columns = false;
            continue;
        }
        let shared = line.trim().strip_prefix("columns as ").map(|other| {
            table.iter().find(|known| known.name == other).expect("it stands above").columns.clone()
        });
        let report_type = table.last_mut().expect("a type's name stands first");
        if let Some(columns) = shared {
            report_type.columns = columns;
            continue;
        }
        let words = if in_columns && line.starts_with("    ") {
            line
        } else {
            let (key, rest) = line.trim().split_once(' ').unwrap_or((line.trim(), ""));
            in_columns = key == "columns";
            if !in_columns {
                report_type.set(key, rest);
                continue;
            }
            rest
        };
        report_type.columns.extend(words.split_whitespace().map(|word| match word.split_once('>') {
            Some((name, meaning)) => Column { name, meaning },
            None => Column { name: word, meaning: dictionary.get(word).copied().unwrap_or("=:text") },
        }));
    }
    table.sort_by_key(|report_type| report_type.name);
    table
}

fn read_dictionary(columns: &'static str) -> HashMap<&'static str, &'static str> {
    let mut dictionary = HashMap::new();
    let mut shared = "";
    for line in columns.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let mut words = line.split_whitespace();
        if line.starts_with("* ") {
            shared = words.nth(1).unwrap_or("");
        } else if !line.starts_with(' ') {
            let name = words.next().unwrap_or("");
            dictionary.insert(name, words.next().unwrap_or(""));
            continue;
        }
        dictionary.extend(words.map(|name| (name, shared)));
    }
    dictionary
}

impl ReportType {
    fn named(name: &'static str) -> Self {
        Self {
            name,
            key: name,
            feed: "",
            page: "",
            classification: "",
            identifier: "",
            application: "",
            transport: "",
            severity: Severity::Medium,
            identity: Identity::SERVICE,
            state: State::Current,
            columns: Vec::new(),
        }
    }

    fn set(&mut self, key: &str, value: &'static str) {
        let dash_is_empty = |word: &'static str| if word == "-" { "" } else { word };
        let two = || value.split_once(' ').expect("two words");
        match key {
            "key" => self.key = value,
            "feed" => self.feed = value,
            "page" => self.page = value,
            "application" => self.application = value,
            "transport" => self.transport = value,
            "retired" => self.state = State::Retired,
            "class" => {
                let (kind, identifier) = two();
                self.classification = dash_is_empty(kind);
                self.identifier = dash_is_empty(identifier);
            }
            "finding" => {
                let (severity, identity) = two();
                self.severity = severity.parse().expect("a severity");
                self.identity = identity_named(identity);
            }
            other => panic!("`{other}` is no line of types.txt"),
        }
    }
}

/// What makes two rows the same problem, by the word in the table.
fn identity_named(word: &str) -> Identity {
    let plain = Identity {
        target: TargetIdentity::AddressElseName,
        service: ServiceIdentity::Ignored,
        malware: MalwareIdentity::Ignored,
    };
    match word {
        "service" => Identity::SERVICE,
        "infection" => Identity::INFECTION,
        "name" => Identity { target: TargetIdentity::NameElseAddress, ..plain },
        "url" => Identity { target: TargetIdentity::Url, ..plain },
        "account" => Identity { target: TargetIdentity::Account, ..plain },
        other => panic!("`{other}` is no identity"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::idf_field;

    #[test]
    fn the_whole_table_reads_and_every_field_is_one_of_idf() {
        assert_eq!(types().count(), 170);
        assert_eq!(TABLE.len(), 171);
        for report_type in TABLE.iter() {
            assert!(!report_type.feed.is_empty(), "{}", report_type.name);
            assert!(report_type.columns.len() > 5, "{}", report_type.name);
            for (column, meanings) in report_type.meanings() {
                for meaning in meanings {
                    let known = meaning.field.starts_with("extra.") || idf_field::exists(&meaning.field);
                    assert!(known, "{} {column}: {}", report_type.name, meaning.field);
                }
            }
            let has = |field: &str| {
                report_type.meanings().iter().any(|(_, m)| m.iter().any(|meaning| meaning.field == field))
            };
            assert!(has("time.source"), "{} has no time", report_type.name);
            assert!(
                !report_type.classification.is_empty() || has("classification.type"),
                "{}",
                report_type.name
            );
        }
    }

    #[test]
    fn a_retired_type_is_read() {
        let header = "timestamp,ip,asn,geo,url,type,http_agent,src_port,http_host,dst_ip";
        let row = "2026-03-01 05:07:57,192.0.2.1,64500,NL,GET / HTTP/1.0,Voorbeeld,Mozilla,8726,c2.example.org,198.51.100.1";
        let file = format!("{header}\n{row}\n");
        let plan = crate::Plan::for_file(
            "2026-03-01-sinkhole_http_drone-x.csv",
            file.as_bytes(),
            &crate::PlanOptions::default(),
        )
        .unwrap();
        let body = &file.as_bytes()[plan.body_offset()..];
        let mut records = crate::Records::new();
        plan.cutter().cut(body, true, usize::MAX, &mut records);
        let event = plan.event(records.get(body, 0)).unwrap();
        for (field, text) in [
            ("source.ip", "192.0.2.1"),
            ("malware.name", "voorbeeld"),
            ("classification.type", "infected-system"),
            ("classification.identifier", "Voorbeeld"),
            ("destination.fqdn", "c2.example.org"),
            ("extra.http_request", "GET / HTTP/1.0"),
        ] {
            assert_eq!(event.text(field), text, "{field}");
        }
    }

    #[test]
    fn types_are_found_by_file_name_and_by_key() {
        assert_eq!(definition_of("event4_sinkhole").map(|t| t.feed), Some("Sinkhole-Events IPv4"));
        assert_eq!(definition_of("event_sinkhole").map(|t| t.name), Some("event4_sinkhole"));
        assert!(definition_of("no_such_type").is_none());
    }
}
