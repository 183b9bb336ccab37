//! `schakel answer`

use clap::{ArgGroup, Args, Subcommand};
use jiff::civil::Date;
use schakel_app::{
    answers::{
        Said,
        carry_out::carry_out,
        desk::{self, About},
        end_of_day,
    },
    claims::organisation,
    config,
    explain::{organisation_name, rfc3339},
    intake::Intake,
    register::standing,
};
use schakel_model::{
    answer::{AnswerKind, Standing},
    ids::{AnswerId, FindingId, NotificationId},
    register::Register,
};
use schakel_store::{
    Reader,
    act::Act,
    answers::{self, Answer},
    register,
};
use serde_json::{Value, json};

use crate::{
    Context,
    args::day,
    output::{Ending, number, plain},
    rehearsal::DryRun,
};

/// Characters of a text that stand in a line of a list.
const LINE_CHARS_MAX: usize = 60;

#[derive(Subcommand)]
#[allow(missing_docs)] // The help texts are the documentation.
pub enum AnswerCommand {
    /// What recipients said; by itself what waits for the desk
    List {
        /// Also what was decided, and what needed no decision, the newest first
        #[arg(long, conflicts_with = "notification")]
        all: bool,
        /// Everything that was said about a notification, for example N17
        #[arg(long, value_parser = notification_id)]
        notification: Option<NotificationId>,
        /// So many at most
        #[arg(long, default_value_t = 50)]
        limit: usize,
    },
    /// One answer, with its text
    Show {
        /// Its number, from `schakel answer list`
        #[arg(value_parser = answer_id)]
        answer: AnswerId,
    },
    /// It counts; a question was dealt with
    Accept {
        /// Its number, from `schakel answer list`
        #[arg(value_parser = answer_id)]
        answer: AnswerId,
        /// Until which day, for example 2027-03-01, where the answer does not say it
        #[arg(long, value_parser = day)]
        until: Option<Date>,
        /// Who decided to accept the risk, where the answer does not say it
        #[arg(long, value_name = "NAME")]
        decided_by: Option<String>,
        /// Why
        #[arg(long, default_value = "")]
        reason: String,
        #[command(flatten)]
        dry_run: DryRun,
    },
    /// It does not count; the finding goes on as if nobody had answered
    Refuse {
        /// Its number, from `schakel answer list`
        #[arg(value_parser = answer_id)]
        answer: AnswerId,
        /// Why
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        dry_run: DryRun,
    },
    /// Enter an answer for somebody who called or wrote elsewhere
    New(NewArgs),
}

#[derive(Args)]
#[command(group(ArgGroup::new("about").required(true).args(["notification", "finding"])))]
#[allow(missing_docs)]
pub struct NewArgs {
    /// received, in_progress, passed_on, fixed, not_ours, false_positive, risk_accepted, question
    pub kind: AnswerKind,
    /// About all that a notification tells, for example N17
    #[arg(long, value_parser = notification_id)]
    pub notification: Option<NotificationId>,
    /// About one finding, for example F12
    #[arg(long, value_parser = finding_id, requires = "organisation")]
    pub finding: Option<FindingId>,
    /// At which organisation, for example GM0513
    #[arg(long, value_name = "CODE")]
    pub organisation: Option<String>,
    /// Who answered: a name, and by what
    #[arg(long)]
    pub who: String,
    /// Until which day, for example 2026-12-03
    #[arg(long, value_parser = day)]
    pub until: Option<Date>,
    /// To whom it was passed on
    #[arg(long, default_value = "")]
    pub supplier: String,
    /// Who decided to accept the risk
    #[arg(long, value_name = "NAME", default_value = "")]
    pub decided_by: String,
    /// Why, as they said it
    #[arg(long, default_value = "")]
    pub reason: String,
    #[command(flatten)]
    pub dry_run: DryRun,
}

fn after<N: std::str::FromStr>(letters: [char; 2], what: &str, text: &str) -> Result<N, String> {
    let digits = text.strip_prefix(letters).unwrap_or(text);
    digits.parse().map_err(|_| format!("`{text}` is no {what}: write it as {}12", letters[0]))
}

fn answer_id(text: &str) -> Result<AnswerId, String> {
    after(['A', 'a'], "answer", text)
}

fn notification_id(text: &str) -> Result<NotificationId, String> {
    after(['N', 'n'], "notification", text)
}

