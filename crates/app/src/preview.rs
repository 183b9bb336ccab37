//! What taking a report in would do, found out without doing it: read, attributed and decided beside the one writer, with a table of its own.
//! The writer is asked only which findings it knows.

use std::{collections::BTreeMap, sync::Arc};

use schakel_model::{
    event::Event,
    fate::{Fate, Sums},
    finding::KeyMaker,
    ids::{OrganisationId, ReportId},
    tlp::{Terms, Tlp},
};
use schakel_parse::Plan;
use schakel_rules::recipients::recipients;
use schakel_store::{Reader, register, reports};
use serde::Serialize;

use crate::{
    arrivals::is_store_trouble,
    incoming::{Incoming, Origin},
    intake::open_report::{Kept, Known, OpenReport},
    parse_files::{RejectLine, reject_line},
    pipeline::{
        decide::{KnownKeys, State},
        digest::{Digest, Digester, Row, Shared, Verdict},
        interner::Interner,
        key_table::StoredKey,
        read::{ChunkReader, Cut},
        state::{self, RegisterView},
    },
    reading::{Opened, Reading, Received, cannot_read},
    requests::{Asking, NotDone},
};

/// Events and rejects that are shown: enough to see what it is.
pub const SHOWN_MAX: usize = 10;

/// Rows that are looked at for a page or an answer somebody waits for: less than a second.
pub const PAGE_ROWS_MAX: u64 = 100_000;

/// Rows whose findings are asked for together: the writer finds them in some 20 ms.
const ROWS_AT_ONCE: usize = 100_000;

/// What taking a report in would do.
#[derive(Debug, Default)]
pub struct Preview {
    /// The sums of the report it would be.
    pub sums: Sums,
    /// There are more rows than were looked at.
    pub more: bool,
    /// Findings that would be new.
    pub new_findings: u64,
    /// Findings that would be seen again.
    pub findings_seen: u64,
    /// These bytes came in before.
    pub known: bool,
    /// Whom its findings concern, with how many assignments of each fate.
    pub concerned: Vec<Concerned>,
    /// The first events.
    pub events: Vec<Shown>,
    /// The first rows that could not be read.
    pub rejects: Vec<RejectLine>,
    /// What could not be read, in sentences.
    pub failures: Vec<String>,
}

/// An event, and whose it would be.
#[derive(Debug)]
pub struct Shown {
    /// The event.
    pub event: Event,
    /// Codes and names.
    pub owners: Vec<(String, String)>,
}

/// An organisation that a report concerns.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Concerned {
    /// Its code in the register.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Assignments that would be told.
    pub told: u64,
    /// Other new assignments: nobody may be told, or they would be held.
    pub not_told: u64,
    /// The mail addresses that would be written to.
    pub recipients: Vec<String>,
}

/// Who knows the register in force, and which findings there are.
pub trait Knows {
    /// The register in force.
    fn view(&mut self) -> anyhow::Result<Arc<RegisterView>>;
    /// What is known of the findings with these keys.
    fn known(&mut self, keys: Vec<StoredKey>) -> anyhow::Result<KnownKeys>;
}

/// The one writer of the service, asked between two reports.
impl Knows for Asking {
    fn view(&mut self) -> anyhow::Result<Arc<RegisterView>> {
        Ok(self.carry_out(|at_work| at_work.intake.view())?)
    }

    fn known(&mut self, keys: Vec<StoredKey>) -> anyhow::Result<KnownKeys> {
        Ok(self.carry_out(move |at_work| at_work.intake.known_keys(&keys))?)
    }
}

/// The store as it is, read by a command beside the service.
pub struct AsStored {
    view: Arc<RegisterView>,
    state: State,
    shared: Shared,
}

impl AsStored {
    /// Reads the register and the table of findings.
    pub fn read(reader: &Reader) -> anyhow::Result<Self> {
        let version = reader.read(register::version)?;
        let state = state::decision_state(reader)?;
        // After the table: the sets it names are there.
        Ok(Self { view: state::register_view(reader, version)?, state, shared: state::shared(reader)? })
    }
}

impl Knows for AsStored {
    fn view(&mut self) -> anyhow::Result<Arc<RegisterView>> {
        Ok(Arc::clone(&self.view))
    }

    fn known(&mut self, keys: Vec<StoredKey>) -> anyhow::Result<KnownKeys> {
        Ok(self.state.known(&keys, &self.shared))
    }
}

