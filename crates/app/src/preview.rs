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
use schakel_store::{
    Reader, register,
    reports::{self, Same},
};
use serde::Serialize;

use crate::{
    arrivals::is_store_trouble,
    explain::organisation_name,
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

/// How much of a report is looked at.
#[derive(Clone, Copy, Debug)]
pub struct Most {
    /// Rows.
    pub rows: u64,
    /// Bytes, unpacked. A larger report is not compared with those that came in before.
    pub bytes: u64,
}

impl Most {
    /// For a page or an answer that somebody waits for: less than a second.
    pub const OF_A_PAGE: Self = Self { rows: 100_000, bytes: 64 << 20 };
    /// All of it.
    pub const ALL: Self = Self { rows: u64::MAX, bytes: u64::MAX };
}

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

impl Shown {
    /// The machine, name, address or account that it is about.
    pub fn target(&self) -> &str {
        let fields = ["source.ip", "source.fqdn", "source.url", "source.account"];
        fields
            .into_iter()
            .map(|field| self.event.text(field))
            .find(|text| !text.is_empty())
            .unwrap_or_default()
    }
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

/// What taking it in at `now` (seconds since 1970) would do, by as much of it as `most` says. Fails only when the store or the writer cannot
/// be asked: what is wrong with the report stands in the preview.
pub fn preview(
    incoming: Incoming,
    reading: &Reading,
    reader: &Reader,
    knows: &mut dyn Knows,
    now: i64,
    most: Most,
) -> anyhow::Result<Preview> {
    let mut trial = Trial {
        view: knows.view()?,
        knows,
        shared: Shared { kinds: Interner::new(Vec::new()), sets: Interner::new(vec![Vec::new()]) },
        digester: Digester::new(KeyMaker::new(reader.secret()))?,
        state: State::default(),
        now,
        left: most,
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
    /// What may still be looked at.
    left: Most,
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
        let find = |same: Same<'_>| reader.read(|connection| reports::with_same(connection, same));
        if file.size <= self.left.bytes && matches!(file.known(&find)?, Known::Report(_)) {
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
        if self.preview.more {
            return Ok(None);
        }
        let Opened { plan, head, mut input, terms: Terms { tlp, .. } } = opened;
        let (plan, terms) = (Arc::new(plan), Terms { tlp, may_notify });
        self.tlp = self.tlp.max(Some(tlp));
        // What is decided depends on the marking.
        self.state.forget_transitions();
        let mut reader = ChunkReader::start(&mut *input, head, &plan);
        let (mut spare, mut row, mut group) = (Vec::new(), 1, Group::default());
        while let Some(cut) = reader.next(std::mem::take(&mut spare)) {
            if self.left.rows == 0 || self.left.bytes == 0 {
                self.preview.more = true;
                break;
            }
            let snapshot = &self.view.snapshot;
            let digest = self.digester.digest(&plan, snapshot, &self.shared, &cut.bytes, &cut.records);
            self.show(&plan, path, &cut, &digest, row);
            row += digest.rows.len() as u64;
            self.left.rows = self.left.rows.saturating_sub(digest.rows.len() as u64);
            self.left.bytes = self.left.bytes.saturating_sub(cut.bytes.len() as u64);
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

    /// Code and name.
    fn names(&self, organisation: OrganisationId) -> (String, String) {
        let (code, name) = organisation_name(&self.view.register, organisation);
        (code.to_owned(), name.to_owned())
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

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use schakel_store::{Store, data_dir::DataDir};

    use super::*;
    use crate::pipeline::read::CHUNK_ROWS;

    const NAME: &str = "2026-11-20-scan_rdp-nederland.csv";

    /// More rows than one chunk holds, by one.
    fn rows() -> Vec<u8> {
        let mut text = "\"timestamp\",\"ip\",\"protocol\",\"port\"\n".to_owned();
        for nth in 0..=CHUNK_ROWS {
            writeln!(text, "\"2026-11-20 03:00:00\",\"10.0.{}.{}\",tcp,3389", nth / 256, nth % 256).unwrap();
        }
        text.into_bytes()
    }

    fn tried(
        reader: &Reader,
        name: &str,
        bytes: Vec<u8>,
        knows: &mut dyn Knows,
        most: Most,
    ) -> anyhow::Result<Preview> {
        preview(Incoming::memory(name, bytes), &Reading::default(), reader, knows, 1_795_000_000, most)
    }

    #[test]
    fn no_more_is_looked_at_than_may_be_and_that_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let reader = Store::open(&DataDir::new(folder.path())).unwrap().reader().unwrap();
        let mut knows = AsStored::read(&reader).unwrap();
        let all = CHUNK_ROWS as u64 + 1;
        for (most, rows_looked_at, more) in [
            (Most::ALL, all, false),
            (Most { rows: all, ..Most::ALL }, all, false),
            (Most { rows: 1, ..Most::ALL }, all - 1, true),
            (Most { bytes: 1, ..Most::ALL }, all - 1, true),
        ] {
            let tried = tried(&reader, NAME, rows(), &mut knows, most).unwrap();
            assert_eq!((tried.sums.rows, tried.more), (rows_looked_at, more), "{most:?}");
            assert_eq!(tried.new_findings, rows_looked_at, "each row is another machine");
            assert_eq!(tried.events.len(), SHOWN_MAX);
            assert_eq!(tried.events[0].target(), "10.0.0.0");
        }
    }

    #[test]
    fn what_is_wrong_with_a_report_is_said_and_who_has_no_time_is_an_error() {
        struct NoTime;
        impl Knows for NoTime {
            fn view(&mut self) -> anyhow::Result<Arc<RegisterView>> {
                Ok(Arc::new(RegisterView::new(Default::default())))
            }

            fn known(&mut self, _: Vec<StoredKey>) -> anyhow::Result<KnownKeys> {
                Err(NotDone::Busy.into())
            }
        }
        let folder = tempfile::tempdir().unwrap();
        let reader = Store::open(&DataDir::new(folder.path())).unwrap().reader().unwrap();
        let strange = tried(&reader, "holiday.csv", b"a,b\n1,2\n".to_vec(), &mut NoTime, Most::ALL).unwrap();
        assert!(strange.failures.len() == 1 && strange.sums.rows == 0, "{strange:?}");
        let error = tried(&reader, NAME, rows(), &mut NoTime, Most::ALL).unwrap_err();
        assert!(error.is::<NotDone>(), "{error:?}");
    }
}
