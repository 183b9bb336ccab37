//! `schakel safety-net`

use clap::Subcommand;
use schakel_app::{
    config::{self, Config},
    explain::rfc3339,
    safety_net::{
        asking::{self, Asked, Limits},
        plan::{Plan, plan},
        subject_of,
        telling::tell,
    },
    templates,
};
use schakel_lookup::Lookup;
use schakel_model::abuse_contact::AbuseContact;
use schakel_store::{Reader, Store, abuse_contacts, act::Act, do_not_contact};
use serde_json::{Value, json};

use super::ingest::progress_bar;
use crate::{
    Context,
    output::{Ending, number, plain},
    rehearsal::DryRun,
};

#[derive(Subcommand)]
#[allow(missing_docs)] // The help texts are the documentation.
pub enum SafetyNetCommand {
    /// Whom the outside world names, by which means, how sure and how old that is
    Show,
    /// Ask outside whom to tell, and show what would be told to whom, and why not the rest
    Plan {
        /// Ask nobody: show what is known and how much would be asked
        #[arg(long)]
        dry_run: bool,
    },
    /// Ask outside whom to tell, and put the mails into the outbox
    Send {
        #[command(flatten)]
        dry_run: DryRun,
    },
    /// Never write to a mail address or a domain again
    Block {
        /// A mail address, or a domain with everything below it
        subject: String,
        /// Why, for example "asked by mail on 22 November"
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        dry_run: DryRun,
    },
    /// Take a mail address or a domain off that list
    Allow {
        /// As `schakel safety-net list` shows it
        subject: String,
        /// Why
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        dry_run: DryRun,
    },
    /// Who must not be written to
    List,
}

pub fn run(context: &Context, command: &SafetyNetCommand) -> anyhow::Result<Ending> {
    match command {
        SafetyNetCommand::Show => show(context),
        SafetyNetCommand::Plan { dry_run } => plan_only(context, *dry_run),
        SafetyNetCommand::Send { dry_run } => send(context, *dry_run),
        SafetyNetCommand::Block { subject, reason, dry_run } => block(context, subject, reason, *dry_run),
        SafetyNetCommand::Allow { subject, reason, dry_run } => allow(context, subject, reason, *dry_run),
        SafetyNetCommand::List => list(context),
    }
}

fn show(context: &Context) -> anyhow::Result<Ending> {
    let reader = Reader::open(&context.data)?;
    let contacts = reader.read(abuse_contacts::all)?;
    let days = |at: i64| format!("{} days", (context.clock.now_seconds() - at).max(0) / 86_400);
    let row = |one: &AbuseContact| {
        vec![
            plain(&one.subject, 60),
            one.means.to_string(),
            one.means.confidence().to_string(),
            match (one.answered_at, one.found.is_empty()) {
                (None, _) => "no answer".to_owned(),
                (Some(_), true) => "nobody".to_owned(),
                (Some(_), false) => plain(&one.found.join(", "), 80),
            },
            plain(&one.holder, 40),
            one.answered_at.map_or_else(String::new, days),
        ]
    };
    let rows: Vec<Vec<String>> = contacts.iter().map(row).collect();
    match rows.is_empty() {
        true => context.out.line("Nobody was asked yet. `schakel safety-net plan` asks."),
        false => context.out.table(&["about", "means", "confidence", "named", "holder", "age"], &rows, &[5]),
    }
    let json_of = |one: &AbuseContact| {
        json!({
            "subject": one.subject, "means": one.means.as_str(), "confidence": one.means.confidence().as_str(), "found": one.found,
            "holder": one.holder, "asked_at": rfc3339(one.asked_at), "answered_at": one.answered_at.map(rfc3339),
            "until": one.until.map(rfc3339),
        })
    };
    context.out.json(&json!({ "contacts": contacts.iter().map(json_of).collect::<Vec<_>>() }))?;
    Ok(Ending::Done)
}

