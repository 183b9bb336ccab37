//! From the TOML text to a mapping in which all fits together.

use std::collections::HashMap;

use jiff::tz::TimeZone;
use schakel_model::{
    classification::ClassificationType,
    event::Value,
    limits::COLUMNS_MAX,
    observation::{Identity, MalwareIdentity, ServiceIdentity, TargetIdentity},
    severity::Severity,
    tlp::Tlp,
};
use toml::de::{DeTable, DeValue};

use super::{
    convert::Conversion,
    definition::{self, ConstantOr, Counts, Definition, Format, IdentityTarget},
    error::MappingError,
    glob,
    time::TimeFormat,
};
use crate::idf_field;

/// A mapping of which all parts fit together.
#[derive(Clone, Debug)]
pub struct Mapping {
    /// What it is called: the report type of what is read with it.
    pub name: String,
    /// Who makes the feed.
    pub provider: String,
    /// The feed's name.
    pub feed: String,
    /// The marking of the feed; `None` leaves it to the source's settings.
    pub tlp: Option<Tlp>,
    pub(crate) files: Vec<String>,
    pub(crate) layout: Layout,
    /// Each column that the mapping names, with what is done with it.
    pub(crate) columns: Vec<Column>,
    /// Values that mean that there is none.
    pub(crate) empty: Vec<String>,
    pub(crate) constants: Vec<(String, Value)>,
    pub(crate) time: Time,
    pub(crate) kind: Chosen<ClassificationType>,
    pub(crate) identifier: Chosen<String>,
    pub(crate) severity: Chosen<Severity>,
    pub(crate) identity: Option<Identity>,
    pub(crate) clear_when: Option<ClearWhen>,
    /// The TOML text, to be kept with what was read by it.
    text: String,
}

/// How rows are written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Layout {
    Csv(Csv),
    JsonLines,
    Json,
}

/// A CSV file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Csv {
    pub delimiter: u8,
    pub quote: u8,
    /// The columns' names, when no line of the file says them.
    pub names: Option<Vec<String>>,
    pub skip_lines: usize,
    pub comment: Option<String>,
    pub spaces: Spaces,
    /// The rows come from a spreadsheet, which is written as CSV first.
    pub sheet: Option<SheetName>,
}

/// What spaces behind a delimiter are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Spaces {
    /// Part of the value; a quote behind them is one too.
    Kept,
    /// Nothing.
    Skipped,
}

/// Which sheet of a spreadsheet.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum SheetName {
    /// The first that people see and that has the columns.
    Any,
    /// This one.
    Named(String),
}

/// A column or a JSON key that the mapping names.
#[derive(Clone, Debug)]
pub(crate) struct Column {
    pub name: String,
    pub targets: Vec<(String, Conversion)>,
    pub keep: Keep,
}

/// What becomes of a column's text that went to no field.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Keep {
    /// It stays as `extra.<column>`.
    AsExtra,
    /// It is in the event already, or not wanted.
    No,
}

/// Where the time stands: places in [`Mapping::columns`]; none when it is that of receipt.
#[derive(Clone, Debug)]
pub(crate) struct Time {
    pub columns: Vec<usize>,
    pub format: TimeFormat,
    pub zone: TimeZone,
}

/// The same in every row, or by a column.
#[derive(Clone, Debug)]
pub(crate) enum Chosen<T> {
    Always(T),
    ByColumn {
        column: usize,
        /// By the source's word in lower case; empty: the word itself is read.
        table: HashMap<String, T>,
        default: T,
    },
}

/// A row is a clear when this column has one of these words, in lower case.
#[derive(Clone, Debug)]
pub(crate) struct ClearWhen {
    pub column: usize,
    pub equals: Vec<String>,
}

impl Mapping {
    /// Reads a mapping.
    pub fn parse(text: &str) -> Result<Self, MappingError> {
        let definition: Definition = toml::from_str(text).map_err(|error| not_toml(text, &error))?;
        let check = Check { text, columns: Vec::new(), places: HashMap::new() };
        check.mapping(definition)
    }

