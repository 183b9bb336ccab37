//! A spreadsheet that somebody keeps: XLSX, ODS or CSV, with a header somewhere in it and a row for each thing they own
//! or person they have. [`super::columns`] says what columns may be called.
//!
//! - The header is the row, of the first [`HEADER_ROWS_MAX`], with most columns that we know. Sheets without one are
//!   left alone, with a warning. What stands in a column that we do not know is not read, with a warning.
//! - A cell may hold several values, separated by a comma, a semicolon or a line end; addresses may be a range `a - b`.
//! - What stands in merged cells holds for all the rows that they span.
//! - Formulas count by the result that the file has for them.
//! - Dates are cells of a date, `2026-01-31`, or `31-1-2026` as the Dutch write them.
//! - A row names its organisation by code or name; else it is about the one that the user says.

use std::{collections::HashMap, sync::Arc};

use foldhash::fast::FixedState;
use schakel_model::register::ContactRole;

use super::{
    super::{ProblemKind, RegisterFile},
    Source,
    columns::{Field, asset_role, contact_roles},
    csv_sheet::read_csv,
    draft::{AssetText, Cells, ContactText, Draft, OrganisationText, Spot, Table},
    names::{Names, kind_by_name},
    written::{date, day_after, language, mails, normal, phone, split},
};
use crate::sheets::{Cell, Sheet, SheetRow, read_workbook};

/// The header is looked for in this many rows; a title and an explanation may stand above it.
const HEADER_ROWS_MAX: usize = 50;

pub(super) fn recognises(source: &Source<'_>) -> bool {
    is_workbook(source) || source.has_ending(&["csv", "tsv", "txt"])
}

/// A zip that is called a spreadsheet, or an old one, which is then refused with a reason.
fn is_workbook(source: &Source<'_>) -> bool {
    source.has_ending(&["xlsx", "xlsm", "ods", "xls", "xlsb", "numbers"])
}

