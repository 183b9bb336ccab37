//! What is wrong with this installation, in plain words, with what to do about it.

use schakel_deliver::settings::{ChannelKind, ReplyTo};
use schakel_model::{fate::Fate, keeping::Keeps, register::Register, tlp::Tlp};
use schakel_store::{
    Reader, answers, audit,
    chunks::{self, Blocks},
    claims, conflicts, contact_changes,
    data_dir::DataDir,
    hub_claim_lists, hub_sealing, hub_taken_back, hubs,
    ledger::{self, Scope},
    mailboxes,
    outbox::{self, Message},
    overviews,
    parcel_queues::{self, Late},
    register,
    reports::{self, ReportState},
    spool::{SpoolDesk, State},
};
use serde::Serialize;

use crate::{
    breach, check_mail, config, contacts, dkim::Dkim, feed_health, machines::machines, onboarding,
    pipeline::state::RegisterView, policy::release, search, serve::failed_files, tell::Protector,
};

/// A message that waits longer than this is worth a word, in seconds.
const WAITING_LONG_SECONDS: i64 = 3_600;

/// Findings that came in just now are in the index within seconds, and searched all the same: so many are nothing to speak of.
const SEARCH_BEHIND_MAX: u32 = 100_000;

/// How bad something is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// As it should be.
    Good,
    /// Worth a look.
    Look,
    /// Something does not work.
    Wrong,
}

/// One thing that was looked at.
#[derive(Debug, Serialize)]
pub struct Finding {
    /// How bad.
    pub level: Level,
    /// What was looked at.
    pub about: &'static str,
    /// What was found, and what to do.
    pub text: String,
}

/// Looks at everything. Never fails: what cannot be looked at is a finding.
pub fn examine(data: &DataDir, now: i64) -> Vec<Finding> {
    let mut doctor = Doctor { found: Vec::new(), now: jiff::Timestamp::from_second(now).unwrap_or_default() };
    doctor.configuration(data);
    match Reader::open(data) {
        Err(error) => doctor.wrong("store", error.to_string()),
        Ok(reader) => {
            doctor.templates(&reader);
            if let Err(error) = doctor.search(&reader) {
                doctor.wrong("search", format!("{error:#}"));
            }
            if let Err(error) = doctor.store(&reader, now) {
                doctor.wrong("store", format!("{error:#}"));
            }
        }
    }
    let failed = failed_files(data).len();
    if failed > 0 {
        doctor.look(
            "intake folder",
            format!("{failed} files could not be taken in whole. The reasons lie beside them in failed/"),
        );
    }
    doctor.found
}

struct Doctor {
    found: Vec<Finding>,
    now: jiff::Timestamp,
}

impl Doctor {
    fn good(&mut self, about: &'static str, text: impl Into<String>) {
        self.found.push(Finding { level: Level::Good, about, text: text.into() });
    }

    fn look(&mut self, about: &'static str, text: impl Into<String>) {
        self.found.push(Finding { level: Level::Look, about, text: text.into() });
    }

    fn wrong(&mut self, about: &'static str, text: impl Into<String>) {
        self.found.push(Finding { level: Level::Wrong, about, text: text.into() });
    }

    fn search(&mut self, reader: &Reader) -> anyhow::Result<()> {
        let behind = search::behind(reader)?;
        match behind.findings {
            0 => self.good("search", "the index of words follows the store"),
            count if count <= SEARCH_BEHIND_MAX => {}
            count => self.look(
                "search",
                format!(
                    "{count} findings are not in the index of words yet: searching for them is slow. `schakel serve` adds them beside its work; \
                     `schakel findings --search WORDS` does it at once"
                ),
            ),
        }
        Ok(())
    }

    fn configuration(&mut self, data: &DataDir) {
        let config = match config::load(data) {
            Ok(config) => config,
            Err(error) => {
                return self
                    .wrong("configuration", format!("{error:#}. `schakel config show` prints every key"));
            }
        };
        self.good("configuration", "can be read");
        for problem in [config.tlp().err(), config.reading().err(), config.telling.schedule().err()]
            .into_iter()
            .flatten()
        {
            self.wrong("configuration", format!("{problem:#}"));
        }
        match schakel_deliver::channel::Channel::open(&config.mail) {
            Ok(_) => {
                self.good("mail", "the way out is set up; `schakel outbox` shows what the other side says")
            }
            Err(error) => self.wrong("mail", format!("{:#}", anyhow::Error::from(error))),
        }
        self.believed(&config);
    }

