//! `schakel serve`: takes in what arrives in the intake folder, tells, sends, until it is asked to stop.

mod breaches;
mod counters;
mod following;
mod from_folder;
mod from_spool;
mod hub_lanes;
mod kept;
mod mail_doors;
mod weekly;

use std::{
    fs,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    thread,
    time::{Duration, Instant},
};

pub use self::counters::Counters;
use self::{
    breaches::Breaches, following::Following, from_folder::FolderTurn, from_spool::take_arrival,
    kept::KeptLook, mail_doors::MailDoors, weekly::Weekly,
};
use schakel_ingest::folder::{IntakeFolder, Settled};
use schakel_model::clock::Clock;
use schakel_render::templates::Templates;
use schakel_store::{
    Reader, StoreError,
    data_dir::DataDir,
    outbox::Lane,
    spool::{SpoolDesk, State},
};

use crate::{
    answers::carry_out::carry_out,
    arrivals::{ArrivalDesk, is_store_trouble},
    chores::Chores,
    config::Config,
    doors::{DoorSlot, SpoolDoor},
    handover::{silence, taken_back, upward::Upward},
    intake::Intake,
    lending::{Borrower, Lender},
    pipeline::views::Views,
    polls::Fetchers,
    reading::Reading,
    requests::{AtWork, Requests},
    retention, search,
    send::send_lane,
    tell::Composer,
    templates, withheld,
};

/// How often the folder is looked at and what is due is sent: new files are seen well within a second.
const TICK: Duration = Duration::from_millis(200);

/// How long arrivals are dealt with before the folder is looked at and people are told, so that a backlog in the spool holds up neither: what is
/// critical comes first in each queue, and waits at the most for one turn of them.
const ARRIVALS_A_TURN: Duration = Duration::from_millis(500);

/// How often a lent store is asked after: a command should not keep the service from its work longer than it takes.
const LOAN_TICK: Duration = Duration::from_millis(10);

/// Runs until `stop` is set. Everything that was begun is finished or stands in the store to be taken up again. A command that asks
/// for the store gets it between two reports.
pub fn serve(
    data: &DataDir,
    config: &Config,
    clock: Clock,
    stop: &Arc<AtomicBool>,
    counters: &Arc<Counters>,
    slot: &DoorSlot,
    requests: &Requests,
) -> anyhow::Result<()> {
    let mut intake = Intake::open(data, clock)?;
    let door = Arc::new(SpoolDoor::open(data, &config.doors)?);
    let _ = slot.set(Arc::clone(&door));
    let fetchers = Fetchers::start(data, config, &door, clock, stop, counters)?;
    let mail_doors = MailDoors::open(config, &door, clock)?;
    let views = intake.views();
    let lender = open_lender(data);
    let mut lasting = Lasting { lender, chores: Chores::default(), door, mail_doors, requests };
    while let Some(borrower) = turns(intake, &mut lasting, config, clock, stop, counters)? {
        lend(borrower, stop, counters, &clock)?;
        intake = match take_back(data, &views, stop, counters, clock)? {
            Some(intake) => intake,
            None => break,
        };
    }
    lasting.mail_doors.close();
    fetchers.end();
    tracing::info!("stopped");
    Ok(())
}

/// What stays while the store is lent to a command: doors stay open.
struct Lasting<'r> {
    lender: Option<Lender>,
    chores: Chores,
    door: Arc<SpoolDoor>,
    mail_doors: MailDoors,
    requests: &'r Requests,
}