    /// The TOML text it was read from.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Have its rows no time of their own, but that of the receipt of their report?
    pub fn takes_time_of_receipt(&self) -> bool {
        self.time.columns.is_empty()
    }

    /// The columns that say when: no row is read without.
    pub(crate) fn needed(&self) -> impl Iterator<Item = &str> {
        self.time.columns.iter().map(|place| self.columns[*place].name.as_str())
    }

    /// The columns that name whose problem it is. Without one of them nobody could be told.
    pub(crate) fn ends(&self) -> impl Iterator<Item = &str> {
        let names_an_owner =
            |column: &&Column| column.targets.iter().any(|(field, _)| ENDS.contains(&field.as_str()));
        self.columns.iter().filter(names_an_owner).map(|column| column.name.as_str())
    }

    /// Is it for a file of this name?
    pub fn matches(&self, file_name: &str) -> bool {
        self.files.iter().any(|pattern| glob::matches(pattern, file_name))
    }
}

fn not_toml(text: &str, error: &toml::de::Error) -> MappingError {
    let message = error.message();
    let (line, problem) = match message.strip_prefix("missing field ") {
        Some(field) => (None, format!("{field} is missing: add it (docs/mappings has examples)")),
        None => (
            error.span().map(|span| line_at(text, span.start)),
            format!("{message}. Correct it and try again"),
        ),
    };
    MappingError { line, key: String::new(), problem }
}

fn line_at(text: &str, at: usize) -> usize {
    text.as_bytes()[..at.min(text.len())].iter().filter(|byte| **byte == b'\n').count() + 1
}

type Checked<T> = Result<T, MappingError>;

struct Check<'t> {
    text: &'t str,
    columns: Vec<Column>,
    places: HashMap<String, usize>,
}