fn finding_id(text: &str) -> Result<FindingId, String> {
    after(['F', 'f'], "finding", text)
}

pub fn run(context: &Context, command: &AnswerCommand) -> anyhow::Result<Ending> {
    match command {
        AnswerCommand::List { all, notification, limit } => list(context, *all, *notification, *limit),
        AnswerCommand::Show { answer } => show(context, *answer),
        AnswerCommand::Accept { answer, until, decided_by, reason, dry_run } => {
            let actor = context.person()?;
            let act = Act { at: context.clock.now_seconds(), actor: actor.name(), reason };
            let until = until.map(end_of_day).transpose()?;
            let done = context
                .change(*dry_run, |store| desk::accept(store, &act, *answer, until, decided_by.as_deref()))?;
            let Some(before) = done else { return Ok(Ending::Done) };
            let carried_out = disown(context, before.said.kind)?;
            context.out.line(format!("A{answer} counts: {}.", before.said.kind));
            decided(context, *answer, "taken", carried_out)
        }
        AnswerCommand::Refuse { answer, reason, dry_run } => {
            let actor = context.person()?;
            let act = Act { at: context.clock.now_seconds(), actor: actor.name(), reason };
            let done = context.change(*dry_run, |store| desk::refuse(store, &act, *answer))?;
            if done.is_none() {
                return Ok(Ending::Done);
            }
            context.out.line(format!("A{answer} does not count."));
            decided(context, *answer, "refused", false)
        }
        AnswerCommand::New(args) => new(context, args),
    }
}

fn new(context: &Context, args: &NewArgs) -> anyhow::Result<Ending> {
    let actor = context.person()?;
    let act = Act { at: context.clock.now_seconds(), actor: actor.name(), reason: &args.reason };
    let said = Said {
        kind: args.kind,
        findings: Vec::new(),
        until: args.until.map(end_of_day).transpose()?,
        supplier: args.supplier.clone(),
        decided_by: args.decided_by.clone(),
        reason: args.reason.clone(),
        text: String::new(),
    };
    let entered = context.change(args.dry_run, |store| {
        let about = match (args.notification, args.finding, &args.organisation) {
            (Some(notification), ..) => About::Notification(notification),
            (None, Some(finding), Some(code)) => {
                About::Finding(finding, organisation(&standing(store)?, code)?.id)
            }
            _ => anyhow::bail!("say about what with --notification, or with --finding and --organisation"),
        };
        desk::enter(store, &act, about, &args.who, said)
    })?;
    let Some(id) = entered else { return Ok(Ending::Done) };
    let carried_out = disown(context, args.kind)?;
    context.out.line(format!("A{id} is recorded: {}.", args.kind));
    decided(context, id, "taken", carried_out)
}

/// What is not theirs is taken from them at once.
fn disown(context: &Context, kind: AnswerKind) -> anyhow::Result<bool> {
    if kind != AnswerKind::NotOurs {
        return Ok(false);
    }
    let mut intake = Intake::open(&context.data, context.clock)?;
    let config = config::load(&context.data)?;
    let count = carry_out(&mut intake, &config, context.clock.now_seconds())?;
    intake.close()?;
    if count > 0 {
        context.out.line(
            "The register says so now, and the assignments are corrected. `schakel tell` tells whoever it concerns instead.",
        );
    }
    Ok(count > 0)
}

fn decided(context: &Context, id: AnswerId, standing: &str, carried_out: bool) -> anyhow::Result<Ending> {
    context
        .out
        .json(&json!({ "answer": format!("A{id}"), "standing": standing, "reattributed": carried_out }))?;
    Ok(Ending::Done)
}

fn list(context: &Context, all: bool, about: Option<NotificationId>, limit: usize) -> anyhow::Result<Ending> {
    let reader = Reader::open(&context.data)?;
    let names = reader.read(register::load_organisations_now)?;
    let answers = match about {
        Some(lead) => reader.read(|connection| answers::of_notification(connection, lead))?,
        None if all => reader.read(|connection| answers::newest(connection, limit))?,
        None => reader.read(answers::open)?.into_iter().take(limit).collect(),
    };
    let rows: Vec<Vec<String>> = answers.iter().map(|answer| cells(&names, answer)).collect();
    if rows.is_empty() {
        let nothing = match (about, all) {
            (None, false) => "No answer waits for the desk.",
            _ => "Nobody has answered yet.",
        };
        context.out.line(nothing);
    } else {
        let headings = ["answer", "when", "code", "about", "says", "standing", "from", "why"];
        context.out.table(&headings, &rows, &[]);
        context.out.line("`schakel answer show A1` shows one; `accept` and `refuse` decide.");
    }
    let values: Vec<Value> = answers.iter().map(|answer| answer_json(&names, answer)).collect();
    context.out.json(&json!({ "answers": values, "waiting": reader.read(answers::open_count)? }))?;
    Ok(Ending::Done)
}

