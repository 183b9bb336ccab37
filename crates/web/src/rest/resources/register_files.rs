//! The register as its files: out, and in again with what would change shown first. What was given out can be sent back.

use base64::{Engine, engine::general_purpose::STANDARD};
use schakel_app::{
    register_import::{Import, Leaving, Part},
    register_show::version_known_at,
};
use schakel_formats::register::{
    RegisterFile, RegisterFiles, Row,
    import::{Format, Options, Scope},
    line, write,
};
use schakel_rules::{
    register_conflict::Conflict,
    register_diff::{Changes, Counts, RegisterDiff},
    register_selection::{Only, Selected, Selection},
};
use schakel_store::register;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::claims::DryRun;
use crate::rest::{
    call::Call,
    problem::{Fault, Problem, Where},
    values::{At, Word},
};

/// Problems, conflicts and rows that are shown; the rest is counted.
const SHOWN_MAX: usize = 1_000;

/// Of which time.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ExportQuery {
    /// The register as it was known at this time; without it as it is now
    known_at: Option<At>,
}

/// The register.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RegisterExport {
    register_version: u32,
    files: Vec<ExportedFile>,
}

/// One of its files.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExportedFile {
    name: &'static str,
    text: String,
}

/// `GET /register-files`
pub fn export(call: &Call, query: ExportQuery) -> Result<RegisterExport, Problem> {
    let known_at = query.known_at.map(|at| at.0);
    let version = version_known_at(&call.reader, known_at).map_err(Problem::refused)?;
    let register = call.reader.read(|connection| register::load(connection, version))?;
    let written = write(&RegisterFiles::of(&register));
    let file = |name, bytes| {
        let text = String::from_utf8(bytes).map_err(Problem::trouble)?;
        Ok::<_, Problem>(ExportedFile { name, text })
    };
    Ok(RegisterExport {
        register_version: version.0,
        files: vec![
            file("organisations.csv", written.organisations)?,
            file("assets.csv", written.assets)?,
            file("contacts.csv", written.contacts)?,
            file("relations.csv", written.relations)?,
        ],
    })
}

/// A file: its text, or its bytes in base64.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct NewFile {
    /// Its name, such as assets.csv: it may say what the file is
    #[schemars(length(min = 1, max = 200))]
    name: String,
    text: Option<String>,
    base64: Option<String>,
}

/// The bytes of files, each with its name. `place`: where they stand in the body.
pub fn bytes_of(files: Vec<NewFile>, place: &str) -> Result<Vec<(String, Vec<u8>)>, Problem> {
    let mut faults = Vec::new();
    let mut read = Vec::with_capacity(files.len());
    for (nth, file) in files.into_iter().enumerate() {
        let mut wrong = |code, detail: &str| {
            let location = format!("{place}/{nth}");
            faults.push(Fault { r#in: Where::Body, location, code, detail: detail.to_owned() });
        };
        match (file.text, file.base64) {
            (Some(text), None) => read.push((file.name, text.into_bytes())),
            (None, Some(coded)) => match STANDARD.decode(coded) {
                Ok(bytes) => read.push((file.name, bytes)),
                Err(_) => wrong("format", "this is no base64"),
            },
            _ => wrong("required", "give either `text` or `base64`"),
        }
    }
    if faults.is_empty() { Ok(read) } else { Err(Problem::faults(faults)) }
}

/// What becomes of rows that the files do not mention.
#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum ScopeWord {
    // Without words of their own, for the schema to be a plain list.
    Whole,
    Additions,
    Organisations,
}

/// A part of an import.
#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum OnlyWord {
    New,
    Changed,
    Withdrawn,
    Organisations,
    Assets,
    Contacts,
    Relations,
}

impl From<OnlyWord> for Only {
    fn from(word: OnlyWord) -> Self {
        match word {
            OnlyWord::New => Self::New,
            OnlyWord::Changed => Self::Changed,
            OnlyWord::Withdrawn => Self::Withdrawn,
            OnlyWord::Organisations => Self::Rows(RegisterFile::Organisations),
            OnlyWord::Assets => Self::Rows(RegisterFile::Assets),
            OnlyWord::Contacts => Self::Rows(RegisterFile::Contacts),
            OnlyWord::Relations => Self::Rows(RegisterFile::Relations),
        }
    }
}

