//! `schakel hub`

use std::{fs, path::PathBuf};

use anyhow::Context as _;
use clap::{Args, Subcommand};
use schakel_app::{
    config,
    explain::rfc3339,
    hub::{
        links::{self, Proposal},
        ours::{self, Ours},
        sealing,
    },
};
use schakel_formats::hub::{fingerprint::Fingerprint, invitation::FILE_BYTES_MAX, message::key_id};
use schakel_model::{
    hub::{
        Direction, HubName, Link, LinkState, LinkTerms, ParcelId, PayloadForm, Purpose, StatusLevel,
        Transport, Withheld,
    },
    tlp::Tlp,
};
use schakel_store::{
    Reader, Store,
    act::Act,
    hub_messages, hub_payload,
    hub_sealing::{self, Sealing},
    hubs,
    parcel_queues::{self, Waiting},
};
use serde_json::{Value, json};

use super::{
    hub_chain::{self, ClaimsCommand},
    hub_match::{self, MatchCommand},
    hub_proof,
    hub_taken_back::{self, TakenBackCommand},
    hub_whose::{self, WhoseArgs},
};
use crate::{
    Context,
    output::{Ending, number, plain, say},
    rehearsal::DryRun,
};

#[derive(Subcommand)]
#[allow(missing_docs)] // The help texts are the documentation.
pub enum HubCommand {
    /// Make the key of this hub, and show its fingerprint
    Init,
    /// Invite another hub: prints a file to send to it
    Invite {
        /// The name of the other hub, a host name
        peer: HubName,
        #[command(flatten)]
        terms: TermsArgs,
        #[command(flatten)]
        by: By,
    },
    /// Accept an invitation: prints a file to send back
    Accept {
        /// The invitation
        file: PathBuf,
        /// The fingerprint of the other hub's key, as somebody there read it to you
        #[arg(long, value_name = "DIGITS")]
        fingerprint: Fingerprint,
        #[command(flatten)]
        terms: TermsArgs,
        #[command(flatten)]
        by: By,
    },
    /// Take the acceptance of an invitation: the link begins
    Confirm {
        /// The acceptance
        file: PathBuf,
        /// The fingerprint of the other hub's key, as somebody there read it to you
        #[arg(long, value_name = "DIGITS")]
        fingerprint: Fingerprint,
        #[command(flatten)]
        by: By,
    },
    /// The links with other hubs
    List,
    /// One link: what was agreed, its keys, what waits
    Show {
        /// The name of the other hub
        peer: HubName,
        /// One parcel that went over it or came over it, with the lines that were signed: its name, from `schakel trace`
        #[arg(long, value_name = "NAME")]
        parcel: Option<ParcelId>,
    },
    /// Change how what is for another hub gets there
    Reach {
        /// The name of the other hub
        peer: HubName,
        /// Its address (https://…), the mail address that its program reads (mailto:…), or "fetches": it comes and gets it
        #[arg(value_name = "ADDRESS")]
        how: String,
        #[command(flatten)]
        by: By,
    },
    /// What waits to go to other hubs
    Queue,
    /// Stop a link for a while: what is for the other waits
    Pause {
        /// The name of the other hub
        peer: HubName,
        #[command(flatten)]
        by: By,
    },
    /// Let a paused link go on
    Resume {
        /// The name of the other hub
        peer: HubName,
        #[command(flatten)]
        by: By,
    },
    /// End a link for good
    End {
        /// The name of the other hub
        peer: HubName,
        #[command(flatten)]
        by: By,
    },
    /// Keys: a new one for this hub, or those of others
    #[command(subcommand)]
    Key(KeyCommand),
    /// Register by claim: say to another hub what is ours, so that it hands that over
    #[command(subcommand)]
    Claims(ClaimsCommand),
    /// Blind matching: find what is another hub's without either showing its list
    #[command(subcommand)]
    Match(MatchCommand),
    /// What became of what was handed over, as far as each link says
    Status,
    /// Seal what is handed over to its final recipient, so that hubs between carry it without reading it
    Seal {
        /// The name of the other hub
        peer: HubName,
        /// on: seal it, and keep back what no key is known for; off: do not
        #[arg(value_parser = clap::builder::PossibleValuesParser::new(["on", "off"]))]
        how: String,
        #[command(flatten)]
        by: By,
    },
    /// Write what is handed over as events (idf, as every link begins), X-ARF reports (x-arf) or CSAF advisories (csaf); every hub reads all three
    Payload {
        /// The name of the other hub
        peer: HubName,
        /// How
        form: PayloadForm,
        #[command(flatten)]
        by: By,
    },
    /// What other hubs took back and waits for you, because it is so much
    #[command(subcommand)]
    TakenBack(TakenBackCommand),
    /// Ask a hub whose an address or a name is: it says yes, no, or whom to ask
    Whose(WhoseArgs),
    /// What was asked over a link, by us and by them, and what was done about it
    Log {
        /// The name of the other hub
        peer: HubName,
        /// How many lines at most of each
        #[arg(long, default_value_t = 50)]
        limit: usize,
    },
}

