//! What the service does for links between two reports: status upward, and the end of what nobody answers.
//!
//! Status upward is what becomes here of findings that other hubs handed over to us, told to them as far as their link says.
//! Nothing is scheduled for it. What changed is found behind marks over what the store keeps anyway (changes of fate, answers); a walk over
//! everything, a slice at a time, finds what those do not show. So a crash or a lost mark costs time, and nothing else.

use std::collections::{BTreeMap, BTreeSet, HashMap, hash_map::Entry};

use jiff::{Timestamp, ToSpan, civil::Date, tz::TimeZone};
use schakel_formats::hub::{
    message::Kind,
    receipt::Receipt,
    status::{Status, StatusCount},
};
use schakel_model::{
    hub::{HubStatus, Link, ReceiptOutcome, StatusLevel},
    ids::{FindingId, LinkId},
};
use schakel_rules::hub_status::counted;
use schakel_store::{
    Reader, Store, StoreError, answers,
    chunks::{self, Blocks},
    fate_blob::{self, RowFate},
    hub_status::{self, ReceivedParcel, Told},
    hubs, id_list,
};

use super::{anti_entropy, claims, queues::HubQueues, standing, taken_back};
use crate::{
    config::Config,
    hub::{by_mail, ours::Ours},
};

/// Parcels, changes of fate or answers that one turn looks at: some tens of milliseconds.
const AT_ONCE: usize = 2_000;

/// How often the walk over everything goes on, in seconds.
const WALK_SECONDS: i64 = 10;

/// Days after which the parcels of a day are counted for a link that hears counts only.
const COUNTED_AFTER_DAYS: [i64; 3] = [1, 7, 30];

const FATES_MARK: &str = "hub_status_fate";
const ANSWERS_MARK: &str = "hub_status_answer";
const WALK_MARK: &str = "hub_status_walk";

/// What is under way while the service runs.
#[derive(Default)]
pub struct Upward {
    walked_at: Option<i64>,
    shown_at: Option<i64>,
    /// What another hub has just said something of.
    pub heard: BTreeSet<FindingId>,
}

impl Upward {
    /// One turn. Gives how many messages were queued.
    pub fn turn(&mut self, store: &mut Store, config: &Config, now: i64) -> anyhow::Result<u64> {
        let links = store.read(hubs::standing)?;
        if links.is_empty() {
            self.heard.clear();
            return Ok(0);
        }
        let Some(ours) = Ours::open(config)? else { return Ok(0) };
        resolve(store)?;
        let mut marks = Vec::new();
        let mut findings = std::mem::take(&mut self.heard);
        let mut parcels = BTreeMap::new();
        changed(store, &mut findings, &mut marks)?;
        answered(store, &mut findings, &mut marks)?;
        for finding in findings {
            let told = store.read(|connection| hub_status::that_told(connection, finding))?;
            parcels.extend(told.into_iter().map(|parcel| (parcel.id, parcel)));
        }
        for parcel in store.read(|connection| hub_status::unsaid(connection, AT_ONCE))? {
            parcels.insert(parcel.id, parcel);
        }
        if self.walked_at.is_none_or(|at| now >= at + WALK_SECONDS || at > now) {
            self.walked_at = Some(now);
            walk(store, &mut parcels, &mut marks)?;
            store.settle_handovers(now)?;
            claims::follow(store, &ours, &links, now)?;
            anti_entropy::turn(store, &ours, &links, now)?;
            taken_back::turn(store, &ours, &links, now)?;
            by_mail::turn(store, config, &ours, &links, now)?;
        }
        let reader = store.reader()?;
        let mut told = tell(&reader, &ours, &links, parcels.into_values().collect(), now)?;
        count(&reader, &ours, &links, now, &mut told, &mut marks)?;
        if told.is_empty() && marks.is_empty() {
            return Ok(0);
        }
        let queued = told.iter().filter(|one| one.line.is_some()).count() as u64;
        store.tell_hubs(now, &told, &marks)?;
        Ok(queued)
    }
}

impl Upward {
    /// Shows what waits, now and then.
    pub fn show_queues(&mut self, queues: &HubQueues, store: &Store, now: i64) -> anyhow::Result<()> {
        if self.shown_at.is_some_and(|at| now < at + WALK_SECONDS && at <= now) {
            return Ok(());
        }
        self.shown_at = Some(now);
        let reader = store.reader()?;
        queues.look(&reader, &reader.read(hubs::standing)?)
    }
}