/// Takes in, tells and sends until `stop` is set or somebody asks for the store; closes the store.
fn turns(
    mut intake: Intake,
    lasting: &mut Lasting<'_>,
    config: &Config,
    clock: Clock,
    stop: &Arc<AtomicBool>,
    counters: &Arc<Counters>,
) -> anyhow::Result<Option<Borrower>> {
    let Lasting { lender, chores, door, mail_doors, requests } = lasting;
    let lender = lender.as_ref();
    let folder = IntakeFolder::open(intake.store().data().root())?;
    let reading = config.reading()?;
    let reader = intake.store().reader()?;
    // A command that changes one borrows the store: then this begins anew.
    let templates = templates::in_force(&reader)?;
    let spool = SpoolDesk::open(intake.store().data())?;
    let mut settling = Settled::new(Duration::from_millis(config.intake.settle_ms));
    let mut waiting = Waiting::from_store(&reader)?;
    let halt = Arc::new(AtomicBool::new(false));
    let mut senders = Vec::new();
    for lane in [Lane::Mail, Lane::Machine] {
        let ends = [stop, &halt].map(Arc::clone);
        senders.push(start_sender(lane, &mut intake, config, clock, ends, counters)?);
    }
    // A command that changes a link borrows the store: then they begin anew.
    let ends = [stop, &halt].map(Arc::clone);
    senders.extend(hub_lanes::start(&reader, config, door, clock, &ends)?);
    senders.push(start_indexing(&reader, [stop, &halt].map(Arc::clone))?);
    let mut rotation = hub_lanes::Rotation::default();
    counters.ready.store(true, Relaxed);
    tracing::info!(folder = %folder.incoming().display(), "ready");
    let mut breaches = Breaches::default();
    let mut weekly = Weekly::default();
    let mut following = Following::default();
    let mut upward = Upward::default();
    let mut silence = silence::Watch::default();
    let mut withheld = withheld::Watch::default();
    let mut trouble = Trouble::default();
    let mut kept = KeptLook::default();
    let mut asked = None;
    let mut refused = false;
    while !stop.load(Relaxed) && asked.is_none() {
        counters.is_alive(&clock);
        breaches.look(&reader, &clock, counters)?;
        rotation.turn(&reader, config, &clock);
        if let Some(alarms) = chores.turn(intake.store(), config, &templates, &clock)? {
            counters.organisations_unreachable.store(alarms.unreachable as u64, Relaxed);
            counters.feeds_alarmed.store(alarms.feeds as u64, Relaxed);
        }
        let wanted = AroundWriter {
            reader: &reader,
            spool: &spool,
            reading: &reading,
            config,
            templates: &templates,
            clock,
        };
        wanted.carry_out(requests, &mut intake);
        let register_is_newest = intake.follow_register()?;
        let files = settling.ready(&folder, Instant::now())?;
        let mut at_rest = files.is_empty();
        for file in &files {
            let folder = FolderTurn { folder: &folder, door, reader: &reader, reading: &reading, config };
            folder.take_in(&mut intake, file, counters, &clock)?;
            waiting.report_came(Instant::now());
            wanted.carry_out(requests, &mut intake);
            asked = asked.or_else(|| lender.and_then(Lender::asked));
            if stop.load(Relaxed) || asked.is_some() {
                break;
            }
        }
        let turn = Instant::now();
        while turn.elapsed() < ARRIVALS_A_TURN {
            if stop.load(Relaxed) || asked.is_some() {
                break;
            }
            let Some(kept) = spool.next()? else { break };
            at_rest = false;
            let (intake, now) = (&mut intake, clock.now_seconds());
            let desk = ArrivalDesk {
                intake: &mut *intake,
                reader: &reader,
                spool: &spool,
                reading: &reading,
                config,
                now,
            };
            if take_arrival(desk, &kept, &templates, counters, &clock, &mut upward)? {
                waiting.report_came(Instant::now());
            }
            wanted.carry_out(requests, intake);
            asked = asked.or_else(|| lender.and_then(Lender::asked));
        }
        mail_doors.count(counters);
        counters.held.store(spool.count(State::Held)?.0, Relaxed);
        if at_rest {
            intake.settle()?;
            if carry_out(&mut intake, config, clock.now_seconds())? > 0 {
                waiting.report_came(Instant::now());
            }
            erase_old(&mut intake, config, clock, &mut refused)?;
        }
        trouble.go_on(upward.turn(intake.store(), config, clock.now_seconds()))?;
        trouble.go_on(taken_back::carry_out(&mut intake, config, clock.now_seconds()))?;
        trouble.go_on(silence.turn(intake.store(), config, &templates, clock.now()))?;
        counters.parcels_late.store(silence.late, Relaxed);
        upward.show_queues(&counters.hubs, intake.store(), clock.now_seconds())?;
        // Whom to tell is decided by the newest register only: somebody may have left.
        let is_time = waiting.is_over(Instant::now(), config) || kept.is_due(&reader, clock.now_seconds())?;
        if register_is_newest && is_time {
            let composed = compose(&mut intake, &reader, config, &templates, clock, counters);
            if trouble.go_on(composed)?.is_some() {
                waiting.told();
            }
        }
        if register_is_newest {
            trouble.go_on(weekly.turn(&mut intake, &reader, (config, &templates), &clock))?;
            let followed = following.turn(&mut intake, (config, &templates, &clock));
            if let Some(done) = trouble.go_on(followed)? {
                counters.notifications.fetch_add(done.escalated + done.reminders, Relaxed);
            }
            trouble.go_on(withheld.turn(intake.store(), config, &templates, clock.now()))?;
        }
        asked = asked.or_else(|| lender.and_then(Lender::asked));
        if at_rest && asked.is_none() {
            requests.wait(TICK);
        }
    }
    counters.ready.store(false, Relaxed);
    halt.store(true, Relaxed);
    if senders.into_iter().map(thread::JoinHandle::join).filter(Result::is_err).count() > 0 {
        anyhow::bail!("the sending thread stopped in an unexpected way");
    }
    intake.close()?;
    Ok(asked)
}