    /// Whether others can believe our mail, as far as the configuration says. What the DNS says is for `schakel check-mail`.
    fn believed(&mut self, config: &config::Config) {
        match check_mail::alignment(config) {
            Ok(line) if line.why.is_empty() => {}
            Ok(line) => self.look("mail", line.why),
            Err(error) => self.wrong("mail", format!("{error:#}")),
        }
        if config.mail.channel == ChannelKind::Smtp && config.mail.dkim.selectors.is_empty() {
            self.look("mail", "no DKIM key signs our mails. `schakel key dkim generate` makes one, unless your mail server signs");
        }
        if config.mail.channel == ChannelKind::Smtp
            && config.mail.return_path_host.is_empty()
            && config.mail.replies == ReplyTo::AsIs
        {
            self.look("mail", "mail that comes back is not believed, because nothing proves that it was ours: set mail.return_path_host, or mail.replies = \"tokens\"");
        }
        let keys = [
            Dkim::load(config).err(),
            Protector::new(config, Vec::new(), self.now).err(),
            machines(config).err(),
        ];
        for error in keys.into_iter().flatten() {
            self.wrong("mail", format!("{error:#}. Nobody is told anything until this is right"));
        }
    }

    fn templates(&mut self, reader: &Reader) {
        let problems = match crate::templates::in_force(reader) {
            Ok(templates) => templates.check().iter().map(ToString::to_string).collect(),
            Err(error) => vec![format!("{error:#}")],
        };
        if problems.is_empty() {
            self.good("templates", "all render with sample data");
        }
        problems.into_iter().for_each(|problem| self.wrong("templates", problem));
    }

    /// What waits at the doors, and feeds that do not come as they usually do.
    fn doors(&mut self, reader: &Reader, now: i64) -> anyhow::Result<()> {
        let (held, oldest) = SpoolDesk::open(reader.data())?.count(State::Held)?;
        if let Some(oldest) = oldest.filter(|_| held > 0) {
            let hours = (now - oldest).max(0) / 3_600;
            self.look(
                "vetting",
                format!("{held} reports wait for a person, the oldest for {hours} hours. `schakel vetting list` shows them"),
            );
        }
        for one in feed_health::all(reader, now)? {
            let alarms: Vec<&str> = one.health.alarms.iter().map(|alarm| alarm.as_str()).collect();
            if !alarms.is_empty() {
                let (feed, alarms) = (one.feed, alarms.join(", ").replace('_', " "));
                self.look(
                    "feeds",
                    format!("{feed} is not as usual: {alarms}. `schakel source health` says more"),
                );
            }
        }
        Ok(())
    }

    fn store(&mut self, reader: &Reader, now: i64) -> anyhow::Result<()> {
        self.register(reader, now)?;
        let sums = reader.read(|connection| ledger::sums(connection, &Scope::All))?;
        if sums.balanced() {
            self.good("ledger", format!("balances: {} rows, {} assignments", sums.rows, sums.assignments));
        } else {
            self.wrong("ledger", "does not balance. Run `schakel verify` to see where, and restore a backup");
        }
        let unrouted = sums.fate(Fate::Unrouted);
        if unrouted > 0 {
            self.look(
                "ledger",
                format!("{unrouted} assignments are nobody's. `schakel ledger --list unrouted` shows them"),
            );
        }
        let no_contact = sums.fate(Fate::NoContact);
        if no_contact > 0 {
            self.look("ledger", format!("{no_contact} assignments have an owner who cannot be told. `schakel ledger --list no_contact` shows them"));
        }
        for report in reader.read(|connection| reports::list(connection, None))? {
            match (report.state, report.failure) {
                (ReportState::Taking, _) => self.look(
                    "reports",
                    format!("report {} ({}) is being taken in, or was interrupted. Ingest the same file again to finish it", report.id, report.name),
                ),
                (_, Some(failure)) => self.look("reports", format!("report {} ({}): {failure}", report.id, report.name)),
                _ => {}
            }
        }
        self.doors(reader, now)?;
        self.correspondence(reader)?;
        let walk = reader.read(|connection| audit::verify(connection, None))?;
        match walk.broken {
            None => {
                let head = audit::head_text(&walk.head);
                self.good("audit", format!("a chain of {} entries, head {head}", walk.entries));
            }
            Some(broken) => self.wrong(
                "audit",
                format!(
                    "audit entry {} {}. `schakel audit verify` checks all of it",
                    broken.entry, broken.what
                ),
            ),
        }
        self.outbox(reader, now)
    }