fn cells(names: &Register, answer: &Answer) -> Vec<String> {
    let said = &answer.said;
    vec![
        format!("A{}", answer.id),
        rfc3339(answer.at),
        organisation_name(names, said.organisation).0.to_owned(),
        match said.findings.len() {
            0 => format!("N{}", said.notification),
            count => format!("N{}, {} findings", said.notification, number(count as u64)),
        },
        said.kind.to_string(),
        said.standing.to_string(),
        plain(&said.sender, 40),
        plain(&said.why, LINE_CHARS_MAX),
    ]
}

fn answer_json(names: &Register, answer: &Answer) -> Value {
    let said = &answer.said;
    json!({
        "answer": format!("A{}", answer.id),
        "at": rfc3339(answer.at),
        "organisation": organisation_name(names, said.organisation).0,
        "notification": format!("N{}", said.notification),
        "findings": said.findings.iter().map(|finding| format!("F{finding}")).collect::<Vec<_>>(),
        "kind": said.kind.as_str(),
        "until": said.until.map(rfc3339),
        "supplier": said.supplier,
        "decided_by": said.decided_by,
        "reason": said.reason,
        "way": said.way.as_str(),
        "sender": said.sender,
        "receipt": said.receipt.map(|receipt| receipt.to_string()),
        "standing": said.standing.as_str(),
        "why": said.why,
        "contradicts": said.contradicts.map(|other| format!("A{other}")),
        "decided_at": answer.decided_at.map(rfc3339),
        "reattributed_at": answer.done_at.map(rfc3339),
        "actor": answer.actor,
    })
}

fn show(context: &Context, id: AnswerId) -> anyhow::Result<Ending> {
    let reader = Reader::open(&context.data)?;
    let names = reader.read(register::load_organisations_now)?;
    let found = reader.read(|connection| answers::get(connection, id))?;
    let answer =
        found.ok_or_else(|| anyhow::anyhow!("there is no answer A{id}. `schakel answer list` lists them"))?;
    let said = &answer.said;
    let out = &context.out;
    out.line(format!(
        "A{id} of {}, {}, by {} from {}: {}",
        rfc3339(answer.at),
        organisation_name(&names, said.organisation).1,
        said.way,
        plain(&said.sender, 80),
        said.kind
    ));
    let findings: Vec<String> = said.findings.iter().map(|finding| format!("F{finding}")).collect();
    let about = if findings.is_empty() { "all that it tells".to_owned() } else { findings.join(", ") };
    out.line(format!("About: N{}: {about}", said.notification));
    for (label, text) in [
        ("Until", said.until.map(rfc3339).unwrap_or_default()),
        ("Supplier", said.supplier.clone()),
        ("Decided by", said.decided_by.clone()),
        ("Standing", said.standing.to_string()),
        ("Why", said.why.clone()),
        ("Decided", answer.decided_at.map(rfc3339).unwrap_or_default()),
    ] {
        if !text.is_empty() {
            out.line(format!("{label}: {}", plain(&text, 200)));
        }
    }
    if !said.text.is_empty() {
        out.line("");
        said.text.lines().for_each(|line| out.line(format!("  {}", plain(line, 160))));
    }
    if answer.is_open() {
        out.line("");
        out.line(match said.standing {
            Standing::Taken => format!(
                "It counts, but another answer says something else. `schakel answer accept A{id}` keeps it, `refuse` goes back to the other."
            ),
            _ => format!("`schakel answer accept A{id}` lets it count, `refuse --reason TEXT` does not."),
        });
    }
    let mut value = answer_json(&names, &answer);
    value["text"] = said.text.clone().into();
    out.json(&value)?;
    Ok(Ending::Done)
}
