//! `schakel claim`

use clap::{Args, Subcommand, ValueEnum};
use jiff::Timestamp;
use schakel_app::{
    claims::{self, Entered, Entry, Meets, Run, TheAsset},
    config,
    explain::{organisation_name, rfc3339},
    proof::{self, Outcome},
    register::standing,
    templates,
};
use schakel_lookup::Lookup;
use schakel_model::{
    asset::{AssetKind, Role},
    claim::{Claim, ClaimState, Means},
    ids::ClaimId,
    register::Register,
};
use schakel_rules::claim::{Overlap, challenge_record, challenge_url};
use schakel_store::{Reader, Store, act::Act, claims as stored, register};
use serde_json::{Value, json};

use crate::{
    Context,
    args::time,
    output::{Ending, number, plain, say},
    rehearsal::DryRun,
};

#[derive(Subcommand)]
#[allow(missing_docs)] // The help texts are the documentation.
pub enum ClaimCommand {
    /// Enter what a member says is theirs
    Add(AddArgs),
    /// The claims
    List {
        /// Also those that are over
        #[arg(long)]
        all: bool,
    },
    /// One claim: what to publish to prove it, and what was tried
    Show {
        /// Its number, from `schakel claim list`
        claim: ClaimId,
    },
    /// Look for the proof of a claim, or send a code for it
    Prove(ProveArgs),
    /// Type the code that was sent to a role mailbox
    Code {
        /// Its number, from `schakel claim list`
        claim: ClaimId,
        /// The code as it stands in the mail
        code: String,
        #[command(flatten)]
        dry_run: DryRun,
    },
    /// Note that the mail with the code came back
    Bounced {
        /// Its number, from `schakel claim list`
        claim: ClaimId,
        #[command(flatten)]
        dry_run: DryRun,
    },
    /// Look again for proofs that are due; `serve` does it every day
    Recheck {
        #[command(flatten)]
        dry_run: DryRun,
    },
    /// Take a claim back
    Withdraw {
        /// Its number, from `schakel claim list`
        claim: ClaimId,
        /// Why
        #[arg(long)]
        reason: String,
        /// Withdraw its asset too; otherwise the asset stays, asserted
        #[arg(long)]
        with_asset: bool,
        #[command(flatten)]
        dry_run: DryRun,
    },
}

#[derive(Args)]
#[allow(missing_docs)]
pub struct AddArgs {
    /// The organisation, for example GM0513
    pub code: String,
    /// The kind: prefix, address, asn, domain, hostname, url, mail_domain, country, ripe_handle, product
    pub kind: AssetKind,
    /// The value, for example voorbeeld.nl or 192.0.2.0-192.0.2.99
    pub value: String,
    /// In which role: owner, operator, supplier, monitor
    #[arg(long, default_value = "owner")]
    pub role: Role,
    /// From when, for example 2026-01-01 [default: always]
    #[arg(long, value_parser = time)]
    pub from: Option<Timestamp>,
    /// Until when [default: without end]
    #[arg(long, value_parser = time)]
    pub until: Option<Timestamp>,
    /// A remark
    #[arg(long, default_value = "")]
    pub note: String,
    /// Show what it would meet, and enter nothing
    #[arg(long)]
    pub dry_run: bool,
}