#[derive(Subcommand)]
#[allow(missing_docs)]
pub enum KeyCommand {
    /// Make a new key for this hub, and announce it on every link; the old one goes on counting for 30 days
    Rotate {
        #[command(flatten)]
        by: By,
    },
    /// Make a new key that others seal to, and announce it on every link; what is sealed to the old one is opened for 30 more days
    RotateSealing {
        #[command(flatten)]
        by: By,
    },
    /// Let a key of another hub count no more: it was stolen or lost
    Revoke {
        /// The name of the other hub
        peer: HubName,
        /// The key: its id or its fingerprint, from `schakel hub show`
        key: String,
        #[command(flatten)]
        by: By,
    },
    /// Pin a new key of another hub, from an invitation that it wrote anew
    Pin {
        /// The invitation
        file: PathBuf,
        /// The fingerprint of the key, as somebody there read it to you
        #[arg(long, value_name = "DIGITS")]
        fingerprint: Fingerprint,
        #[command(flatten)]
        by: By,
    },
}

/// Why something is done, and whether it is only tried.
#[derive(Args)]
pub struct By {
    /// Why
    #[arg(long, default_value = "")]
    reason: String,
    #[command(flatten)]
    dry: DryRun,
}

/// What we agree to; both sides keep to the narrower of what each says.
#[derive(Args)]
pub struct TermsArgs {
    /// The code of the organisation in our register that the other hub stands for: what concerns it is handed over
    #[arg(long, value_name = "CODE", default_value = "")]
    organisation: String,
    /// Which way findings go, as we see it: out, in or both
    #[arg(long, default_value = "both")]
    direction: Direction,
    /// The highest marking that goes over it: CLEAR, GREEN, AMBER or AMBER+STRICT
    #[arg(long, default_value = "AMBER")]
    tlp: Tlp,
    /// What findings may be used for (notify, analyse, statistics), may we ask each other whose something is (ask), may we be named to others who ask
    /// (named)
    #[arg(long, value_delimiter = ',', default_value = "notify,analyse,statistics")]
    purposes: Vec<Purpose>,
    /// Findings in an hour; a tenth more for what is critical
    #[arg(long, default_value_t = 1_000_000)]
    per_hour: u32,
    /// Findings that may be on their way without a receipt; a tenth more for what is critical
    #[arg(long, default_value_t = 20_000)]
    credit: u32,
    /// Minutes within which a receipt is expected
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=10_080))]
    service_level_minutes: u32,
    /// How much flows back of what becomes of findings: none, aggregate or per_finding
    #[arg(long, default_value = "per_finding")]
    status: StatusLevel,
    /// How many days findings that were handed over, and receipts, are kept
    #[arg(long, default_value_t = 365)]
    retention_days: u32,
}

impl TermsArgs {
    fn terms(&self) -> LinkTerms {
        LinkTerms {
            direction: self.direction,
            transport: Transport::Pulled,
            tlp_max: self.tlp,
            purposes: self.purposes.clone(),
            parcels_per_hour: self.per_hour,
            credit: self.credit,
            service_level_seconds: self.service_level_minutes * 60,
            status: self.status,
            retention_days: self.retention_days,
        }
    }
}