/// Files for the register.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct NewImport {
    #[schemars(length(min = 1, max = 100))]
    files: Vec<NewFile>,
    /// The format, when it is not recognised
    format: Option<Word<Format>>,
    /// Whose the rows are that name no organisation: its code or name
    #[schemars(length(max = 200))]
    organisation: Option<String>,
    /// What becomes of rows that the files do not mention: `whole` withdraws them, `additions` leaves them, `organisations` withdraws those of
    /// the organisations that are mentioned. Without it `whole` for the register's own files, else `additions`
    scope: Option<ScopeWord>,
    /// Take the good rows and leave the others out
    partial: Option<bool>,
    /// Only these parts
    #[schemars(length(max = 7))]
    only: Option<Vec<OnlyWord>>,
    /// Only what is about these organisations, by code
    #[schemars(length(max = 1000))]
    only_organisations: Option<Vec<String>>,
    /// Leave out what another organisation has proven in the same role
    without_conflicts: Option<bool>,
    /// Withdraw organisations although findings of theirs are open
    force: Option<bool>,
    /// Why, for the history
    #[schemars(length(max = 4000))]
    reason: Option<String>,
}

/// What an import changes, or would.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Imported {
    /// Nothing was kept
    dry_run: bool,
    /// Was the register changed?
    applied: bool,
    /// The newest version
    register_version: u32,
    /// The format that the files were read in
    format: Word<Format>,
    /// What is wrong with the files, or noteworthy, the first of it
    problems: Vec<String>,
    errors: u64,
    warnings: u64,
    organisations: RowCounts,
    assets: RowCounts,
    contacts: RowCounts,
    relations: RowCounts,
    /// Changes that were not asked for, or cannot be without others
    left_out: u64,
    /// Rows that claim what another has proven in the same role
    conflicts: Vec<ImportConflict>,
    /// Organisations that go although findings of theirs are open
    leaving: Vec<LeavingOrganisation>,
    /// The rows that change, as they stand in the files, the first of them
    rows: Vec<ChangedRow>,
}

/// How many rows of a kind.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RowCounts {
    added: u64,
    changed: u64,
    withdrawn: u64,
    unchanged: u64,
}

/// A row beside what it disputes.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ImportConflict {
    row: String,
    with: String,
}

/// An organisation that goes.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LeavingOrganisation {
    organisation: String,
    /// Assignments that wait to be told
    waiting: u64,
    /// Assignments that were told
    told: u64,
}

/// A row that changes.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChangedRow {
    /// `new`, `changed` or `withdrawn`
    change: &'static str,
    file: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<String>,
}

/// Why it was not applied.
enum Refused {
    /// The files have errors.
    Errors(u64, Vec<String>),
    /// Organisations would go with findings open.
    Leaving(Vec<Leaving>),
    /// The register changed while the files were read.
    Changed,
}