#[derive(Args)]
#[allow(missing_docs)]
pub struct ProveArgs {
    /// Its number, from `schakel claim list`
    pub claim: ClaimId,
    /// By what
    #[arg(long, value_enum)]
    pub by: By,
    /// For mail: which role mailbox
    #[arg(long, default_value = "hostmaster")]
    pub mailbox: String,
    /// For desk: what you looked at
    #[arg(long, default_value = "")]
    pub reason: String,
    #[command(flatten)]
    pub dry_run: DryRun,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum By {
    /// A TXT record with the token
    Dns,
    /// A file with the token on the web server
    File,
    /// A code to a role mailbox of the domain
    Mail,
    /// The registry's holder
    Rdap,
    /// You looked, and say why
    Desk,
}

impl From<By> for Means {
    fn from(by: By) -> Self {
        match by {
            By::Dns => Self::Dns,
            By::File => Self::File,
            By::Mail => Self::Mail,
            By::Rdap => Self::Rdap,
            By::Desk => Self::Desk,
        }
    }
}

pub fn run(context: &Context, command: &ClaimCommand) -> anyhow::Result<Ending> {
    match command {
        ClaimCommand::Add(args) => add(context, args),
        ClaimCommand::List { all } => list(context, *all),
        ClaimCommand::Show { claim } => show(context, *claim),
        ClaimCommand::Prove(args) => prove(context, args),
        ClaimCommand::Code { claim, code, dry_run } => {
            let config = config::load(&context.data)?;
            changed(context, *claim, "", *dry_run, |store, act| {
                proof::take_code(store, &config.claims, act, *claim, code)
            })
        }
        ClaimCommand::Bounced { claim, dry_run } => {
            let config = config::load(&context.data)?;
            changed(context, *claim, "", *dry_run, |store, act| {
                proof::bounced(store, &config.claims, act, *claim)
            })
            .map(|_| Ending::Done)
        }
        ClaimCommand::Recheck { dry_run } => recheck(context, *dry_run),
        ClaimCommand::Withdraw { claim, reason, with_asset, dry_run } => {
            let actor = context.actor()?;
            let act = Act { at: context.clock.now_seconds(), actor: actor.name(), reason };
            let asset = if *with_asset { TheAsset::Goes } else { TheAsset::Stays };
            let withdrawn = context.change(*dry_run, |store| claims::withdraw(store, &act, *claim, asset))?;
            if withdrawn.is_none() {
                return Ok(Ending::Done);
            }
            context.out.line(format!("Claim {claim} is withdrawn."));
            context.out.json(&json!({ "claim": claim.0, "state": "withdrawn" }))?;
            Ok(Ending::Done)
        }
    }
}

fn add(context: &Context, args: &AddArgs) -> anyhow::Result<Ending> {
    let config = config::load(&context.data)?;
    let actor = context.actor()?;
    let mut store = Store::open(&context.data)?;
    let reason = format!("claim of {}", args.code);
    let act = Act { at: context.clock.now_seconds(), actor: actor.name(), reason: &reason };
    let entry = Entry {
        code: &args.code,
        kind: args.kind,
        value: &args.value,
        role: args.role,
        valid_from: args.from.map(Timestamp::as_second),
        valid_until: args.until.map(Timestamp::as_second),
        note: &args.note,
    };
    let run = if args.dry_run { Run::Dry } else { Run::Real };
    let entered = claims::add(&mut store, &config.claims, &act, &entry, run)?;
    let register = standing(&store)?;
    for one in &entered {
        say_entered(context, &register, one, args);
    }
    let claims: Vec<Value> = entered.iter().map(|one| entered_json(&register, one)).collect();
    context.out.json(&json!({ "claims": claims, "dry_run": args.dry_run }))?;
    Ok(Ending::Done)
}

fn say_entered(context: &Context, register: &Register, one: &Entered, args: &AddArgs) {
    if one.value.to_string() != args.value.trim() {
        context.out.line(format!("`{}` is written {}.", plain(&args.value, 100), one.value));
    }
    for met in &one.meets {
        context.out.line(format!("warning: {}", met_text(register, &one.value, met)));
    }
    match one.id {
        Some(id) => {
            context
                .out
                .line(format!("Claim {id}: {}. `schakel claim show {id}` says how to prove it.", one.value));
        }
        None => context.out.line(format!("A dry run: {} is not entered.", one.value)),
    }
    for conflict in &one.conflicts {
        context.out.line(format!(
            "Conflict {conflict} is open. `schakel conflict show {conflict}` shows both sides."
        ));
    }
    if one.attributes {
        context.out.line("It attributes at once, asserted until it is proven.");
    }
}

fn met_text(register: &Register, value: &schakel_model::asset::AssetValue, met: &Meets) -> String {
    let (code, name) = organisation_name(register, met.organisation);
    let how = match met.how {
        Overlap::Same => "is".to_owned(),
        Overlap::Inside => format!("lies within {}, which is", met.value),
        Overlap::Around => format!("lies around {}, which is", met.value),
    };
    let what = met.claim.map_or("an asset".to_owned(), |claim| format!("claim {claim}"));
    format!("{value} {how} {what} of {code} {} ({}, {})", plain(name, 60), met.role, met.proof)
}

fn entered_json(register: &Register, one: &Entered) -> Value {
    let meets: Vec<Value> = one
        .meets
        .iter()
        .map(|met| {
            json!({
                "organisation": organisation_name(register, met.organisation).0,
                "claim": met.claim.map(|claim| claim.0),
                "value": met.value.to_string(),
                "role": met.role.as_str(),
                "proof": met.proof.as_str(),
                "how": how_word(met.how),
            })
        })
        .collect();
    json!({
        "claim": one.id.map(|id| id.0),
        "value": one.value.to_string(),
        "meets": meets,
        "conflicts": one.conflicts.iter().map(|id| id.0).collect::<Vec<_>>(),
        "attributes": one.attributes,
    })
}

fn how_word(how: Overlap) -> &'static str {
    match how {
        Overlap::Same => "same",
        Overlap::Inside => "inside",
        Overlap::Around => "around",
    }
}