/// Asks what is to be asked. Some of it is due only when a first answer names nobody, which asking sees by itself.
fn ask(context: &Context, reader: &Reader, lookup: &Lookup, config: &Config) -> anyhow::Result<Asked> {
    let now = context.clock.now_seconds();
    let wanted = plan(reader, lookup, config, now)?.to_ask;
    let bar = progress_bar("questions asked");
    let asked =
        asking::ask(reader, lookup, &wanted, Limits::NONE, now, &|done| bar.set_position(done as u64))?;
    bar.finish_and_clear();
    Ok(asked)
}

fn plan_only(context: &Context, dry_run: bool) -> anyhow::Result<Ending> {
    let config = config::load(&context.data)?;
    let reader = Reader::open(&context.data)?;
    let lookup = Lookup::new(&config.outgoing)?;
    let asked = match dry_run {
        true => Asked::default(),
        false => ask(context, &reader, &lookup, &config)?,
    };
    let plan = plan(&reader, &lookup, &config, context.clock.now_seconds())?;
    say_off(context, &config);
    say_plan(context, &plan);
    let mut shown = plan_json(&plan);
    shown["asked"] = asked_json(asked);
    shown["dry_run"] = dry_run.into();
    context.out.json(&shown)?;
    Ok(Ending::Done)
}

fn send(context: &Context, dry_run: DryRun) -> anyhow::Result<Ending> {
    let config = config::load(&context.data)?;
    anyhow::ensure!(
        config.safety_net.enabled,
        "the safety net is off: set `enabled = true` under [safety_net] in {}",
        context.data.config().display()
    );
    let reader = Reader::open(&context.data)?;
    let lookup = Lookup::new(&config.outgoing)?;
    let asked = match dry_run.dry_run {
        true => Asked::default(),
        false => ask(context, &reader, &lookup, &config)?,
    };
    let templates = templates::in_force(&reader)?;
    let now = context.clock.now();
    let told = context.change(dry_run, |store| tell(store, &lookup, &config, &templates, now))?;
    let Some((made, plan)) = told else { return Ok(Ending::Done) };
    for one in &made {
        let findings = number(one.findings.len() as u64);
        context.out.line(format!("#{}  {}: {findings} findings", one.notification, plain(&one.address, 80)));
    }
    say_not_told(context, &plan);
    context.out.line(format!("{} mails are in the outbox.", number(made.len() as u64)));
    let mails: Vec<Value> = made
        .iter()
        .map(|one| {
            let findings: Vec<String> = one.findings.iter().map(|finding| format!("F{finding}")).collect();
            json!({ "notification": one.notification.0, "to": one.address, "findings": findings })
        })
        .collect();
    context.out.json(&json!({
        "mails": mails, "not_told": not_told_json(&plan), "asked": asked_json(asked), "dry_run": false,
    }))?;
    Ok(Ending::Done)
}

fn say_off(context: &Context, config: &Config) {
    if !config.safety_net.enabled {
        context.out.line(
            "The safety net is off: nothing is told. `enabled = true` under [safety_net] switches it on.",
        );
    }
}

fn say_plan(context: &Context, plan: &Plan) {
    let rows: Vec<Vec<String>> = plan
        .mails
        .iter()
        .map(|mail| {
            let means: Vec<&str> = mail.means.iter().map(|means| means.as_str()).collect();
            vec![
                plain(&mail.address, 60),
                means.join(", "),
                number(mail.findings.len() as u64),
                mail.terms.tlp.to_string(),
            ]
        })
        .collect();
    match rows.is_empty() {
        true => context.out.line("There is nothing to tell."),
        false => context.out.table(&["to", "found by", "findings", "marking"], &rows, &[2]),
    }
    say_not_told(context, plan);
}

fn say_not_told(context: &Context, plan: &Plan) {
    for (why, count) in &plan.not_told {
        context.out.line(format!("{} findings are not told: {}.", number(*count), words(why.as_str())));
    }
}