/// Finds out which findings parcels told, once their rows were decided on.
fn resolve(store: &mut Store) -> Result<(), StoreError> {
    let waiting = store.read(|connection| hub_status::unresolved(connection, AT_ONCE))?;
    let mut fates: HashMap<u32, Vec<Option<RowFate>>> = HashMap::new();
    let mut resolved = Vec::with_capacity(waiting.len());
    for parcel in &waiting {
        let row = parcel.row;
        let Some(chunk) = store.read(|connection| chunks::of_row(connection, row.report, row.row))? else {
            continue;
        };
        if let Entry::Vacant(unread) = fates.entry(chunk.id) {
            let blob = store.read(|connection| chunks::fates(connection, chunk.id))?;
            unread.insert(fate_blob::read(&blob).map(Result::ok).collect());
        }
        let fate = fates[&chunk.id].get((row.row - chunk.first_row) as usize).copied().flatten();
        resolved.push(match fate {
            Some(RowFate::Event(finding)) => (parcel.id, Some(finding)),
            _ => (parcel.id, None),
        });
    }
    if resolved.is_empty() { Ok(()) } else { store.resolve_parcels(&resolved) }
}

/// Findings whose assignments got another fate.
fn changed(
    store: &Store,
    findings: &mut BTreeSet<FindingId>,
    marks: &mut Vec<(String, String)>,
) -> Result<(), StoreError> {
    let mark = store.read(|connection| hub_status::mark(connection, FATES_MARK))?;
    let after = match mark.parse() {
        Ok(after) => after,
        // What stands already is found by what is new and by the walk.
        Err(_) => store.read(hub_status::last_change)?,
    };
    let changes = store.read(|connection| hub_status::changed_blocks(connection, after, AT_ONCE))?;
    let last = changes.last().map_or(after, |(id, _)| *id);
    let blocks: BTreeSet<i64> = changes.into_iter().map(|(_, block)| block).collect();
    for block in blocks {
        let Some(block) = store.read(|connection| chunks::block(connection, block))? else { continue };
        let of_block: BTreeSet<FindingId> = id_list::decode(&block.findings).collect();
        let (Some(first), Some(last)) = (of_block.first(), of_block.last()) else { continue };
        let by_link = store.read(|connection| hub_status::between(connection, *first, *last))?;
        findings.extend(by_link.into_iter().filter(|finding| of_block.contains(finding)));
    }
    if mark.is_empty() || last > after {
        marks.push((FATES_MARK.to_owned(), last.to_string()));
    }
    Ok(())
}

/// Findings about which somebody said something.
fn answered(
    store: &Store,
    findings: &mut BTreeSet<FindingId>,
    marks: &mut Vec<(String, String)>,
) -> Result<(), StoreError> {
    let mark = store.read(|connection| hub_status::mark(connection, ANSWERS_MARK))?;
    let after: u32 = mark.parse().unwrap_or(0);
    let new = store.read(|connection| answers::after(connection, after, AT_ONCE))?;
    let Some(last) = new.last().map(|answer| answer.id) else { return Ok(()) };
    for answer in new {
        if !answer.said.findings.is_empty() {
            findings.extend(answer.said.findings);
            continue;
        }
        let lead = answer.said.notification;
        let blocks = store.read(|connection| chunks::blocks(connection, &Blocks::OfNotification(lead.0)))?;
        findings.extend(blocks.iter().flat_map(|block| id_list::decode(&block.findings)));
    }
    marks.push((ANSWERS_MARK.to_owned(), last.to_string()));
    Ok(())
}

/// The next slice of everything.
fn walk(
    store: &Store,
    parcels: &mut BTreeMap<i64, ReceivedParcel>,
    marks: &mut Vec<(String, String)>,
) -> Result<(), StoreError> {
    let mark = store.read(|connection| hub_status::mark(connection, WALK_MARK))?;
    let slice = store.read(|connection| hub_status::slice(connection, mark.parse().unwrap_or(0), AT_ONCE))?;
    let next = if slice.len() < AT_ONCE { 0 } else { slice.last().map_or(0, |parcel| parcel.id) };
    if next.to_string() != mark {
        marks.push((WALK_MARK.to_owned(), next.to_string()));
    }
    parcels.extend(slice.into_iter().map(|parcel| (parcel.id, parcel)));
    Ok(())
}