/// What taking it in at `now` (seconds since 1970) would do, by its first `rows_max` rows. Fails only when the store or the writer cannot
/// be asked: what is wrong with the report stands in the preview.
pub fn preview(
    incoming: Incoming,
    reading: &Reading,
    reader: &Reader,
    knows: &mut dyn Knows,
    now: i64,
    rows_max: u64,
) -> anyhow::Result<Preview> {
    let mut trial = Trial {
        view: knows.view()?,
        knows,
        shared: Shared { kinds: Interner::new(Vec::new()), sets: Interner::new(vec![Vec::new()]) },
        digester: Digester::new(KeyMaker::new(reader.secret()))?,
        state: State::default(),
        now,
        rows_max,
        rows_read: 0,
        by_organisation: BTreeMap::new(),
        tlp: None,
        preview: Preview::default(),
    };
    trial.state.begin_report();
    match trial.read(incoming, reading, reader) {
        Ok(()) => {}
        Err(error) if is_store_trouble(&error) || error.is::<NotDone>() => return Err(error),
        Err(error) => trial.preview.failures.push(format!("{error:#}")),
    }
    Ok(trial.end())
}

/// A report that is tried.
struct Trial<'a> {
    knows: &'a mut dyn Knows,
    view: Arc<RegisterView>,
    shared: Shared,
    digester: Digester,
    state: State,
    now: i64,
    rows_max: u64,
    rows_read: u64,
    /// New assignments that would be told, and others.
    by_organisation: BTreeMap<OrganisationId, (u64, u64)>,
    tlp: Option<Tlp>,
    preview: Preview,
}