/// Why something is not told, in words.
fn words(why: &str) -> &str {
    match why {
        "source" => "a source forbids it",
        "look_up" => "a source forbids to look it up outside",
        "marking" => "they are marked higher than safety_net.tlp",
        "credentials" => "they are about accounts",
        "kind" => "their kind is not among safety_net.kinds",
        "severity" => "they are milder than safety_net.severity",
        "too_early" => "they are nobody's for too short a time (safety_net.delay_days)",
        "told" => "they were told less than 30 days ago",
        "no_subject" => "they have no public address and no public name",
        "not_asked" => "it is still to be asked who is named",
        "nobody" => "nobody is named",
        "ourselves" => "we are named ourselves: the register lacks something",
        "hub" => "another hub is named, which would send it back",
        "do_not_contact" => "whoever is named must not be written to",
        "desk_had_mail" => "whoever is named got a mail less than a day ago",
        "enough" => "today has had its mails (safety_net.mails_per_day)",
        other => other,
    }
}

fn plan_json(plan: &Plan) -> Value {
    let mails: Vec<Value> = plan
        .mails
        .iter()
        .map(|mail| {
            let findings: Vec<String> = mail.findings.iter().map(|one| format!("F{}", one.id)).collect();
            let means: Vec<&str> = mail.means.iter().map(|means| means.as_str()).collect();
            let confidence = mail.means.iter().map(|means| means.confidence()).min();
            json!({
                "to": mail.address, "means": means, "confidence": confidence.map(|one| one.as_str()), "findings": findings,
                "tlp": mail.terms.tlp.to_string(),
            })
        })
        .collect();
    let to_ask: Vec<Value> = plan
        .to_ask
        .iter()
        .map(|(finding, means)| {
            let about: Vec<String> =
                means.iter().map(|(means, subject)| format!("{means} {subject}")).collect();
            json!({ "finding": format!("F{finding}"), "about": about })
        })
        .collect();
    json!({ "mails": mails, "not_told": not_told_json(plan), "to_ask": to_ask })
}

fn not_told_json(plan: &Plan) -> Value {
    plan.not_told.iter().map(|(why, count)| (why.as_str().to_owned(), Value::from(*count))).collect()
}

fn asked_json(Asked { found, nobody, silent, left }: Asked) -> Value {
    json!({ "found": found, "nobody": nobody, "silent": silent, "left": left })
}

fn block(context: &Context, subject: &str, reason: &str, dry_run: DryRun) -> anyhow::Result<Ending> {
    anyhow::ensure!(!reason.trim().is_empty(), "say why with --reason");
    let subject = subject_of(subject)?;
    let actor = context.person()?;
    let act = Act { at: context.clock.now_seconds(), actor: actor.name(), reason };
    if context.change(dry_run, |store| Ok(store.do_not_contact(&act, &subject)?))?.is_some() {
        context.out.line(format!("{subject} is not written to any more."));
        context.out.json(&json!({ "ok": true, "subject": subject }))?;
    }
    Ok(Ending::Done)
}

fn allow(context: &Context, subject: &str, reason: &str, dry_run: DryRun) -> anyhow::Result<Ending> {
    let subject = subject_of(subject)?;
    let actor = context.person()?;
    let act = Act { at: context.clock.now_seconds(), actor: actor.name(), reason };
    let allowed = context.change(dry_run, |store: &mut Store| {
        let was_listed = store.may_contact(&act, &subject)?;
        anyhow::ensure!(was_listed, "{subject} is not on the list. `schakel safety-net list` shows it");
        Ok(())
    })?;
    if allowed.is_some() {
        context.out.line(format!("{subject} may be written to again."));
        context.out.json(&json!({ "ok": true, "subject": subject }))?;
    }
    Ok(Ending::Done)
}

fn list(context: &Context) -> anyhow::Result<Ending> {
    let listed = Reader::open(&context.data)?.read(do_not_contact::list)?;
    let rows: Vec<Vec<String>> = listed
        .iter()
        .map(|one| {
            vec![plain(&one.subject, 80), rfc3339(one.at), plain(&one.actor, 40), plain(&one.reason, 80)]
        })
        .collect();
    match rows.is_empty() {
        true => context.out.line("Everybody may be written to."),
        false => context.out.table(&["who", "since", "entered by", "why"], &rows, &[]),
    }
    let json_of = |one: &do_not_contact::DoNotContact| json!({ "subject": one.subject, "at": rfc3339(one.at), "actor": one.actor, "reason": one.reason });
    context.out.json(&json!({ "do_not_contact": listed.iter().map(json_of).collect::<Vec<_>>() }))?;
    Ok(Ending::Done)
}