/// A claim as JSON.
pub fn claim_json(register: &Register, claim: &Claim) -> Value {
    json!({
        "claim": claim.id.0,
        "organisation": organisation_name(register, claim.claimed.organisation).0,
        "kind": claim.claimed.value.kind().as_str(),
        "value": claim.claimed.value.to_string(),
        "role": claim.claimed.role.as_str(),
        "state": claim.state.as_str(),
        "proven_by": claim.proven.map(|proven| proven.means.as_str()),
        "proven_at": claim.proven.map(|proven| rfc3339(proven.at)),
        "expires_at": claim.proven.map(|proven| rfc3339(proven.expires_at)),
        "failing_since": claim.failing_since.map(rfc3339),
        "attributes": claims::is_asset(register, claim),
        "note": claim.claimed.note,
    })
}

fn list(context: &Context, all: bool) -> anyhow::Result<Ending> {
    let reader = Reader::open(&context.data)?;
    let register = reader.read(|connection| register::load(connection, register::version(connection)?))?;
    let claims: Vec<Claim> =
        reader.read(stored::list)?.into_iter().filter(|claim| all || !claim.state.is_over()).collect();
    let cells: Vec<_> = claims
        .iter()
        .map(|claim| {
            vec![
                claim.id.to_string(),
                organisation_name(&register, claim.claimed.organisation).0.to_owned(),
                claim.claimed.value.kind().to_string(),
                plain(&claim.claimed.value.to_string(), 60),
                claim.claimed.role.to_string(),
                claim.state.to_string(),
                claim.proven.map_or(String::new(), |proven| proven.means.to_string()),
                claim.proven.map_or(String::new(), |proven| rfc3339(proven.expires_at)),
                claim.failing_since.map_or(String::new(), rfc3339),
            ]
        })
        .collect();
    let headings = ["claim", "code", "kind", "value", "role", "state", "proof", "until", "not found since"];
    context.out.table(&headings, &cells, &[0]);
    let claims: Vec<Value> = claims.iter().map(|claim| claim_json(&register, claim)).collect();
    context.out.json(&json!({ "claims": claims }))?;
    Ok(Ending::Done)
}