impl Check<'_> {
    fn mapping(mut self, definition: Definition) -> Checked<Mapping> {
        self.name(&definition.name)?;
        let layout = self.layout(&definition)?;
        self.targets(definition.columns)?;
        let constants = self.constants(definition.constants)?;
        self.somebody_can_be_told(&constants)?;
        let time = self.time(definition.time)?;
        let kind = self.chosen(
            &["classification", "type"],
            definition.classification.kind,
            ClassificationType::Undetermined,
        )?;
        let identifier = match definition.classification.identifier {
            Some(choice) => self.chosen(&["classification", "identifier"], choice, String::new())?,
            None => Chosen::Always(String::new()),
        };
        let severity = match definition.severity {
            Some(choice) => self.chosen(&["severity"], choice, SEVERITY_UNKNOWN)?,
            None => Chosen::Always(SEVERITY_UNKNOWN),
        };
        let clear_when = definition.clear_when.map(|clear| ClearWhen {
            column: self.place(&clear.column),
            equals: clear.equals.iter().map(|word| word.trim().to_lowercase()).collect(),
        });
        let tlp = match definition.tlp {
            Some(marking) => Some(marking.parse().map_err(|problem| self.error(&["tlp"], problem))?),
            None => None,
        };
        for name in &definition.ignore {
            let place = self.place(name);
            self.columns[place].keep = Keep::No;
        }
        if self.columns.len() > COLUMNS_MAX {
            return Err(
                self.error(&["columns"], format!("more than {COLUMNS_MAX} columns: no row has as many"))
            );
        }
        Ok(Mapping {
            feed: definition.feed.unwrap_or_else(|| definition.name.clone()),
            name: definition.name,
            provider: definition.provider,
            tlp,
            files: definition.files,
            layout,
            columns: self.columns,
            empty: definition.empty,
            constants,
            time,
            kind,
            identifier,
            severity,
            identity: definition.identity.map(identity),
            clear_when,
            text: self.text.to_owned(),
        })
    }

    fn name(&self, name: &str) -> Checked<()> {
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_.".contains(c);
        if name.is_empty() || !name.chars().all(fits) {
            let problem = format!("`{name}` is no name: use lower-case letters, digits, `-`, `_` and `.`");
            return Err(self.error(&["name"], problem));
        }
        Ok(())
    }

    fn layout(&self, definition: &Definition) -> Checked<Layout> {
        if definition.sheet.is_some() && definition.format != Format::Sheet {
            let problem = "is for format = \"sheet\" only: remove it".to_owned();
            return Err(self.error(&["sheet"], problem));
        }
        if definition.format != Format::Csv {
            let only_for_csv = [
                ("delimiter", definition.delimiter.is_some()),
                ("quote", definition.quote.is_some()),
                ("header", definition.header.is_some()),
                ("names", definition.names.is_some()),
                ("skip_lines", definition.skip_lines > 0),
                ("comment", definition.comment.is_some()),
                ("skip_spaces", definition.skip_spaces),
            ];
            if let Some((key, _)) = only_for_csv.iter().find(|(_, said)| *said) {
                return Err(self.error(&[key], "is for format = \"csv\" only: remove it".to_owned()));
            }
            return Ok(match definition.format {
                Format::Jsonl => Layout::JsonLines,
                Format::Json => Layout::Json,
                Format::Csv | Format::Sheet => Layout::Csv(Csv {
                    delimiter: b',',
                    quote: b'"',
                    names: None,
                    skip_lines: 0,
                    comment: None,
                    spaces: Spaces::Kept,
                    sheet: Some(definition.sheet.clone().map_or(SheetName::Any, SheetName::Named)),
                }),
            });
        }
        let names = match (definition.header.unwrap_or(true), &definition.names) {
            (true, None) => None,
            (false, Some(names)) if !names.is_empty() => Some(names.clone()),
            (false, _) => {
                return Err(self
                    .error(&["header"], "is false, so say the columns: names = [\"…\", \"…\"]".to_owned()));
            }
            (true, Some(_)) => {
                let problem = "is for files without a header: say header = false, or remove it";
                return Err(self.error(&["names"], problem.to_owned()));
            }
        };
        let delimiter = self.byte("delimiter", definition.delimiter.unwrap_or(','))?;
        let quote = self.byte("quote", definition.quote.unwrap_or('"'))?;
        if delimiter == quote || matches!(delimiter, b'\n' | b'\r') || matches!(quote, b'\n' | b'\r') {
            let problem =
                "must differ from `quote` and be no line break: use `,`, `;`, `|` or a tab (\"\\t\")";
            return Err(self.error(&["delimiter"], problem.to_owned()));
        }
        let comment = definition.comment.clone();
        if comment.as_ref().is_some_and(String::is_empty) {
            return Err(self
                .error(&["comment"], "is empty: say what such a line starts with, or remove it".to_owned()));
        }
        let spaces = if definition.skip_spaces { Spaces::Skipped } else { Spaces::Kept };
        let skip_lines = definition.skip_lines;
        Ok(Layout::Csv(Csv { delimiter, quote, names, skip_lines, comment, spaces, sheet: None }))
    }

    fn byte(&self, key: &str, c: char) -> Checked<u8> {
        u8::try_from(c)
            .ok()
            .filter(u8::is_ascii)
            .ok_or_else(|| self.error(&[key], format!("`{c}` is no ASCII character: use one that is")))
    }

    fn targets(
        &mut self,
        columns: std::collections::BTreeMap<String, definition::OneOrMore<definition::Target>>,
    ) -> Checked<()> {
        for (name, targets) in columns {
            let mut checked = Vec::new();
            for target in targets.0 {
                self.field(&["columns", &name], &target.field)?;
                let conversion = match &target.convert {
                    Some(word) => {
                        Conversion::named(word).map_err(|problem| self.error(&["columns", &name], problem))?
                    }
                    None => Conversion::None,
                };
                checked.push((target.field, conversion));
            }
            let place = self.place(&name);
            self.columns[place].targets = checked;
        }
        Ok(())
    }

    fn constants(
        &self,
        constants: std::collections::BTreeMap<String, toml::Value>,
    ) -> Checked<Vec<(String, Value)>> {
        let mut checked = Vec::new();
        for (field, value) in constants {
            let path = ["constants", field.as_str()];
            self.field(&path, &field)?;
            let value = match value {
                toml::Value::String(text) => Value::Text(text),
                toml::Value::Integer(number) => Value::Int(number),
                toml::Value::Float(number) => Value::Float(number),
                toml::Value::Boolean(truth) => Value::Bool(truth),
                _ => {
                    return Err(
                        self.error(&path, "is no text, number or true/false: use one of these".to_owned())
                    );
                }
            };
            let value = if field.starts_with("extra.") {
                value
            } else {
                let Some(fitting) = idf_field::fit(&field, value) else {
                    return Err(
                        self.error(&path, "is not what this field takes: correct the value".to_owned())
                    );
                };
                fitting
            };
            checked.push((field, value));
        }
        Ok(checked)
    }

    /// Is it a field that a mapping may fill?
    fn field(&self, path: &[&str], field: &str) -> Checked<()> {
        let own_table = match field {
            "time.source" | "time.observation" => Some("[time]"),
            "classification.type" | "classification.identifier" | "classification.taxonomy" => {
                Some("[classification]")
            }
            "severity" => Some("severity = …"),
            "tlp" => Some("tlp = …"),
            "feed.name" => Some("feed = …"),
            "feed.provider" => Some("provider = …"),
            _ => None,
        };
        if let Some(own_table) = own_table {
            return Err(
                self.error(path, format!("goes to `{field}`, which has a place of its own: use {own_table}"))
            );
        }
        let is_extra = field.strip_prefix("extra.").is_some_and(|name| !name.is_empty());
        if is_extra || idf_field::exists(field) {
            return Ok(());
        }
        let problem = format!(
            "goes to `{field}`, which is no IDF field: use one of the reference's names (source.ip, source.fqdn, …) or extra.<name>"
        );
        Err(self.error(path, problem))
    }

    fn somebody_can_be_told(&self, constants: &[(String, Value)]) -> Checked<()> {
        let by_column =
            self.columns.iter().flat_map(|column| &column.targets).map(|(field, _)| field.as_str());
        let mut fields = by_column.chain(constants.iter().map(|(field, _)| field.as_str()));
        if fields.any(|field| ENDS.contains(&field)) {
            return Ok(());
        }
        let problem = format!(
            "no column goes to what names an owner, so nobody could be told: fill one of {}",
            ENDS.join(", ")
        );
        Err(self.error(&["columns"], problem))
    }

    fn time(&mut self, time: ConstantOr<definition::Time>) -> Checked<Time> {
        let time = match time {
            ConstantOr::Table(time) => time,
            ConstantOr::Constant(word) if word == "receipt" => {
                return Ok(Time { columns: Vec::new(), format: TimeFormat::Iso, zone: TimeZone::UTC });
            }
            ConstantOr::Constant(word) => {
                let problem = format!("`{word}` is no time: say \"receipt\", or the column in [time]");
                return Err(self.error(&["time"], problem));
            }
        };
        if time.column.0.is_empty() {
            return Err(self.error(&["time", "column"], "names no column: say which has the time".to_owned()));
        }
        let format = match &time.format {
            Some(word) => {
                TimeFormat::named(word).map_err(|problem| self.error(&["time", "format"], problem))?
            }
            None => TimeFormat::Iso,
        };
        let zone = match &time.zone {
            Some(name) => TimeZone::get(name).map_err(|_| {
                self.error(
                    &["time", "zone"],
                    format!("`{name}` is no time zone: use a name such as Europe/Amsterdam or UTC"),
                )
            })?,
            None => TimeZone::UTC,
        };
        let columns: Vec<usize> = time.column.0.iter().map(|name| self.place(name)).collect();
        for place in &columns {
            // The event has it as time.source.
            self.columns[*place].keep = Keep::No;
        }
        Ok(Time { columns, format, zone })
    }

    fn chosen<T: Word>(
        &mut self,
        path: &[&str],
        choice: ConstantOr<definition::Choice>,
        unknown: T,
    ) -> Checked<Chosen<T>> {
        let choice = match choice {
            ConstantOr::Constant(word) => {
                return T::read(&word).map(Chosen::Always).map_err(|problem| self.error(path, problem));
            }
            ConstantOr::Table(choice) => choice,
        };
        let mut table = HashMap::new();
        for (theirs, ours) in &choice.table {
            let ours =
                T::read(ours).map_err(|problem| self.error(&[path, &["table", theirs]].concat(), problem))?;
            table.insert(theirs.trim().to_lowercase(), ours);
        }
        let default = match &choice.default {
            Some(word) => {
                T::read(word).map_err(|problem| self.error(&[path, &["default"]].concat(), problem))?
            }
            None => unknown,
        };
        Ok(Chosen::ByColumn { column: self.place(&choice.column), table, default })
    }

    /// The place of a column; a new one is kept as extra.
    fn place(&mut self, name: &str) -> usize {
        if let Some(place) = self.places.get(name) {
            return *place;
        }
        let place = self.columns.len();
        self.columns.push(Column { name: name.to_owned(), targets: Vec::new(), keep: Keep::AsExtra });
        self.places.insert(name.to_owned(), place);
        place
    }

    fn error(&self, path: &[&str], problem: String) -> MappingError {
        MappingError { line: line_of(self.text, path), key: path.join("."), problem }
    }
}

