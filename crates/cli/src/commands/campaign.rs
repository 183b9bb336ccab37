//! `schakel campaign`

mod outcome;

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::{Args, Subcommand};
use jiff::{ToSpan, civil::Date};
use schakel_app::{
    calendar, campaigns, config,
    explain::rfc3339,
    incoming::Incoming,
    intake::Intake,
    pipeline::state,
    sources,
    tell::{Composed, Composer},
    templates,
};
use schakel_model::{
    ids::{CampaignId, ReportId},
    tlp::Tlp,
};
use schakel_store::{
    Reader, Store,
    act::Act,
    campaigns::{self as stored, Campaign, NewCampaign},
    register,
};
use serde_json::{Value, json};

use crate::{
    Context,
    args::ReadingArgs,
    output::{Ending, number, plain, say},
    rehearsal::DryRun,
};

#[derive(Subcommand)]
#[allow(missing_docs)] // The help texts are the documentation.
pub enum CampaignCommand {
    /// Make one of a file, or of a report that was taken in. Nothing of it is told until the campaign is sent
    New(Box<NewArgs>),
    /// All campaigns, the newest first
    List,
    /// What it says, and who would be told what
    Show {
        /// Its number
        #[arg(value_parser = id)]
        campaign: CampaignId,
    },
    /// Say that it may leave; whoever made it cannot
    Approve {
        /// Its number
        #[arg(value_parser = id)]
        campaign: CampaignId,
        /// Why
        #[arg(long, default_value = "")]
        reason: String,
        #[command(flatten)]
        dry_run: DryRun,
    },
    /// Put its mails into the outbox
    Send {
        /// Its number
        #[arg(value_parser = id)]
        campaign: CampaignId,
        /// Why
        #[arg(long, default_value = "")]
        reason: String,
    },
    /// What came of it, for each organisation: told, answered, fixed, silent
    Table {
        /// Its number
        #[arg(value_parser = id)]
        campaign: CampaignId,
    },
    /// Report back to the source: numbers, never names
    AnswerSource {
        /// Its number
        #[arg(value_parser = id)]
        campaign: CampaignId,
        /// Why
        #[arg(long, default_value = "")]
        reason: String,
        #[command(flatten)]
        dry_run: DryRun,
    },
    /// End it. What it still holds is told as usual
    Close {
        /// Its number
        #[arg(value_parser = id)]
        campaign: CampaignId,
        /// Why
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        dry_run: DryRun,
    },
}

#[derive(Args)]
#[allow(missing_docs)]
pub struct NewArgs {
    /// A file, or the number of a report from `schakel reports`
    #[arg(value_name = "REPORT|FILE")]
    pub about: PathBuf,
    /// What it is called, also in the subject of its mails
    #[arg(long)]
    pub title: String,
    /// A file with its text in Dutch: a line is a paragraph
    #[arg(long, value_name = "FILE")]
    pub text: PathBuf,
    /// A file with its text in English [default: those who read English get the Dutch one]
    #[arg(long, value_name = "FILE")]
    pub text_en: Option<PathBuf>,
    /// Until when an answer is asked: a day, in the time of the Netherlands
    #[arg(long, value_name = "2026-12-01")]
    pub deadline: Option<Date>,
    /// The source of the file, from `schakel source list`
    #[arg(long, value_name = "CODE")]
    pub source: Option<String>,
    /// The marking of the file: CLEAR, GREEN, AMBER, AMBER+STRICT or RED [default: of its source, else from the configuration]
    #[arg(long)]
    pub tlp: Option<Tlp>,
    /// Why
    #[arg(long, default_value = "")]
    pub reason: String,
    #[command(flatten)]
    pub reading: ReadingArgs,
}

fn id(text: &str) -> Result<CampaignId, String> {
    let digits = text.strip_prefix("CA").unwrap_or(text);
    digits.parse().map(CampaignId).map_err(|_| format!("`{text}` is no campaign: write for example 3"))
}