pub(super) fn draft(
    sources: &[Source<'_>],
    default: Option<&Arc<str>>,
    names: &mut Names,
    draft: &mut Draft,
) {
    for source in sources {
        let sheets = if is_workbook(source) || source.bytes.starts_with(b"PK\x03\x04") {
            // The register has all times in UTC.
            read_workbook(source.bytes)
                .map(|sheets| sheets.into_iter().map(Sheet::in_utc).collect::<Vec<_>>())
        } else {
            let (sheet, refused) = read_csv(source.bytes);
            if let Some(message) = refused {
                file_problem(draft, source, ProblemKind::TooLarge, || message);
            }
            Ok(vec![sheet])
        };
        match sheets {
            Ok(sheets) => read_sheets(source, sheets, default, names, draft),
            Err(message) => file_problem(draft, source, ProblemKind::BadValue, || message),
        }
    }
}

fn file_problem(draft: &mut Draft, source: &Source<'_>, kind: ProblemKind, message: impl FnOnce() -> String) {
    let table = draft.table(Table::Lines(source.name.to_owned()));
    let spot = Spot { table, row: 0, cells: None };
    draft.problem(&spot, (RegisterFile::Assets, ""), "", kind, message);
}

fn read_sheets(
    source: &Source<'_>,
    sheets: Vec<Sheet>,
    default: Option<&Arc<str>>,
    names: &mut Names,
    draft: &mut Draft,
) {
    let mut without = Vec::new();
    let mut found = Vec::new();
    let mut any = false;
    for sheet in &sheets {
        match Header::find(sheet) {
            Some(header) => {
                any = true;
                let reader = SheetReader::new(source, sheet, header, default, names, draft);
                reader.read(sheet);
            }
            None if sheet.rows.is_empty() => {}
            None => {
                without.push(sheet.name.clone());
                found.extend(fullest_row(sheet));
            }
        }
    }
    if !any {
        file_problem(draft, source, ProblemKind::MissingColumn, || {
            let found: Vec<_> = found.iter().take(20).map(|text| format!("`{text}`")).collect();
            format!(
                "there is no row with names of columns that are understood. Found: {}. Understood are: {}",
                if found.is_empty() { "nothing".to_owned() } else { found.join(", ") },
                Field::SHOWN.join("; ")
            )
        });
    } else if !without.is_empty() {
        file_problem(draft, source, ProblemKind::NotTaken, || {
            format!("no row with names of columns that are understood in: {}; not read", without.join(", "))
        });
    }
}

/// What stands in the row that most looks like a header.
fn fullest_row(sheet: &Sheet) -> Vec<String> {
    let rows = sheet.rows.iter().take(HEADER_ROWS_MAX);
    let fullest = rows.max_by_key(|row| (row.cells.len(), std::cmp::Reverse(row.number)));
    let texts = fullest.into_iter().flat_map(|row| &row.cells).filter_map(|(_, cell)| match cell {
        Cell::Text(text) => Some(text.trim().chars().take(40).collect()),
        Cell::Moment(_) | Cell::Broken(..) => None,
    });
    texts.collect()
}

/// The header of a sheet.
struct Header {
    /// Its place among the rows.
    at: usize,
    /// Column → what it says.
    fields: Vec<(u32, Field)>,
    /// Columns that we do not know, with their names.
    unknown: Vec<(u32, String)>,
}

impl Header {
    fn find(sheet: &Sheet) -> Option<Self> {
        let candidates = sheet.rows.iter().take(HEADER_ROWS_MAX).enumerate();
        let headers = candidates.filter_map(|(at, row)| Self::of(at, row));
        // Of equals the first.
        headers.reduce(|best, header| if header.fields.len() > best.fields.len() { header } else { best })
    }

    /// A row that names something to own or somebody to reach.
    fn of(at: usize, row: &SheetRow) -> Option<Self> {
        let mut fields: Vec<(u32, Field)> = Vec::new();
        let mut unknown = Vec::new();
        for (column, cell) in &row.cells {
            let Cell::Text(text) = cell else { continue };
            match Field::find(text) {
                Some(field) => fields.push((*column, field)),
                None => unknown.push((*column, text.trim().to_owned())),
            }
        }
        let useful = fields.iter().any(|(_, field)| {
            use Field::{
                Asn, ContactName, Domain, Email, FirstAddress, Hostname, LastName, MailDomain, Network,
                Organisation, Phone, Product, RipeHandle, Url, Value,
            };
            matches!(
                field,
                Asn | ContactName
                    | Domain
                    | Email
                    | FirstAddress
                    | Hostname
                    | LastName
                    | MailDomain
                    | Network
                    | Organisation
                    | Phone
                    | Product
                    | RipeHandle
                    | Url
                    | Value
            )
        });
        // In a list of organisations the name is theirs.
        let has = |field| fields.iter().any(|(_, known)| *known == field);
        if has(Field::Code) && ![Field::Organisation, Field::Email, Field::Phone].into_iter().any(has) {
            fields
                .iter_mut()
                .filter(|(_, field)| *field == Field::ContactName)
                .for_each(|(_, field)| *field = Field::Organisation);
        }
        // One word that happens to be the name of a column is no header, unless it stands alone.
        (useful && (fields.len() > 1 || unknown.is_empty())).then_some(Self { at, fields, unknown })
    }
}

/// A sheet on its way into the draft.
struct SheetReader<'d, 's> {
    header: Header,
    table: usize,
    is_csv: bool,
    default: Option<&'s Arc<str>>,
    names: &'d mut Names,
    draft: &'d mut Draft,
    /// By column of the sheet and the column of the register that it fills: where problems with what comes of it are shown.
    cells: HashMap<(u32, &'static str), Cells, FixedState>,
}

/// The values of one row.
struct RowValues<'r> {
    number: u64,
    values: Vec<(Field, u32, &'r str)>,
}

impl RowValues<'_> {
    fn first(&self, field: Field) -> &str {
        self.values.iter().find(|(known, ..)| *known == field).map_or("", |(.., text)| text)
    }

    /// The column of the first value of a field.
    fn column(&self, field: Field) -> Option<u32> {
        self.values.iter().find(|(known, ..)| *known == field).map(|(_, column, _)| *column)
    }

    fn has(&self, fields: &[Field]) -> bool {
        self.values.iter().any(|(field, ..)| fields.contains(field))
    }
}

/// Columns whose values are assets, with the kind.
const ASSETS: [(Field, &str); 9] = [
    (Field::Network, "prefix"),
    (Field::Domain, "domain"),
    (Field::Hostname, "hostname"),
    (Field::Url, "url"),
    (Field::MailDomain, "mail_domain"),
    (Field::Asn, "asn"),
    (Field::RipeHandle, "ripe_handle"),
    (Field::Product, "product"),
    (Field::Value, ""),
];

/// Columns of the register that are filled by one column of the sheet, whatever else a row has.
const PLACES: [(&str, Field); 15] = [
    ("valid_from", Field::From),
    ("valid_until", Field::Until),
    ("valid_until", Field::Through),
    ("organisation", Field::Code),
    ("organisation", Field::Organisation),
    ("kind", Field::Kind),
    ("role", Field::Role),
    ("note", Field::Note),
    ("proof", Field::Proof),
    ("flags", Field::Flags),
    ("language", Field::Language),
    ("tlp_max", Field::TlpMax),
    ("order", Field::Order),
    ("name", Field::ContactName),
    ("phone", Field::Phone),
];

const CONTACT: [Field; 4] = [Field::ContactName, Field::LastName, Field::Email, Field::Phone];

impl<'d, 's> SheetReader<'d, 's> {
    fn new(
        source: &Source<'_>,
        sheet: &Sheet,
        header: Header,
        default: Option<&'s Arc<str>>,
        names: &'d mut Names,
        draft: &'d mut Draft,
    ) -> Self {
        let is_csv = sheet.name.is_empty();
        let table = draft.table(match is_csv {
            true => Table::Lines(source.name.to_owned()),
            false => Table::Sheet(format!("{} {}", source.name, sheet.name)),
        });
        Self { header, table, is_csv, default, names, draft, cells: HashMap::default() }
    }

    fn read(mut self, sheet: &Sheet) {
        let header_row = u64::from(sheet.rows[self.header.at].number);
        for (column, name) in std::mem::take(&mut self.header.unknown) {
            let spot = self.spot_at(header_row, column);
            self.draft.problem(&spot, (RegisterFile::Assets, ""), &name, ProblemKind::UnknownColumn, || {
                format!("the column `{name}` is not known; it is not read")
            });
        }
        for row in &sheet.rows[self.header.at + 1..] {
            self.read_row(row);
        }
    }

    fn read_row(&mut self, row: &SheetRow) {
        let number = u64::from(row.number);
        let mut values = Vec::new();
        let mut whole = true;
        for (column, cell) in &row.cells {
            let Some((_, field)) = self.header.fields.iter().find(|(known, _)| known == column) else {
                continue;
            };
            match cell {
                Cell::Text(text) if text.trim().is_empty() => {}
                Cell::Text(text) | Cell::Moment(text) => values.push((*field, *column, text.trim())),
                Cell::Broken(kind, why) => {
                    whole = false;
                    let spot = self.spot_at(number, *column);
                    self.draft.problem(&spot, (RegisterFile::Assets, ""), "", *kind, || why.clone());
                }
            }
        }
        // A header that is said again, as in a printed list, is no row.
        let is_header =
            values.len() > 1 && values.iter().all(|(field, _, text)| Field::find(text) == Some(*field));
        let row = RowValues { number, values };
        if whole && !row.values.is_empty() && !is_header {
            self.take(&row);
        }
    }

    fn take(&mut self, row: &RowValues<'_>) {
        let assets = ASSETS.iter().any(|(field, _)| row.has(&[*field])) || row.has(&[Field::FirstAddress]);
        let contact = row.has(&CONTACT);
        let Some(organisation) = self.organisation(row, assets || contact) else { return };
        if assets {
            self.take_assets(row, &organisation, contact);
        }
        if contact {
            self.take_contact(row, &organisation, assets);
        }
    }

    /// The code of the organisation that a row is about. A row with a code and a name may be a new one.
    fn organisation(&mut self, row: &RowValues<'_>, is_needed: bool) -> Option<Arc<str>> {
        let (code, name) = (row.first(Field::Code), row.first(Field::Organisation));
        let is_new = !self.names.has_code(code) && self.names.find(name).is_err();
        if !code.is_empty() && !name.is_empty() && is_new {
            let spot = self.spot(row, row.column(Field::Code), "id");
            let kind = row.first(Field::Kind);
            let kind = if kind.is_empty() || is_needed { kind_by_name(name).as_str() } else { kind };
            self.names.add(code, name);
            self.draft.organisations.push((
                spot,
                OrganisationText {
                    code: code.to_owned(),
                    name: name.to_owned(),
                    kind: kind.to_owned(),
                    ..OrganisationText::default()
                },
            ));
        }
        let (field, text) = match (code, name) {
            ("", "") => {
                if let Some(default) = self.default {
                    return Some(Arc::clone(default));
                }
                if is_needed {
                    let spot = Spot { table: self.table, row: row.number, cells: None };
                    self.draft.problem(&spot, (RegisterFile::Assets, "organisation"), "", ProblemKind::Empty, || {
                        "the row names no organisation; add a column with its code or name, or say --organisation CODE"
                            .to_owned()
                    });
                }
                return None;
            }
            (code, "") => (Field::Code, code),
            (code, _) if self.names.has_code(code) => (Field::Code, code),
            (_, name) => (Field::Organisation, name),
        };
        match self.names.find(text) {
            Ok(code) => Some(code),
            Err(message) => {
                let spot = self.spot(row, row.column(field), "organisation");
                self.draft.problem(
                    &spot,
                    (RegisterFile::Assets, "organisation"),
                    text,
                    ProblemKind::UnknownOrganisation,
                    || message,
                );
                None
            }
        }
    }

    fn take_assets(&mut self, row: &RowValues<'_>, organisation: &Arc<str>, has_contact: bool) {
        let (valid_from, valid_until) = period(row);
        // Of a row with a person in it, the role is that of the person.
        let role = if has_contact { "" } else { asset_role(row.first(Field::Role)) };
        let mut values: Vec<(u32, &str, String)> = Vec::new();
        for (field, column, text) in &row.values {
            let Some((_, kind)) = ASSETS.iter().find(|(known, _)| known == field) else { continue };
            let kind = match field {
                Field::Value => row.first(Field::Kind),
                _ => kind,
            };
            let parts = match *field {
                Field::Value | Field::Product if kind == "product" || kind == "url" => {
                    split(text, &[';', '\n'])
                }
                _ => split(text, &[',', ';', '\n']),
            };
            for part in parts {
                let (kind, value) = normal(kind, part);
                values.push((*column, kind, value));
            }
        }
        let (first, last) = (row.first(Field::FirstAddress), row.first(Field::LastAddress));
        if let Some(column) = row.column(Field::FirstAddress) {
            let range = if last.is_empty() { first.to_owned() } else { format!("{first}-{last}") };
            values.push((column, "prefix", range));
        }
        for (column, kind, value) in values {
            let spot = self.spot(row, Some(column), "value");
            self.draft.assets.push((
                spot,
                AssetText {
                    organisation: organisation.to_string(),
                    kind: kind.to_owned(),
                    value,
                    role: role.to_owned(),
                    valid_from: valid_from.clone(),
                    valid_until: valid_until.clone(),
                    proof: row.first(Field::Proof).to_owned(),
                    flags: row.first(Field::Flags).to_owned(),
                    note: row.first(Field::Note).to_owned(),
                },
            ));
        }
    }

    fn take_contact(&mut self, row: &RowValues<'_>, organisation: &Arc<str>, has_assets: bool) {
        let role = row.first(Field::Role);
        let roles = match contact_roles(role) {
            Ok(roles) if roles.is_empty() => {
                // Whom a list of addresses names beside them is who gets what is found there.
                vec![if has_assets { ContactRole::Findings } else { ContactRole::Acib }]
            }
            Ok(roles) => roles,
            Err(word) => {
                let spot = self.spot(row, row.column(Field::Role), "role");
                self.draft.problem(
                    &spot,
                    (RegisterFile::Contacts, "role"),
                    role,
                    ProblemKind::UnknownWord,
                    || {
                        let known: Vec<_> = ContactRole::ALL.iter().map(|role| role.as_str()).collect();
                        format!("`{word}` is no role of a contact: use {}", known.join(", "))
                    },
                );
                return;
            }
        };
        let mails = mails(row.first(Field::Email));
        let (valid_from, valid_until) = if has_assets { Default::default() } else { period(row) };
        for role in roles {
            for email in &mails {
                let spot = self.spot(row, row.column(Field::Email), "email");
                self.draft.contacts.push((
                    spot,
                    ContactText {
                        organisation: organisation.to_string(),
                        role: role.as_str().to_owned(),
                        name: contact_name(row),
                        email: email.clone(),
                        phone: phone(row.first(Field::Phone)),
                        language: language(row.first(Field::Language)).to_owned(),
                        tlp_max: row.first(Field::TlpMax).trim_start_matches("TLP:").to_owned(),
                        order: row.first(Field::Order).to_owned(),
                        valid_from: valid_from.clone(),
                        valid_until: valid_until.clone(),
                    },
                ));
            }
        }
    }

    /// A cell of a row as a place, for problems without a column of the register.
    fn spot_at(&self, row: u64, column: u32) -> Spot {
        let cells = (!self.is_csv).then(|| Arc::from([("", column)]));
        Spot { table: self.table, row, cells }
    }

    /// The place of what fills a column of the register from a column of the sheet, and of the others of the row.
    fn spot(&mut self, row: &RowValues<'_>, column: Option<u32>, fills: &'static str) -> Spot {
        let Some(column) = column.filter(|_| !self.is_csv) else {
            return Spot { table: self.table, row: row.number, cells: None };
        };
        let fields = &self.header.fields;
        let cells = self.cells.entry((column, fills)).or_insert_with(|| {
            let at = |field| fields.iter().find(|(_, known)| *known == field).map(|(column, _)| *column);
            let others = PLACES.into_iter().filter_map(|(name, field)| Some((name, at(field)?)));
            [(fills, column), ("", column)].into_iter().chain(others).collect()
        });
        Spot { table: self.table, row: row.number, cells: Some(Arc::clone(cells)) }
    }
}

fn contact_name(row: &RowValues<'_>) -> String {
    let name = row.first(Field::ContactName);
    let parts = match name {
        "" => [Field::FirstName, Field::Infix, Field::LastName].map(|field| row.first(field)),
        name => [name, "", ""],
    };
    // A line end in a cell is a space in a name.
    parts.into_iter().flat_map(str::split_whitespace).collect::<Vec<_>>().join(" ")
}

/// From and until of a row; a last day becomes the day after.
fn period(row: &RowValues<'_>) -> (String, String) {
    let until = match (row.first(Field::Until), row.first(Field::Through)) {
        ("", through) => day_after(&date(through)),
        (until, _) => date(until),
    };
    (date(row.first(Field::From)), until)
}