/// What each link hears of its parcels that is not what it heard last.
fn tell(
    reader: &Reader,
    ours: &Ours,
    links: &[Link],
    parcels: Vec<ReceivedParcel>,
    now: i64,
) -> anyhow::Result<Vec<Told>> {
    let by_id: HashMap<LinkId, &Link> = links.iter().map(|link| (link.id, link)).collect();
    let mut wanted = Vec::with_capacity(parcels.len());
    for parcel in &parcels {
        let Some(finding) = parcel.finding else { continue };
        let chunk =
            reader.read(|connection| chunks::of_row(connection, parcel.row.report, parcel.row.row))?;
        wanted.push((finding, chunk.map(|chunk| chunk.id)));
    }
    let standing = standing::of(reader, &wanted)?;
    // The newest parcel of a finding speaks for those before it.
    let mut told: BTreeMap<_, Told> = BTreeMap::new();
    for parcel in parcels {
        let (Some(link), Some(finding)) = (by_id.get(&parcel.link), parcel.finding) else { continue };
        let Some(status) = standing.get(&finding).copied() else { continue };
        if parcel.status == Some(status) {
            continue;
        }
        let line = match (status, link.terms.status) {
            // That it is nobody's here is for everybody to know who hands over: somebody else must get it.
            (HubStatus::NotMine, _) => Some(not_mine(ours, link, &parcel, now)?),
            // The receipt has said so.
            (HubStatus::Received, _) if parcel.status.is_none() => None,
            (_, StatusLevel::PerFinding) => {
                let data = Status { key: parcel.key, status, at: now }.to_data();
                let id = format!("{}.{}.{now}", parcel.parcel, status.as_str());
                Some((Kind::Status, ours.line(&link.peer, Kind::Status, &id, None, data, now)?))
            }
            (_, StatusLevel::Aggregate | StatusLevel::None) => None,
        };
        let one = told.entry((parcel.link, parcel.key)).or_insert_with(|| Told {
            link: link.id,
            line: None,
            statuses: Vec::new(),
        });
        one.statuses.push((parcel.id, status));
        one.line = line.map(|(kind, line)| (kind.as_str(), line));
    }
    Ok(told.into_values().collect())
}

fn not_mine(ours: &Ours, link: &Link, parcel: &ReceivedParcel, now: i64) -> anyhow::Result<(Kind, Vec<u8>)> {
    let receipt = Receipt { parcel: parcel.parcel, outcome: ReceiptOutcome::NotMine, at: now };
    let id = format!("{}.not_mine.{now}", parcel.parcel);
    Ok((Kind::Receipt, ours.line(&link.peer, Kind::Receipt, &id, None, receipt.to_data(), now)?))
}

/// Once a day: counts for links that hear no more than that.
fn count(
    reader: &Reader,
    ours: &Ours,
    links: &[Link],
    now: i64,
    told: &mut Vec<Told>,
    marks: &mut Vec<(String, String)>,
) -> anyhow::Result<()> {
    let today: Date = Timestamp::from_second(now)?.to_zoned(TimeZone::UTC).date();
    for link in links.iter().filter(|link| link.terms.status == StatusLevel::Aggregate) {
        let mark = format!("hub_status_counted:{}", link.id);
        if reader.read(|connection| hub_status::mark(connection, &mark))? == today.to_string() {
            continue;
        }
        let mut counts = Vec::new();
        for days in COUNTED_AFTER_DAYS {
            let day = today.checked_sub(days.days())?;
            let from = day.to_zoned(TimeZone::UTC)?.timestamp().as_second();
            let until = day.tomorrow()?.to_zoned(TimeZone::UTC)?.timestamp().as_second();
            let came = reader.read(|connection| hub_status::of_time(connection, link.id, from, until))?;
            let statuses = came.iter().map(|parcel| parcel.status.unwrap_or(HubStatus::Received));
            counts.extend(counted(statuses).into_iter().map(|(status, count)| StatusCount {
                day: day.to_string(),
                status,
                count: count.try_into().unwrap_or(u32::MAX),
            }));
        }
        if !counts.is_empty() {
            let data = StatusCount::to_data(&counts);
            let line = ours.line(
                &link.peer,
                Kind::StatusCount,
                &format!("counts.{}.{today}", link.id),
                None,
                data,
                now,
            )?;
            told.push(Told {
                link: link.id,
                line: Some((Kind::StatusCount.as_str(), line)),
                statuses: Vec::new(),
            });
        }
        marks.push((mark, today.to_string()));
    }
    Ok(())
}