/// What stands around the writer while requests are carried out.
struct AroundWriter<'a> {
    reader: &'a Reader,
    spool: &'a SpoolDesk,
    reading: &'a Reading,
    config: &'a Config,
    templates: &'a Templates,
    clock: Clock,
}

impl AroundWriter<'_> {
    fn carry_out(&self, requests: &Requests, intake: &mut Intake) {
        let Self { reader, spool, reading, config, templates, clock } = *self;
        requests.carry_out(&mut AtWork { intake, reader, spool, reading, config, templates, clock });
    }
}

/// Without a socket the service runs all the same; commands that change something then have to wait until it has stopped.
fn open_lender(data: &DataDir) -> Option<Lender> {
    Lender::open(data)
        .inspect_err(|error| {
            tracing::warn!(%error, "cannot listen on control.sock: commands cannot work beside this service");
        })
        .ok()
}

fn lend(borrower: Borrower, stop: &AtomicBool, counters: &Counters, clock: &Clock) -> anyhow::Result<()> {
    let name = borrower.name.clone();
    tracing::info!(command = name, "lent the store to a command");
    // A borrower that is gone already needs nothing.
    let Ok(mut loan) = borrower.grant() else { return Ok(()) };
    while !loan.is_over() && !stop.load(Relaxed) {
        counters.is_alive(clock);
        thread::sleep(LOAN_TICK);
    }
    tracing::info!(command = name, "the command has ended");
    Ok(())
}

/// Opens the store again; `None` when asked to stop meanwhile. Another command may have been quicker.
fn take_back(
    data: &DataDir,
    views: &Arc<Views>,
    stop: &AtomicBool,
    counters: &Counters,
    clock: Clock,
) -> anyhow::Result<Option<Intake>> {
    while !stop.load(Relaxed) {
        counters.is_alive(&clock);
        match Intake::open_again(data, clock, Arc::clone(views)) {
            Err(error) if is_locked(&error) => thread::sleep(TICK),
            opened => return opened.map(Some),
        }
    }
    Ok(None)
}

fn is_locked(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref(), Some(StoreError::Locked { .. }))
}

/// Fills the index of words in findings.
fn start_indexing(reader: &Reader, ends: [Arc<AtomicBool>; 2]) -> anyhow::Result<thread::JoinHandle<()>> {
    let reader = Reader::open(reader.data())?;
    Ok(thread::spawn(move || {
        let over = || ends.iter().any(|end| end.load(Relaxed));
        search::follow(&reader, &over);
    }))
}

fn start_sender(
    lane: Lane,
    intake: &mut Intake,
    config: &Config,
    clock: Clock,
    ends: [Arc<AtomicBool>; 2],
    counters: &Arc<Counters>,
) -> anyhow::Result<thread::JoinHandle<()>> {
    let mut outbox = intake.store().outbox_writer()?;
    let mut frames = intake.store().reader()?.frames()?;
    let (config, counters) = (config.clone(), Arc::clone(counters));
    Ok(thread::spawn(move || {
        let over = || ends.iter().any(|end| end.load(Relaxed));
        let mut said = String::new();
        while !over() {
            match send_lane(lane, &mut outbox, &mut frames, (&config, &clock), &over) {
                Ok(sent) => {
                    said.clear();
                    counters.mails_accepted.fetch_add(sent.accepted, Relaxed);
                    counters.mails_given_up.fetch_add(sent.given_up, Relaxed);
                    if sent != Default::default() {
                        tracing::info!(?sent, "sent");
                    }
                }
                Err(error) => {
                    // The same trouble is said once, not five times a second.
                    let text = format!("{error:#}");
                    if text != said {
                        tracing::error!(error = %text, "cannot send");
                        said = text;
                    }
                }
            }
            thread::sleep(TICK);
        }
    }))
}