pub fn run(context: &Context, command: &CampaignCommand) -> anyhow::Result<Ending> {
    match command {
        CampaignCommand::New(args) => new(context, args),
        CampaignCommand::List => list(context),
        CampaignCommand::Show { campaign } => show(context, *campaign),
        CampaignCommand::Approve { campaign, reason, dry_run } => {
            let actor = context.person()?;
            let act = Act { at: context.clock.now_seconds(), actor: actor.name(), reason };
            let done = context.change(*dry_run, |store| campaigns::approve(store, &act, *campaign))?;
            finished(
                context,
                done,
                &format!("Campaign {campaign} may leave: `schakel campaign send {campaign}`."),
            )
        }
        CampaignCommand::Send { campaign, reason } => send(context, *campaign, reason),
        CampaignCommand::Table { campaign } => outcome::table(context, *campaign),
        CampaignCommand::AnswerSource { campaign, reason, dry_run } => {
            outcome::answer_source(context, *campaign, reason, *dry_run)
        }
        CampaignCommand::Close { campaign, reason, dry_run } => {
            let actor = context.person()?;
            let act = Act { at: context.clock.now_seconds(), actor: actor.name(), reason };
            let done = context.change(*dry_run, |store| campaigns::close(store, &act, *campaign))?;
            finished(context, done, &format!("Campaign {campaign} is closed."))
        }
    }
}

fn finished(context: &Context, done: Option<()>, line: &str) -> anyhow::Result<Ending> {
    if done.is_some() {
        context.out.line(line);
        context.out.json(&json!({ "ok": true }))?;
    }
    Ok(Ending::Done)
}