fn show(context: &Context, id: ClaimId) -> anyhow::Result<Ending> {
    let reader = Reader::open(&context.data)?;
    let register = reader.read(|connection| register::load(connection, register::version(connection)?))?;
    let claim = reader
        .read(|connection| stored::get(connection, id))?
        .ok_or_else(|| anyhow::anyhow!("there is no claim {id}. `schakel claim list` lists them"))?;
    let attempts = reader.read(|connection| stored::attempts(connection, id))?;
    let codes = reader.read(|connection| stored::codes(connection, id))?;
    let (code, name) = organisation_name(&register, claim.claimed.organisation);
    let out = &context.out;
    out.line(format!(
        "Claim {id}: {code} {} has {} {} as {}; {}.",
        plain(name, 60),
        claim.claimed.value.kind(),
        claim.claimed.value,
        claim.claimed.role,
        claim.state
    ));
    if let Some(proven) = claim.proven {
        let (at, until) = (rfc3339(proven.at), rfc3339(proven.expires_at));
        out.line(format!("Proven by {} on {at}, until {until}.", proven.means));
    }
    if let Some(since) = claim.failing_since {
        out.line(format!("Not found any more since {}.", rfc3339(since)));
    }
    let record = challenge_record(&claim.claimed.value);
    let url = challenge_url(&claim.claimed.value, &claim.token);
    if !claim.state.is_over() {
        if let Some(record) = &record {
            out.line(format!("To prove it by DNS: {record}. TXT \"{}\"", claim.token));
        }
        if let Some(url) = &url {
            out.line(format!("To prove it by a file: {url} with the text {}", claim.token));
        }
    }
    for attempt in &attempts {
        let found = if attempt.what.found { "found" } else { "not found" };
        out.line(format!(
            "{}  {} by {}: {found}: {}",
            rfc3339(attempt.at),
            attempt.what.means,
            plain(&attempt.actor, 40),
            plain(&attempt.what.detail, 200)
        ));
    }
    let mut json = claim_json(&register, &claim);
    json["token"] = claim.token.clone().into();
    json["dns_record"] = record.into();
    json["file_url"] = url.into();
    json["attempts"] = attempts.iter().map(attempt_json).collect();
    json["codes"] = codes
        .iter()
        .map(|code| {
            json!({ "address": code.address, "state": code.state.as_str(), "tries": code.tries,
                "sent_at": rfc3339(code.sent_at), "expires_at": rfc3339(code.expires_at) })
        })
        .collect();
    context.out.json(&json)?;
    Ok(Ending::Done)
}

/// An attempt as JSON.
pub fn attempt_json(attempt: &stored::Attempt) -> Value {
    json!({
        "at": rfc3339(attempt.at),
        "actor": attempt.actor,
        "by": attempt.what.means.as_str(),
        "found": attempt.what.found,
        "said": attempt.what.detail,
    })
}

fn prove(context: &Context, args: &ProveArgs) -> anyhow::Result<Ending> {
    let config = config::load(&context.data)?;
    let id = args.claim;
    match args.by {
        By::Mail => {
            let actor = context.actor()?;
            let act = Act { at: context.clock.now_seconds(), actor: actor.name(), reason: &args.reason };
            let sent = context.change(args.dry_run, |store| {
                let templates = templates::in_force(&store.reader()?)?;
                proof::send_code(store, &config, &templates, &act, id, &args.mailbox)
            })?;
            let Some((address, notification)) = sent else { return Ok(Ending::Done) };
            context.out.line(format!(
                "A code for {address} is in the outbox (N{notification}); `schakel serve` or `schakel outbox --send` sends it. \
                 Type it back with `schakel claim code {id} CODE`."
            ));
            context
                .out
                .json(&json!({ "claim": id.0, "address": address, "notification": notification.0 }))?;
            Ok(Ending::Done)
        }
        By::Desk => {
            context.person()?;
            changed(context, id, &args.reason, args.dry_run, |store, act| {
                proof::by_desk(store, &config.claims, act, id)
            })
        }
        by => {
            let lookup = Lookup::new(&config.outgoing)?;
            // Nobody else waits for the store while the world answers.
            let reader = Reader::open(&context.data)?;
            let register =
                reader.read(|connection| register::load(connection, register::version(connection)?))?;
            let claim = reader
                .read(|connection| stored::get(connection, id))?
                .ok_or_else(|| anyhow::anyhow!("there is no claim {id}. `schakel claim list` lists them"))?;
            let attempt = proof::look(&lookup, &register, &claim, by.into())?;
            changed(context, id, &args.reason, args.dry_run, |store, act| {
                proof::record(store, &config.claims, act, id, attempt)
            })
        }
    }
}