/// Fields by which an owner can be found.
const ENDS: [&str; 8] = [
    "source.ip",
    "source.network",
    "source.fqdn",
    "source.reverse_dns",
    "source.url",
    "source.account",
    "source.asn",
    "source.geolocation.cc",
];

/// What a row without a known word for its severity gets: to be fixed in the normal rhythm of work.
const SEVERITY_UNKNOWN: Severity = Severity::Medium;

/// A value that has words.
pub(crate) trait Word: Clone {
    /// The value for a word, or what would be one.
    fn read(word: &str) -> Result<Self, String>;
}

impl Word for ClassificationType {
    fn read(word: &str) -> Result<Self, String> {
        word.trim()
            .to_lowercase()
            .parse()
            .map_err(|problem| format!("{problem}: use one such as vulnerable-system or infected-system"))
    }
}

impl Word for Severity {
    fn read(word: &str) -> Result<Self, String> {
        Self::from_source_word(word)
            .ok_or_else(|| format!("`{word}` is no severity: use low, medium, high or critical"))
    }
}

impl Word for String {
    fn read(word: &str) -> Result<Self, String> {
        Ok(word.trim().to_lowercase())
    }
}

impl<T: Word> Chosen<T> {
    /// The value for a row of which the column has this text.
    pub(crate) fn of<'t>(&self, text: impl FnOnce(usize) -> &'t str) -> T {
        match self {
            Self::Always(value) => value.clone(),
            Self::ByColumn { column, table, default } => {
                let word = text(*column).trim();
                let known = if table.is_empty() && !word.is_empty() {
                    T::read(word).ok()
                } else {
                    table.get(&word.to_lowercase()).cloned()
                };
                known.unwrap_or_else(|| default.clone())
            }
        }
    }
}

fn identity(identity: definition::Identity) -> Identity {
    Identity {
        target: match identity.target {
            IdentityTarget::Address => TargetIdentity::AddressElseName,
            IdentityTarget::Name => TargetIdentity::NameElseAddress,
            IdentityTarget::Url => TargetIdentity::Url,
            IdentityTarget::Account => TargetIdentity::Account,
        },
        service: match identity.service {
            Counts::Counts => ServiceIdentity::Counts,
            Counts::Ignored => ServiceIdentity::Ignored,
        },
        malware: match identity.malware {
            Counts::Counts => MalwareIdentity::Counts,
            Counts::Ignored => MalwareIdentity::Ignored,
        },
    }
}

/// The line of the deepest key of `path` that stands in the text.
fn line_of(text: &str, path: &[&str]) -> Option<usize> {
    let table = DeTable::parse(text).ok()?;
    let mut table = table.get_ref();
    let mut line = None;
    for key in path {
        let Some((found, value)) = table.iter().find(|(name, _)| name.get_ref() == key) else { break };
        line = Some(line_at(text, found.span().start));
        match value.get_ref() {
            DeValue::Table(inner) => table = inner,
            _ => break,
        }
    }
    line
}