fn read(path: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

/// The end of a day: a minute before the next.
fn end_of(day: Date) -> anyhow::Result<i64> {
    let next = day.checked_add(1.day()).context("that day is too far away")?;
    Ok(next.to_zoned(calendar::amsterdam())?.timestamp().as_second() - 60)
}

fn new(context: &Context, args: &NewArgs) -> anyhow::Result<Ending> {
    let actor = context.person()?;
    let act = Act { at: context.clock.now_seconds(), actor: actor.name(), reason: &args.reason };
    let text_nl = read(&args.text)?;
    let text_en = args.text_en.as_deref().map(read).transpose()?.unwrap_or_default();
    let deadline = args.deadline.map(end_of).transpose()?;
    let new = NewCampaign { title: args.title.trim(), text_nl: &text_nl, text_en: &text_en, deadline };
    let report = args.about.to_str().filter(|_| !args.about.exists()).and_then(|text| text.parse().ok());
    let (id, report, held, failures) = match report {
        Some(report) => {
            let mut store = Store::open(&context.data)?;
            let (id, held) = campaigns::about_report(&mut store, &act, ReportId(report), &new)?;
            (id, ReportId(report), held, Vec::new())
        }
        None => {
            let reader_of_sources = Reader::open(&context.data)?;
            let source = match &args.source {
                Some(code) => Some(sources::standing(&reader_of_sources, code)?),
                None => None,
            };
            let reading = super::reading(&args.reading, config::load(&context.data)?.reading()?)?;
            let mut incoming = Incoming::file(&args.about)?;
            incoming.origin.tlp = args.tlp.or(source.as_ref().and_then(|source| source.tlp));
            incoming.origin.untold = source.as_ref().is_some_and(|source| !source.may_notify);
            incoming.origin.source = source.map(|source| source.id).unwrap_or_default();
            let mut intake = Intake::open(&context.data, context.clock)?;
            let bar = super::ingest::progress_bar("rows");
            let taken = campaigns::about_file(&mut intake, &act, incoming, &reading, &new, &|progress| {
                bar.set_position(progress.sums.rows);
            });
            bar.finish_and_clear();
            let (id, ingested, held) = taken?;
            intake.settle()?;
            (id, ingested.report, held, ingested.failures)
        }
    };
    failures.iter().for_each(|failure| say(format!("error: {failure}")));
    context.out.line(format!(
        "Campaign {id} is about report {report}: {} groups of assignments are held. `schakel campaign show {id}` shows who would be told.",
        number(held as u64)
    ));
    context.out.line(format!("Another desk user approves it: `schakel campaign approve {id}`."));
    context.out.json(
        &json!({ "ok": failures.is_empty(), "campaign": id.0, "report": report.0, "failures": failures }),
    )?;
    Ok(if failures.is_empty() { Ending::Done } else { Ending::Failed })
}

fn list(context: &Context) -> anyhow::Result<Ending> {
    let all = Reader::open(&context.data)?.read(stored::list)?;
    let rows: Vec<_> = all
        .iter()
        .map(|one| {
            vec![
                one.id.to_string(),
                one.stands().state.to_string(),
                one.report.to_string(),
                one.deadline.map(rfc3339).unwrap_or_default(),
                plain(&one.actor, 30),
                plain(one.approved_by.as_deref().unwrap_or(""), 30),
                plain(&one.title, 60),
            ]
        })
        .collect();
    if rows.is_empty() {
        context.out.line("There is no campaign.");
    } else {
        let headings = ["campaign", "state", "report", "deadline", "made by", "approved by", "title"];
        context.out.table(&headings, &rows, &[0, 2]);
    }
    context.out.json(&json!({ "campaigns": all.iter().map(campaign_json).collect::<Vec<_>>() }))?;
    Ok(Ending::Done)
}

fn campaign_json(campaign: &Campaign) -> Value {
    json!({
        "campaign": campaign.id.0,
        "state": campaign.stands().state.as_str(),
        "report": campaign.report.0,
        "title": campaign.title,
        "deadline": campaign.deadline.map(rfc3339),
        "created_at": rfc3339(campaign.created_at),
        "made_by": campaign.actor,
        "approved_by": campaign.approved_by,
        "sent_at": campaign.sent_at.map(rfc3339),
        "ended_at": campaign.ended_at.map(rfc3339),
    })
}

fn show(context: &Context, id: CampaignId) -> anyhow::Result<Ending> {
    let config = config::load(&context.data)?;
    let reader = Reader::open(&context.data)?;
    let campaign = campaigns::get(&reader, id)?;
    let view = state::register_view(&reader, reader.read(register::version)?)?;
    let templates = templates::in_force(&reader)?;
    let now = context.clock.now();
    let composer = Composer { reader: &reader, view: &view, config: &config, templates: &templates, now };
    let out = &context.out;
    out.line(format!("Campaign {id} ({}): {}", campaign.stands().state, plain(&campaign.title, 100)));
    out.line(format!("Report {}, made by {}", campaign.report, plain(&campaign.actor, 60)));
    if let Some(deadline) = campaign.deadline {
        out.line(format!("Deadline {}", rfc3339(deadline)));
    }
    let mut listed = Vec::new();
    let mut first: Option<String> = None;
    let mut highest = Tlp::Clear;
    composer.compose_campaign(&campaign, None, &mut |composed| {
        out.line(format!("would be told  {}", line(composed)));
        first.get_or_insert_with(|| {
            format!("Subject: {}\n\n{}", composed.message.subject, composed.message.text)
        });
        highest = highest.max(composed.notification.tlp);
        listed.push(composed_json(composed));
    })?;
    context.looker(&reader, &context.actor()?).item(&format!("campaign:{id}"), highest)?;
    if let Some(text) = &first {
        out.line(format!("\nThe first of them:\n\n{text}"));
    } else {
        out.line("Nothing of it waits to be told.");
    }
    out.json(&json!({ "campaign": campaign_json(&campaign), "would_be_told": listed, "first": first }))?;
    Ok(Ending::Done)
}

fn line(composed: &Composed) -> String {
    let (code, name) = &composed.organisation;
    format!(
        "{code} {}: {} findings, to {}",
        plain(name, 60),
        number(composed.notification.findings),
        composed.recipients.join(", ")
    )
}

fn composed_json(composed: &Composed) -> Value {
    json!({
        "organisation": composed.organisation.0,
        "findings": composed.notification.findings,
        "recipients": composed.recipients,
        "subject": composed.message.subject,
    })
}

fn send(context: &Context, id: CampaignId, reason: &str) -> anyhow::Result<Ending> {
    let actor = context.person()?;
    let act = Act { at: context.clock.now_seconds(), actor: actor.name(), reason };
    let config = config::load(&context.data)?;
    let mut store = Store::open(&context.data)?;
    let reader = store.reader()?;
    let view = state::register_view(&reader, reader.read(register::version)?)?;
    let templates = templates::in_force(&reader)?;
    let now = context.clock.now();
    let composer = Composer { reader: &reader, view: &view, config: &config, templates: &templates, now };
    let mut listed = Vec::new();
    let count = campaigns::send(&composer, &mut store, &act, id, &mut |composed| {
        context.out.line(format!("#{}  {}", composed.notification.id, line(composed)));
        listed.push(composed_json(composed));
    })?;
    context.out.line(format!(
        "{} notifications. `schakel serve` or `schakel outbox --send` sends them.",
        number(count as u64)
    ));
    context.out.json(&json!({ "ok": true, "notifications": listed }))?;
    Ok(Ending::Done)
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    #[test]
    fn a_deadline_is_the_last_minute_of_its_day() {
        let end =
            |day: &str| Timestamp::from_second(end_of(day.parse().unwrap()).unwrap()).unwrap().to_string();
        assert_eq!(end("2026-12-01"), "2026-12-01T22:59:00Z");
        assert_eq!(end("2026-03-29"), "2026-03-29T21:59:00Z");
    }
}