/// What stands in the way of telling: said once, not five times a second. Reports are taken in meanwhile: a key of ours that runs out at night
/// must not stop that.
#[derive(Default)]
struct Trouble {
    said: String,
}

impl Trouble {
    /// The result; `None` when telling has to wait. Trouble of the store is for the caller.
    fn go_on<T>(&mut self, result: anyhow::Result<T>) -> anyhow::Result<Option<T>> {
        let error = match result {
            Ok(done) => return Ok(Some(done)),
            Err(error) if is_store_trouble(&error) => return Err(error),
            Err(error) => format!("{error:#}"),
        };
        if self.said != error {
            tracing::error!(%error, "nobody can be told");
            self.said = error;
        }
        Ok(None)
    }
}

/// Erases what is old, once a day. That nothing was erased is said once.
fn erase_old(intake: &mut Intake, config: &Config, clock: Clock, refused: &mut bool) -> anyhow::Result<()> {
    match retention::daily(intake, config, clock.now_seconds()) {
        Ok(erased) if erased.is_empty() => {}
        Ok(erased) => tracing::info!(?erased, "erased what is old"),
        Err(error) if is_store_trouble(&error) => return Err(error),
        Err(error) if !*refused => {
            *refused = true;
            tracing::warn!(reason = %format!("{error:#}"), "retention");
        }
        Err(_) => {}
    }
    Ok(())
}

fn compose(
    intake: &mut Intake,
    reader: &Reader,
    config: &Config,
    templates: &Templates,
    clock: Clock,
    counters: &Counters,
) -> anyhow::Result<()> {
    let view = intake.view();
    let composer = Composer { reader, view: &view, config, templates, now: clock.now() };
    let count = composer.compose(Some(intake.store()), &mut |composed| {
        tracing::info!(notification = %composed.notification.id, findings = composed.notification.findings, "composed");
    })?;
    let notices = composer.compose_recalls(intake.store())?;
    counters.notifications.fetch_add((count + notices) as u64, Relaxed);
    Ok(())
}

/// Since when something waits to be told, and when the last report came.
struct Waiting {
    since: Option<Instant>,
    last: Option<Instant>,
}

impl Waiting {
    /// After a restart what was waiting is told after the usual wait.
    fn from_store(reader: &Reader) -> anyhow::Result<Self> {
        let blocks = reader.read(|connection| {
            schakel_store::chunks::blocks(connection, &schakel_store::chunks::Blocks::ToTell)
        })?;
        let recalls = reader.read(schakel_store::recalls::any_due)?;
        // Whom nobody can mail, a hub may be told of.
        let hubs = !reader.read(schakel_store::hubs::sending)?.is_empty();
        let since = (recalls || hubs || !blocks.is_empty()).then(Instant::now);
        Ok(Self { since, last: since })
    }

    fn report_came(&mut self, now: Instant) {
        self.since.get_or_insert(now);
        self.last = Some(now);
    }

    fn is_over(&self, now: Instant, config: &Config) -> bool {
        let (Some(since), Some(last)) = (self.since, self.last) else { return false };
        let telling = &config.telling;
        now.duration_since(last) >= Duration::from_secs(telling.wait_seconds)
            || now.duration_since(since) >= Duration::from_secs(telling.wait_seconds_max)
    }

    fn told(&mut self) {
        (self.since, self.last) = (None, None);
    }
}

/// Files that could not be taken in, newest last.
pub fn failed_files(data: &DataDir) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(data.root().join("failed")) else { return Vec::new() };
    let mut files: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.retain(|file| file.extension().is_none_or(|extension| extension != "reason"));
    files.sort();
    files
}