/// Does something to a claim, and says what came of it.
fn changed(
    context: &Context,
    id: ClaimId,
    reason: &str,
    dry_run: DryRun,
    act: impl FnOnce(&mut Store, &Act<'_>) -> anyhow::Result<Outcome>,
) -> anyhow::Result<Ending> {
    let actor = context.actor()?;
    let acting = Act { at: context.clock.now_seconds(), actor: actor.name(), reason };
    let Some(outcome) = context.change(dry_run, |store| act(store, &acting))? else {
        return Ok(Ending::Done);
    };
    let Outcome { attempt, state, disputed } = &outcome;
    context.out.line(format!("Claim {id}: {}.", plain(&attempt.detail, 300)));
    match (attempt.found, disputed) {
        (true, false) => context.out.line("It is proven, and attributes."),
        (true, true) => {
            context.out.line(
                "It is proven. Somebody else says it is theirs: it attributes when the conflict is decided.",
            );
        }
        (false, _) => context.out.line(format!("It is not proven by this: the claim is {state}.")),
    }
    context.out.json(&json!({
        "claim": id.0, "found": attempt.found, "said": attempt.detail, "state": state.as_str(), "disputed": disputed,
    }))?;
    Ok(if attempt.found { Ending::Done } else { Ending::WithRejects })
}

fn recheck(context: &Context, dry_run: DryRun) -> anyhow::Result<Ending> {
    let config = config::load(&context.data)?;
    let actor = context.actor()?;
    let now = context.clock.now_seconds();
    let lookup = Lookup::new(&config.outgoing)?;
    let looked = {
        let reader = Reader::open(&context.data)?;
        let register =
            reader.read(|connection| register::load(connection, register::version(connection)?))?;
        proof::look_again(&lookup, &register, proof::due(&reader, now)?)
    };
    let act = Act { at: now, actor: actor.name(), reason: "" };
    let recorded =
        context.change(dry_run, |store| proof::record_again(store, &config.claims, &act, looked))?;
    let Some(after) = recorded else { return Ok(Ending::Done) };
    let mut worst = 0;
    for one in &after {
        match (one.state, one.failing_since) {
            (ClaimState::Lapsed, _) => {
                say(format!(
                    "Claim {}: {}. The proof counts no longer: the asset is asserted.",
                    one.claim, one.detail
                ));
                worst += 1;
            }
            (_, Some(since)) => {
                say(format!(
                    "Claim {}: {}. Not found since {}: it counts for {} days from then.",
                    one.claim,
                    one.detail,
                    rfc3339(since),
                    config.claims.grace_days
                ));
                worst += 1;
            }
            _ => {}
        }
    }
    context.out.line(format!(
        "{} proofs were looked at, {worst} are not as they should be.",
        number(after.len() as u64)
    ));
    let claims: Vec<Value> = after
        .iter()
        .map(|one| {
            json!({ "claim": one.claim.0, "state": one.state.as_str(), "failing_since": one.failing_since.map(rfc3339), "said": one.detail })
        })
        .collect();
    context.out.json(&json!({ "claims": claims }))?;
    Ok(Ending::Done)
}