pub fn run(context: &Context, command: &HubCommand) -> anyhow::Result<Ending> {
    match command {
        HubCommand::Init => init(context),
        HubCommand::Invite { peer, terms, by } => {
            let proposal = Proposal {
                peer: peer.clone(),
                organisation: terms.organisation.clone(),
                terms: terms.terms(),
            };
            let ours = us(context)?;
            let done = change(context, by, |store, act| links::invite(store, act, &ours, &proposal))?;
            let Some(file) = done else { return Ok(Ending::Done) };
            say(format!(
                "Send this file to {peer}. Read the fingerprint of this hub to somebody there, by telephone:\n  {}\nWhat comes back goes to `schakel hub confirm`.",
                ours.fingerprint()
            ));
            link_file(context, &ours, &file)
        }
        HubCommand::Accept { file, fingerprint, terms, by } => {
            let (ours, bytes) = (us(context)?, read(file)?);
            let done = change(context, by, |store, act| {
                links::accept(store, act, &ours, &bytes, fingerprint, &terms.organisation, &terms.terms())
            })?;
            let Some((link, answer)) = done else { return Ok(Ending::Done) };
            say(format!(
                "Send this file back to {}. Read the fingerprint of this hub to somebody there, by telephone:\n  {}\nThe link begins when they have confirmed it.",
                link.peer,
                ours.fingerprint()
            ));
            link_file(context, &ours, &answer)
        }
        HubCommand::Confirm { file, fingerprint, by } => {
            let (ours, bytes) = (us(context)?, read(file)?);
            let done =
                change(context, by, |store, act| links::confirm(store, act, &ours, &bytes, fingerprint))?;
            let Some(link) = done else { return Ok(Ending::Done) };
            context.out.line(format!("The link with {} has begun.", link.peer));
            context.out.json(&link_json(&link))?;
            Ok(Ending::Done)
        }
        HubCommand::List => list(context),
        HubCommand::Show { peer, parcel: None } => show(context, peer),
        HubCommand::Show { peer, parcel: Some(parcel) } => hub_proof::show(context, peer, *parcel),
        HubCommand::Queue => queue(context),
        HubCommand::Reach { peer, how, by } => {
            let url = if how == "fetches" { "" } else { how.as_str() };
            let done = change(context, by, |store, act| links::reach(store, act, peer, url))?;
            let Some(link) = done else { return Ok(Ending::Done) };
            context.out.line(match link.terms.transport {
                Transport::Push => format!("What is for {peer} is brought to {}.", link.url),
                Transport::Pulled => format!("{peer} fetches what is for it."),
                Transport::Mail => {
                    format!("What is for {peer} goes by mail, and what comes from it by mail counts.")
                }
            });
            context.out.json(&link_json(&link))?;
            Ok(Ending::Done)
        }
        HubCommand::Pause { peer, by } => {
            set_state(context, peer, by, LinkState::Paused, "is paused: what is for it waits")
        }
        HubCommand::Resume { peer, by } => set_state(context, peer, by, LinkState::Active, "goes on"),
        HubCommand::End { peer, by } => set_state(context, peer, by, LinkState::Ended, "has ended"),
        HubCommand::Key(command) => key(context, command),
        HubCommand::Claims(command) => hub_chain::claims(context, command),
        HubCommand::Match(command) => hub_match::run(context, command),
        HubCommand::Status => hub_chain::status(context),
        HubCommand::Seal { peer, how, by } => seal(context, peer, how, by),
        HubCommand::Payload { peer, form, by } => payload(context, peer, *form, by),
        HubCommand::TakenBack(command) => hub_taken_back::run(context, command),
        HubCommand::Whose(args) => hub_whose::run(context, args),
        HubCommand::Log { peer, limit } => hub_whose::log(context, peer, *limit),
    }
}

pub(super) fn us(context: &Context) -> anyhow::Result<Ours> {
    Ours::require(&config::load(&context.data)?)
}

fn read(file: &PathBuf) -> anyhow::Result<Vec<u8>> {
    let reading = || format!("cannot read {}", file.display());
    let size = fs::metadata(file).with_context(reading)?.len();
    anyhow::ensure!(size <= FILE_BYTES_MAX as u64, "{} is too large to be an invitation", file.display());
    fs::read(file).with_context(reading)
}