/// `POST /register-imports`
pub fn import(call: &Call, query: DryRun, new: NewImport) -> Result<Imported, Problem> {
    let dry_run = query.dry_run();
    let options = Options {
        format: new.format.map(|format| format.0),
        organisation: new.organisation,
        scope: new.scope.map(|scope| match scope {
            ScopeWord::Whole => Scope::Whole,
            ScopeWord::Additions => Scope::Additions,
            ScopeWord::Organisations => Scope::Organisations,
        }),
    };
    let part = Part {
        selection: Selection {
            only: new.only.unwrap_or_default().into_iter().map(Only::from).collect(),
            organisations: new.only_organisations.unwrap_or_default(),
        },
        without_conflicts: new.without_conflicts.unwrap_or(false),
    };
    let (partial, force) = (new.partial.unwrap_or(false), new.force.unwrap_or(false));
    let files = bytes_of(new.files, "/files")?;
    // Reading takes longest, and needs no turn.
    let before = call.reader.read(|connection| register::load(connection, register::version(connection)?))?;
    let import = Import::read_named(&files, &options, before).map_err(Problem::refused)?;
    drop(files);
    let reason = new.reason.filter(|reason| !reason.trim().is_empty()).unwrap_or_else(|| "import".to_owned());
    let done = call.change(&reason, move |at_work, act| {
        let store = at_work.intake.store();
        if store.read(register::version)? != import.standing.version {
            return Ok(Err(Refused::Changed));
        }
        let reading = &import.reading;
        if reading.errors > 0 && !partial && !dry_run {
            let problems = reading.problems.iter().take(SHOWN_MAX).map(ToString::to_string).collect();
            return Ok(Err(Refused::Errors(reading.errors, problems)));
        }
        let diff = import.diff();
        let conflicts = import.conflicts(&diff);
        let selected = import.part(diff, &part, &conflicts);
        let leaving = import.leaving(store, &selected.diff)?;
        if !leaving.is_empty() && !force && !dry_run {
            return Ok(Err(Refused::Leaving(leaving)));
        }
        let applied = if dry_run { None } else { import.apply(store, &selected.diff, act)? };
        let register_version = store.read(register::version)?.0;
        Ok(Ok(Imported {
            dry_run,
            applied: applied.is_some(),
            register_version,
            ..shown(&import, &selected, &conflicts, leaving)
        }))
    })?;
    done.map_err(|refused| match refused {
        Refused::Changed => Problem::conflict("The register changed meanwhile. Nothing was done: ask again."),
        Refused::Errors(errors, problems) => {
            let detail = format!("{errors} errors: nothing was changed. Mend them, or use `partial` to take the good rows.");
            let fault = |problem| Fault {
                r#in: Where::Body,
                location: "/files".to_owned(),
                code: "row",
                detail: problem,
            };
            Problem::unusable(detail, problems.into_iter().map(fault).collect())
        }
        Refused::Leaving(leaving) => {
            let codes: Vec<&str> = leaving.iter().map(|one| one.code.as_str()).take(SHOWN_MAX).collect();
            let detail = format!(
                "Organisations would go with findings open: {}. Nothing was changed; `force` withdraws them all the same.",
                codes.join(", ")
            );
            Problem::unusable(detail, Vec::new())
        }
    })
}

/// What an import comes to, before it is said whether it was kept.
fn shown(
    import: &Import,
    selected: &Selected<'_>,
    conflicts: &[Conflict<'_>],
    leaving: Vec<Leaving>,
) -> Imported {
    let RegisterDiff { organisations, assets, contacts, relations } = &selected.diff;
    let conflict = |one: &Conflict<'_>| ImportConflict { row: line(one.row), with: line(one.with) };
    let mut rows = Vec::new();
    list(&mut rows, "organisations.csv", organisations);
    list(&mut rows, "assets.csv", assets);
    list(&mut rows, "contacts.csv", contacts);
    list(&mut rows, "relations.csv", relations);
    let reading = &import.reading;
    Imported {
        dry_run: true,
        applied: false,
        register_version: import.standing.version.0,
        format: Word(import.format),
        problems: reading.problems.iter().take(SHOWN_MAX).map(ToString::to_string).collect(),
        errors: reading.errors,
        warnings: reading.warnings,
        organisations: counts(organisations),
        assets: counts(assets),
        contacts: counts(contacts),
        relations: counts(relations),
        left_out: selected.left_out + selected.without_organisation,
        conflicts: conflicts.iter().take(SHOWN_MAX).map(conflict).collect(),
        leaving: leaving
            .into_iter()
            .map(|one| LeavingOrganisation {
                organisation: one.code,
                waiting: one.concerned.waiting,
                told: one.concerned.told,
            })
            .collect(),
        rows,
    }
}

fn counts<T>(changes: &Changes<'_, T>) -> RowCounts {
    let Counts { added, changed, withdrawn, unchanged } = changes.counts();
    RowCounts { added, changed, withdrawn, unchanged }
}

fn list<T: Row>(rows: &mut Vec<ChangedRow>, file: &'static str, changes: &Changes<'_, T>) {
    let row = |change, before: Option<&T>, after: Option<&T>| ChangedRow {
        change,
        file,
        before: before.map(line),
        after: after.map(line),
    };
    let added = changes.added.iter().map(|one| row("new", None, Some(one)));
    let changed = changes.changed.iter().map(|one| row("changed", Some(one.before), Some(one.after)));
    let withdrawn = changes.withdrawn.iter().map(|one| row("withdrawn", Some(one), None));
    let room = SHOWN_MAX.saturating_sub(rows.len());
    rows.extend(added.chain(changed).chain(withdrawn).take(room));
}