    fn register(&mut self, reader: &Reader, now: i64) -> anyhow::Result<()> {
        let version = reader.read(register::version)?;
        if version.0 == 0 {
            self.wrong("register", "is empty: everything is nobody's. Run `schakel register import DIR`");
            return Ok(());
        }
        let view = RegisterView::new(reader.read(|connection| register::load(connection, version))?);
        let register = &view.register;
        let with_hub = reader.read(hubs::standing)?;
        let has_hub = |code: &str| with_hub.iter().any(|link| link.organisation.eq_ignore_ascii_case(code));
        for Late { peer, count, .. } in reader.read(|connection| parcel_queues::late(connection, now))? {
            let text = format!(
                "{peer} has not answered {count} parcels within the service level of its link. `schakel hub queue` shows what waits"
            );
            self.wrong("hubs", text);
        }
        for link in &with_hub {
            let withheld = reader.read(|connection| hub_sealing::count_withheld(connection, link.id))?;
            let withheld: u64 = withheld.iter().map(|(_, count)| count).sum();
            if withheld > 0 {
                self.wrong(
                    "hubs",
                    format!(
                        "{withheld} findings for {} are kept back: they are to be sealed, and cannot be. `schakel hub show {}` says why",
                        link.peer, link.peer
                    ),
                );
            }
            let taken_back = reader.read(hub_taken_back::for_desk)?;
            let taken_back = taken_back.iter().filter(|one| one.link == link.id).count();
            if taken_back > 0 {
                let text = format!(
                    "{} takes back {taken_back} findings, more than half of what it handed over, and that waits: `schakel hub taken-back list`",
                    link.peer
                );
                self.wrong("hubs", text);
            }
            if let Some(held) = reader.read(|connection| hub_claim_lists::of_link(connection, link.id))? {
                let text = format!(
                    "the new list of {} takes back {} of {} claims, and waits: `schakel hub claims held`",
                    link.peer, held.gone, held.standing
                );
                self.wrong("hubs", text);
            }
        }
        let unreachable: Vec<_> = register
            .organisations
            .iter()
            .filter(|organisation| !has_hub(&organisation.code))
            .filter(|organisation| {
                let assignee = schakel_model::assignment::Assignee {
                    organisation: organisation.id,
                    role: schakel_model::asset::Role::Owner,
                    end: schakel_model::assignment::End::Source,
                };
                view.fate_of(Some(assignee), &[assignee], Tlp::Amber, now) == Fate::NoContact
            })
            .map(|organisation| organisation.code.as_str())
            .collect();
        self.good(
            "register",
            format!(
                "version {version}: {} organisations, {} assets",
                register.organisations.len(),
                register.assets.len()
            ),
        );
        if !unreachable.is_empty() {
            let shown = unreachable.iter().take(10).copied().collect::<Vec<_>>().join(", ");
            self.look(
                "register",
                format!("{} organisations cannot be told anything TLP:AMBER: {shown}", unreachable.len()),
            );
        }
        self.people(reader, register, now)
    }

    /// Alarms about contacts, and what waits for a person's decision.
    fn people(&mut self, reader: &Reader, register: &Register, now: i64) -> anyhow::Result<()> {
        let hubs = reader.read(hubs::standing)?;
        let mut alarms = contacts::alarms(register, now);
        alarms.retain(|one| !hubs.iter().any(|link| link.organisation.eq_ignore_ascii_case(&one.code)));
        if !alarms.is_empty() {
            let shown: Vec<_> = alarms.iter().take(10).map(|one| one.code.as_str()).collect();
            self.wrong(
                "contacts",
                format!(
                    "{} organisations have assets and nobody who can be told anything: {}. `schakel contact alarms` lists them",
                    alarms.len(),
                    shown.join(", ")
                ),
            );
        }
        let calls =
            onboarding::waiting(reader, register, now)?.iter().filter(|one| one.call.is_some()).count();
        if calls > 0 {
            self.wrong(
                "onboarding",
                format!("{calls} organisations must be called, something waits for them. `schakel onboarding waiting` lists them"),
            );
        }
        let pending = reader.read(contact_changes::list)?;
        let pending = pending.iter().filter(|one| one.decision.is_none()).count();
        let conflicts = reader.read(conflicts::list)?;
        let conflicts = conflicts.iter().filter(|one| one.decision.is_none()).count();
        let failing = reader.read(claims::list)?;
        let failing =
            failing.iter().filter(|one| one.failing_since.is_some() && !one.state.is_over()).count();
        for (about, count, what) in [
            (
                "contacts",
                pending,
                "changes wait for a second pair of eyes. `schakel contact pending list` shows them",
            ),
            ("claims", conflicts, "conflicts wait for a decision. `schakel conflict list` shows them"),
            (
                "claims",
                failing,
                "claims have a proof that is not found any more. `schakel claim list` shows them",
            ),
        ] {
            if count > 0 {
                self.look(about, format!("{count} {what}"));
            }
        }
        Ok(())
    }