impl Trial<'_> {
    fn read(&mut self, mut incoming: Incoming, reading: &Reading, reader: &Reader) -> anyhow::Result<()> {
        reading.unseal(&mut incoming, jiff::Timestamp::from_second(self.now)?)?;
        let mut file = OpenReport::open(incoming, reading)?;
        let Origin { tlp: source_tlp, untold, received_at, .. } = file.incoming.origin;
        if is_known(reader, &mut file)? {
            self.preview.known = true;
            return Ok(());
        }
        let received =
            Received { at: received_at.unwrap_or(self.now), source_tlp, secret: Some(reader.secret()) };
        let (kept, name) = (file.kept, file.name().to_owned());
        let mut content = file.incoming.content()?;
        if kept == Kept::AsRows {
            let broken = self.member(&name, reading.open(&name, &mut content, received)?, !untold)?;
            self.preview.failures.extend(broken);
            return Ok(());
        }
        let unread = reading.each_report((&name, &name), &mut content, received, &mut |path, opened| {
            self.member(path, opened, !untold)
        })?;
        self.preview.failures.extend(unread.failures);
        Ok(())
    }

    /// Gives what broke off.
    fn member(&mut self, path: &str, opened: Opened<'_>, may_notify: bool) -> anyhow::Result<Option<String>> {
        let Opened { plan, head, mut input, terms: Terms { tlp, .. } } = opened;
        let (plan, terms) = (Arc::new(plan), Terms { tlp, may_notify });
        self.tlp = self.tlp.max(Some(tlp));
        // What is decided depends on the marking.
        self.state.forget_transitions();
        let mut reader = ChunkReader::start(&mut *input, head, &plan);
        let (mut spare, mut row, mut group) = (Vec::new(), 1, Group::default());
        while let Some(cut) = reader.next(std::mem::take(&mut spare)) {
            if self.rows_read >= self.rows_max {
                self.preview.more = true;
                break;
            }
            let snapshot = &self.view.snapshot;
            let digest = self.digester.digest(&plan, snapshot, &self.shared, &cut.bytes, &cut.records);
            self.show(&plan, path, &cut, &digest, row);
            row += digest.rows.len() as u64;
            self.rows_read += digest.rows.len() as u64;
            group.rows += digest.rows.len();
            group.digests.push(digest);
            if group.rows >= ROWS_AT_ONCE {
                self.decide(std::mem::take(&mut group), terms)?;
            }
            spare = cut.bytes;
        }
        self.decide(group, terms)?;
        let (_, _, broken) = reader.finish();
        Ok(broken.map(|error| cannot_read(path, &error)))
    }

    /// Keeps the first events and rejects. `first_row`: the number of the first row in its file.
    fn show(&mut self, plan: &Plan, path: &str, cut: &Cut, digest: &Digest, first_row: u64) {
        for (at, row) in digest.rows.iter().enumerate() {
            let Preview { events, rejects, .. } = &self.preview;
            let wanted = match row.verdict {
                Verdict::Rejected(_) => rejects.len() < SHOWN_MAX,
                Verdict::Event | Verdict::Clear => events.len() < SHOWN_MAX,
            };
            if !wanted {
                continue;
            }
            let record = cut.records.get(&cut.bytes, at);
            match plan.event(record) {
                Ok(event) => {
                    let shown = Shown { event, owners: self.owners(row) };
                    self.preview.events.push(shown);
                }
                Err(reject) => {
                    let line = reject_line(plan, record, path, first_row + at as u64, reject);
                    self.preview.rejects.push(line);
                }
            }
        }
    }

    fn owners(&self, row: &Row) -> Vec<(String, String)> {
        let mut organisations: Vec<OrganisationId> =
            self.shared.sets.value(row.set).iter().map(|assignee| assignee.organisation).collect();
        organisations.dedup();
        organisations.into_iter().map(|organisation| self.names(organisation)).collect()
    }

    fn names(&self, organisation: OrganisationId) -> (String, String) {
        let found = self.view.register.organisation(organisation);
        found.map_or_else(Default::default, |one| (one.code.clone(), one.name.clone()))
    }

    /// Decides some chunks, as the data plane would.
    fn decide(&mut self, group: Group, terms: Terms) -> anyhow::Result<()> {
        self.learn(&group)?;
        let (view, now) = (Arc::clone(&self.view), self.now);
        let fate_of = |assignee, all: &[_]| view.fate_of(assignee, all, terms, now);
        for digest in &group.digests {
            // Only how many there are is asked, and not where they stand.
            let decision = self.state.decide(digest, &self.shared, ReportId(0), 1, &fate_of);
            self.preview.sums.add(&decision.sums);
            self.preview.new_findings += decision.findings.len() as u64;
            for block in &decision.blocks {
                let Some(assignee) = block.assignee else { continue };
                let (told, not_told) = self.by_organisation.entry(assignee.organisation).or_default();
                *if block.fate == Fate::Queued { told } else { not_told } += block.findings.len() as u64;
            }
        }
        Ok(())
    }

    /// Takes over what the writer knows of the findings of these rows.
    fn learn(&mut self, group: &Group) -> anyhow::Result<()> {
        let table = &mut self.state.table;
        let rows = group.digests.iter().flat_map(|digest| &digest.rows);
        let of_findings = rows.filter(|row| row.verdict == Verdict::Event).map(|row| row.key);
        let mut keys: Vec<StoredKey> = of_findings.filter(|key| table.get(key).is_none()).collect();
        keys.sort_unstable();
        keys.dedup();
        if keys.is_empty() {
            return Ok(());
        }
        let KnownKeys { before, told } = self.knows.known(keys.clone())?;
        for (key, before) in keys.into_iter().zip(before) {
            let Some((set, severity)) = before else { continue };
            // The writer's numbers of sets are not ours.
            let set = told.get(&set).map_or(0, |set| self.shared.sets.number(set));
            table.insert(key, set, severity);
            self.preview.findings_seen += 1;
        }
        Ok(())
    }

    fn end(self) -> Preview {
        let tlp = self.tlp.unwrap_or(Tlp::Red);
        let concerned = self.by_organisation.iter().map(|(organisation, (told, not_told))| {
            let (code, name) = self.names(*organisation);
            let mut recipients_of = Vec::new();
            if *told > 0 {
                let place = self.view.successors.at(*organisation, self.now);
                if let Ok(chosen) = recipients(self.view.contacts(place, self.now), tlp) {
                    let contacts = chosen.by_language.iter().flat_map(|group| &group.contacts);
                    recipients_of = contacts.map(|contact| contact.email.clone()).collect();
                }
            }
            Concerned { code, name, told: *told, not_told: *not_told, recipients: recipients_of }
        });
        let concerned = concerned.collect();
        Preview { concerned, ..self.preview }
    }
}

/// Chunks whose findings are asked for together.
#[derive(Default)]
struct Group {
    digests: Vec<Digest>,
    rows: usize,
}

fn is_known(reader: &Reader, file: &mut OpenReport) -> anyhow::Result<bool> {
    let alike = reader.read(|connection| reports::with_head(connection, file.size, &file.head_hash))?;
    if matches!(file.among(alike)?, Known::Report(_)) {
        return Ok(true);
    }
    let Some(hash) = file.content_hash else { return Ok(false) };
    Ok(reader.read(|connection| reports::with_content(connection, &hash))?.is_some())
}