pub(super) fn change<T>(
    context: &Context,
    by: &By,
    act: impl FnOnce(&mut Store, Act<'_>) -> anyhow::Result<T>,
) -> anyhow::Result<Option<T>> {
    let actor = context.person()?;
    let now = context.clock.now_seconds();
    context.change(by.dry, |store| act(store, Act { at: now, actor: actor.name(), reason: &by.reason }))
}

fn link_file(context: &Context, ours: &Ours, file: &[u8]) -> anyhow::Result<Ending> {
    let text = String::from_utf8_lossy(file).into_owned();
    context.out.line(&text);
    context.out.json(&json!({
        "file": text,
        "fingerprint": ours.fingerprint().to_string(),
    }))?;
    Ok(Ending::Done)
}

fn init(context: &Context) -> anyhow::Result<Ending> {
    let config = config::load(&context.data)?;
    anyhow::ensure!(
        !config.hub.name.is_empty(),
        "say first in {} what this hub is called:\n[hub]\nname = \"cert.example\"",
        context.data.config().display()
    );
    let is_new = ours::init(&config)?;
    let ours = Ours::require(&config)?;
    context.out.line(format!(
        "{} {}. The fingerprint of its key:\n  {}",
        if is_new { "Made a key for" } else { "There is a key for" },
        ours.name,
        ours.fingerprint()
    ));
    context.out.json(&json!({
        "name": ours.name.as_str(), "new": is_new, "fingerprint": ours.fingerprint().to_string(), "keyId": ours.key().id(),
    }))?;
    Ok(Ending::Done)
}

fn link_json(link: &Link) -> Value {
    let terms = &link.terms;
    json!({
        "peer": link.peer.as_str(),
        "url": link.url,
        "organisation": link.organisation,
        "state": link.state.as_str(),
        "direction": terms.direction.as_str(),
        "transport": terms.transport.as_str(),
        "tlp_max": terms.tlp_max.as_str(),
        "purposes": terms.purposes.iter().map(|purpose| purpose.as_str()).collect::<Vec<_>>(),
        "parcels_per_hour": terms.parcels_per_hour,
        "credit": terms.credit,
        "service_level_seconds": terms.service_level_seconds,
        "status": terms.status.as_str(),
        "retention_days": terms.retention_days,
        "created_at": rfc3339(link.created_at),
        "ended_at": link.ended_at.map(rfc3339),
    })
}

fn list(context: &Context) -> anyhow::Result<Ending> {
    let links = Reader::open(&context.data)?.read(hubs::list)?;
    let row = |link: &Link| {
        vec![
            link.peer.to_string(),
            link.state.to_string(),
            link.terms.direction.to_string(),
            link.terms.transport.to_string(),
            link.terms.tlp_max.to_string(),
            link.organisation.clone(),
            plain(&link.url, 60),
        ]
    };
    let rows: Vec<Vec<String>> = links.iter().map(row).collect();
    if rows.is_empty() {
        context.out.line("No links with other hubs. `schakel hub invite` begins one.");
    } else {
        let headings = ["hub", "state", "direction", "transport", "up to", "stands for", "address"];
        context.out.table(&headings, &rows, &[]);
    }
    context.out.json(&json!({ "links": links.iter().map(link_json).collect::<Vec<_>>() }))?;
    Ok(Ending::Done)
}

/// What waits on a link.
struct Waits {
    withheld: Vec<(Withheld, u64)>,
    parcels: Vec<Waiting>,
    without_receipt: u64,
    messages: u64,
}

fn waits(reader: &Reader, link: &Link) -> anyhow::Result<Waits> {
    Ok(Waits {
        withheld: reader.read(|connection| hub_sealing::count_withheld(connection, link.id))?,
        parcels: reader.read(|connection| parcel_queues::waiting(connection, link.id))?,
        without_receipt: reader.read(|connection| parcel_queues::without_receipt(connection, link.id))?,
        messages: reader.read(|connection| hub_messages::count_waiting(connection, link.id))?,
    })
}

impl Waits {
    fn withheld(&self) -> u64 {
        self.withheld.iter().map(|(_, count)| count).sum()
    }

    fn json(&self) -> Value {
        let parcels = self.parcels.iter().map(|of| (of.class.to_string(), Value::from(of.count)));
        json!({
            "parcels": parcels.collect::<serde_json::Map<_, _>>(),
            "withheld": self.withheld.iter().map(|(why, count)| (why.to_string(), Value::from(*count))).collect::<serde_json::Map<_, _>>(),
            "without_receipt": self.without_receipt,
            "messages": self.messages,
        })
    }
}

/// The link with a hub, also when it has ended.
pub(super) fn last_link(reader: &Reader, peer: &HubName) -> anyhow::Result<Link> {
    let link = reader.read(hubs::list)?.into_iter().rfind(|link| link.peer == *peer);
    link.with_context(|| format!("there was never a link with {peer}"))
}

fn show(context: &Context, peer: &HubName) -> anyhow::Result<Ending> {
    let reader = Reader::open(&context.data)?;
    let link = last_link(&reader, peer)?;
    let keys = reader.read(|connection| hubs::keys(connection, link.id))?;
    let waits = waits(&reader, &link)?;
    let (out, terms) = (&context.out, &link.terms);
    out.line(format!("{peer}: {}, since {}", link.state, rfc3339(link.created_at)));
    let purposes: Vec<&str> = terms.purposes.iter().map(|purpose| purpose.as_str()).collect();
    for (what, value) in [
        ("stands for", link.organisation.clone()),
        ("address", link.url.clone()),
        ("direction", terms.direction.to_string()),
        ("what is for it is", terms.transport.to_string()),
        ("marking up to", terms.tlp_max.to_string()),
        ("purposes", purposes.join(", ")),
        ("findings an hour", number(u64::from(terms.parcels_per_hour))),
        ("without a receipt", number(u64::from(terms.credit))),
        ("receipt within", format!("{} min", terms.service_level_seconds / 60)),
        ("what flows back", terms.status.to_string()),
        ("kept", format!("{} days", terms.retention_days)),
    ] {
        out.line(format!("  {what:<18} {}", if value.is_empty() { "-" } else { &value }));
    }
    let sealed = reader.read(|connection| hub_sealing::wanted(connection, link.id))? == Sealing::Wanted;
    let sealing_key = reader.read(|connection| hub_sealing::keys(connection, link.id))?.own;
    let sealing_key = sealing_key.map(|key| sealing::fingerprint(&key));
    out.line(format!("  {:<18} {}", "sealed", if sealed { "to the final recipient" } else { "no" }));
    let form = reader.read(|connection| hub_payload::form(connection, link.id))?;
    out.line(format!("  {:<18} {form}", "written as"));
    out.line(format!("  {:<18} {}", "its key for that", sealing_key.as_deref().unwrap_or("-")));
    let now = context.clock.now_seconds();
    let mut key_values = Vec::new();
    for key in &keys {
        let state = match (key.revoked_at, key.valid_until) {
            (Some(at), _) => format!("revoked {}", rfc3339(at)),
            (None, Some(until)) if until <= now => format!("counted until {}", rfc3339(until)),
            (None, Some(until)) => format!("counts until {}", rfc3339(until)),
            (None, None) => "counts".to_owned(),
        };
        let print = Fingerprint::of(&key.key).to_string();
        out.line(format!("  key {}  {print}  {state}", key_id(&key.key)));
        key_values.push(json!({
            "keyId": key_id(&key.key), "fingerprint": print, "pinned_at": rfc3339(key.pinned_at),
            "valid_until": key.valid_until.map(rfc3339), "revoked_at": key.revoked_at.map(rfc3339),
        }));
    }
    out.line(format!(
        "  {} findings wait, {} have no receipt yet, {} other messages wait",
        number(waits.parcels.iter().map(|of| of.count).sum()),
        number(waits.without_receipt),
        number(waits.messages)
    ));
    for (why, count) in &waits.withheld {
        let why = match why {
            Withheld::NoKey => "no key of its recipient is known",
            Withheld::NoTarget => "it names no address and no host to find its way by",
        };
        out.line(format!("  {} of them are kept back: to be sealed, and {why}", number(*count)));
    }
    out.json(&json!({
        "link": link_json(&link), "keys": key_values, "waits": waits.json(), "payload": form.as_str(), "sealed": sealed, "sealing_key": sealing_key,
    }))?;
    Ok(Ending::Done)
}

fn queue(context: &Context) -> anyhow::Result<Ending> {
    let reader = Reader::open(&context.data)?;
    let (mut rows, mut values) = (Vec::new(), Vec::new());
    for link in reader.read(hubs::standing)? {
        let waits = waits(&reader, &link)?;
        let mut row = vec![link.peer.to_string(), link.state.to_string()];
        row.extend(waits.parcels.iter().map(|of| number(of.count)));
        row.extend([number(waits.withheld()), number(waits.without_receipt), number(waits.messages)]);
        rows.push(row);
        values
            .push(json!({ "peer": link.peer.as_str(), "state": link.state.as_str(), "waits": waits.json() }));
    }
    if rows.is_empty() {
        context.out.line("No links with other hubs. `schakel hub invite` begins one.");
    } else {
        let headings = ["hub", "state", "critical", "normal", "bulk", "kept back", "no receipt yet", "other"];
        context.out.table(&headings, &rows, &[2, 3, 4, 5, 6, 7]);
    }
    context.out.json(&json!({ "queue": values }))?;
    Ok(Ending::Done)
}

fn seal(context: &Context, peer: &HubName, how: &str, by: &By) -> anyhow::Result<Ending> {
    let sealing = if how == "on" { Sealing::Wanted } else { Sealing::Off };
    let ours = us(context)?;
    let done = change(context, by, |store, act| {
        let link = links::standing(store, peer)?;
        store.want_sealing(act, &link, sealing)?;
        sealing::release(store, &ours, &link, act.at)
    })?;
    let Some(released) = done else { return Ok(Ending::Done) };
    context.out.line(format!(
        "What is handed over to {peer} is {}. {} findings that were kept back go now.",
        if sealing == Sealing::Wanted { "sealed to its final recipient" } else { "not sealed" },
        number(released as u64)
    ));
    context.out.json(
        &json!({ "peer": peer.as_str(), "sealed": sealing == Sealing::Wanted, "released": released }),
    )?;
    Ok(Ending::Done)
}

fn payload(context: &Context, peer: &HubName, form: PayloadForm, by: &By) -> anyhow::Result<Ending> {
    let done = change(context, by, |store, act| {
        let link = links::standing(store, peer)?;
        Ok(store.set_payload_form(act, &link, form)?)
    })?;
    if done.is_some() {
        let written = match form {
            PayloadForm::Idf => "events",
            PayloadForm::Xarf => "X-ARF reports",
            PayloadForm::Csaf => "CSAF advisories, where it is about vulnerabilities",
        };
        context.out.line(format!("What is handed over to {peer} from now on is written as {written}."));
        context.out.json(&json!({ "peer": peer.as_str(), "payload": form.as_str() }))?;
    }
    Ok(Ending::Done)
}

fn set_state(
    context: &Context,
    peer: &HubName,
    by: &By,
    state: LinkState,
    said: &str,
) -> anyhow::Result<Ending> {
    let done = change(context, by, |store, act| links::set_state(store, act, peer, state))?;
    let Some(link) = done else { return Ok(Ending::Done) };
    context.out.line(format!("The link with {peer} {said}."));
    context.out.json(&link_json(&link))?;
    Ok(Ending::Done)
}

fn key(context: &Context, command: &KeyCommand) -> anyhow::Result<Ending> {
    match command {
        KeyCommand::Rotate { by } => {
            let config = config::load(&context.data)?;
            // Of a dry run nothing is left, no key either.
            let next = || if by.dry.dry_run { ours::trial_key() } else { ours::next_key(&config) };
            let done = change(context, by, |store, act| links::rotate(store, act, &config, next))?;
            let Some(count) = done else { return Ok(Ending::Done) };
            context.out.line(format!(
                "The new key is announced to {} hubs. It signs five minutes after all of them have heard it; the old one counts for 30 more days.",
                number(count as u64)
            ));
            context.out.json(&json!({ "announced_to": count }))?;
        }
        KeyCommand::RotateSealing { by } => {
            let config = config::load(&context.data)?;
            // Of a dry run nothing is left: the key that is shown then is the one that stands.
            let make = |until| match by.dry.dry_run {
                true => Ok(()),
                false => ours::rotate_sealing(&config, until),
            };
            let done = change(context, by, |store, act| links::rotate_sealing(store, act, &config, make))?;
            let Some(count) = done else { return Ok(Ending::Done) };
            context.out.line(format!(
                "The new key is announced to {} hubs. What is sealed to the old one is opened for 30 more days.",
                number(count as u64)
            ));
            context.out.json(&json!({ "announced_to": count }))?;
        }
        KeyCommand::Revoke { peer, key, by } => {
            let done = change(context, by, |store, act| links::revoke(store, act, peer, key))?;
            let Some(link) = done else { return Ok(Ending::Done) };
            context.out.line(format!("Nothing that is signed by it counts any more for {}.", link.peer));
            context.out.json(&link_json(&link))?;
        }
        KeyCommand::Pin { file, fingerprint, by } => {
            let (ours, bytes) = (us(context)?, read(file)?);
            let done = change(context, by, |store, act| links::pin(store, act, &ours, &bytes, fingerprint))?;
            let Some(link) = done else { return Ok(Ending::Done) };
            context.out.line(format!("What {} signs by this key counts from now on.", link.peer));
            context.out.json(&link_json(&link))?;
        }
    }
    Ok(Ending::Done)
}