    /// What recipients say that waits for a person, and mail that does not reach them.
    fn correspondence(&mut self, reader: &Reader) -> anyhow::Result<()> {
        let waiting = reader.read(answers::open_count)?;
        if waiting > 0 {
            self.look(
                "answers",
                format!("{waiting} answers wait for the desk. `schakel answer list` shows them"),
            );
        }
        let mailboxes = reader.read(mailboxes::list)?;
        let gone = mailboxes.iter().filter(|one| one.failed_at.is_some()).count();
        let compromised = mailboxes.iter().filter(|one| one.compromised_at.is_some()).count();
        let complained = mailboxes.iter().filter(|one| one.complained_at.is_some()).count();
        for (count, what) in [
            (gone, "addresses take no mail any more: nothing is sent there"),
            (compromised, "addresses may be read by somebody else: nothing is sent there"),
            (complained, "readers complained about our mail"),
        ] {
            if count > 0 {
                self.look("mailboxes", format!("{count} {what}. `schakel contact health` shows them"));
            }
        }
        Ok(())
    }

    fn breaches(&mut self, reader: &Reader, now: i64) -> anyhow::Result<()> {
        let (open, overdue) = breach::counts(reader, now)?;
        if overdue > 0 {
            self.wrong(
                "breaches",
                format!("{overdue} possible data breaches are past their 72 hours. `schakel breach list` shows them"),
            );
        } else if open > 0 {
            self.look(
                "breaches",
                format!("{open} possible data breaches wait for a decision. `schakel breach list` shows the time left"),
            );
        }
        Ok(())
    }

    fn kept(&mut self, reader: &Reader, now: i64) -> anyhow::Result<()> {
        let overviews = reader.read(overviews::waiting)?;
        let late = overviews.iter().filter(|one| now - one.due_at > WAITING_LONG_SECONDS).count();
        if late > 0 {
            self.look(
                "policy",
                format!("{late} overviews are due for more than an hour. `schakel tell` makes them; `schakel serve` does it by itself"),
            );
        }
        let kept = release::counts(reader)?;
        if let Some(nobody) = kept.get(&Keeps::Nobody) {
            self.look(
                "policy",
                format!("{nobody} assignments wait because nobody in the roles that the policy chooses may be told"),
            );
        }
        let trial = [Keeps::Off, Keeps::Shadow, Keeps::Desk].iter().filter_map(|keeps| kept.get(keeps));
        let trial: u64 = trial.sum();
        if trial > 0 {
            self.look(
                "policy",
                format!(
                    "trial operation keeps {trial} assignments. `schakel policy release --trial` lets them go"
                ),
            );
        }
        Ok(())
    }

    fn outbox(&mut self, reader: &Reader, now: i64) -> anyhow::Result<()> {
        self.breaches(reader, now)?;
        if let Some(reason) = reader.read(outbox::paused)? {
            self.wrong("outbox", format!("sending is paused: {reason}. Run `schakel restore confirm`"));
        }
        let to_tell = reader.read(|connection| chunks::blocks(connection, &Blocks::ToTell))?;
        if !to_tell.is_empty() {
            let count: u64 = to_tell.iter().map(|block| block.count).sum();
            self.look("outbox", format!("{count} assignments wait to be told. `schakel tell` does it; `schakel serve` does it by itself"));
        }
        self.kept(reader, now)?;
        let [_, unknown, accepted, given_up, withheld] = reader.read(outbox::counts)?;
        if withheld > 0 {
            self.look("outbox", format!("{withheld} confidential messages are withheld: their recipients have no key. `schakel outbox` shows which"));
        }
        if given_up > 0 {
            self.look("outbox", format!("{given_up} messages were given up. `schakel outbox` shows why"));
        }
        if unknown > 0 {
            self.look(
                "outbox",
                format!(
                    "{unknown} messages are in an unknown state; they are sent again with the same bytes"
                ),
            );
        }
        let unfinished = reader.read(outbox::unfinished)?;
        let since = |message: &Message| message.not_before.unwrap_or(message.created_at);
        let late = unfinished.iter().filter(|message| now - since(message) > WAITING_LONG_SECONDS).count();
        if late > 0 {
            self.look("outbox", format!("{late} messages wait for more than an hour. `schakel outbox` shows what the mail server says"));
        }
        if late == 0 && given_up == 0 {
            self.good("outbox", format!("{accepted} messages were taken by the other side"));
        }
        Ok(())
    }
}
