//! What an organisation sees and says of itself beside its findings: on which days it is closed, and what a week was like.

use jiff::Timestamp;
use schakel_app::{
    calendar::amsterdam,
    closing_days,
    portal::own::{Own, weekly},
};
use schakel_model::register::Organisation;
use schakel_store::{register::load_organisations_now, rehearsal::Keep};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::claims::DryRun;
use crate::rest::{
    call::Call,
    problem::Problem,
    route::{Nothing, Page},
    values::{At, Day},
};

/// The organisation in the path, when it is theirs to see.
fn organisation(call: &Call) -> Result<Organisation, Problem> {
    let code = call.name("organisation");
    let names = call.reader.read(load_organisations_now)?;
    let found = names.organisations.into_iter().find(|one| one.code == code);
    found.filter(|one| call.tenant.sees(one.id)).ok_or_else(Problem::not_found)
}

/// A day on which an organisation is closed.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ClosingDay {
    day: String,
}

/// `GET /organisations/{organisation}/closing-days`: from today on.
pub fn closing_days(call: &Call, _: Nothing) -> Result<Page<ClosingDay>, Problem> {
    let organisation = organisation(call)?;
    let today = Timestamp::from_second(call.now).map_err(Problem::trouble)?.to_zoned(amsterdam()).date();
    let days = closing_days::of_organisation(&call.reader, organisation.id, today)?;
    Ok(Page::all(days.iter().map(|day| ClosingDay { day: day.to_string() }).collect()))
}

/// Days on which an organisation is closed, or is open after all.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct NewClosingDays {
    first: Day,
    /// The last of them; without it the first
    last: Option<Day>,
    /// Open after all
    open: Option<bool>,
}

/// What was changed.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DaysChanged {
    /// Nothing was kept
    dry_run: bool,
    /// Days that are different now, or would be
    days: usize,
}

/// `POST /organisations/{organisation}/closing-days`
pub fn close(call: &Call, query: DryRun, new: NewClosingDays) -> Result<DaysChanged, Problem> {
    let organisation = organisation(call)?;
    let dry_run = query.dry_run();
    let keep = if dry_run { Keep::Nothing } else { Keep::All };
    let days = new.first.0..=new.last.unwrap_or(new.first).0;
    let is_closed = !new.open.unwrap_or(false);
    let (days, _) = call.change("", move |at_work, act| {
        at_work
            .intake
            .store()
            .as_one(keep, |store| closing_days::set(store, &act, &organisation, days, is_closed))
    })?;
    Ok(DaysChanged { dry_run, days })
}

/// Which week.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct WeekQuery {
    /// The week that ends at this time; without it now
    until: Option<At>,
}

/// What happened in a week.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WeeklyOverview {
    organisation: String,
    since_at: At,
    until: At,
    sent: Vec<SentThen>,
    /// What was not told, and why
    not_told: Vec<NotTold>,
    /// What is open now, by kind, the worst first
    open: Vec<OpenKind>,
    /// How many open ones no program is given
    confidential: u64,
}

/// A message of the week.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SentThen {
    notification: String,
    at: At,
    kind: &'static str,
    /// Empty: no program is given it
    subject: String,
    findings: u64,
}

/// Something that was not told.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NotTold {
    fate: &'static str,
    reason: String,
    count: u64,
    /// How many of them came that week
    new: u64,
}

/// Open findings of a kind.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OpenKind {
    severity: &'static str,
    classification: &'static str,
    feed: String,
    identifier: String,
    count: u64,
    /// To how many nobody has said anything
    silent: u64,
    /// For how many days the oldest is open
    days_max: u32,
}

/// `GET /organisations/{organisation}/weekly-overview`
pub fn week(call: &Call, query: WeekQuery) -> Result<WeeklyOverview, Problem> {
    let code = call.name("organisation");
    let own = Own::of_program(&call.reader, &call.tenant, call.actor.name(), code, call.now)?;
    let own = own.ok_or_else(Problem::not_found)?;
    let until = query.until.map_or_else(String::new, |at| at.0.to_string());
    let found = weekly::weekly(&call.reader, &own, &until, call.now)?;
    Ok(WeeklyOverview {
        organisation: found.head.code,
        since_at: At(found.since),
        until: At(found.until),
        sent: found
            .sent
            .into_iter()
            .map(|one| SentThen {
                notification: format!("N{}", one.number),
                at: At(one.at),
                kind: one.kind,
                subject: one.subject,
                findings: one.findings,
            })
            .collect(),
        not_told: found
            .not_told
            .into_iter()
            .map(|one| NotTold { fate: one.fate, reason: one.reason, count: one.count, new: one.new })
            .collect(),
        open: found
            .open
            .into_iter()
            .map(|one| OpenKind {
                severity: one.severity,
                classification: one.classification,
                feed: one.feed,
                identifier: one.identifier,
                count: one.count,
                silent: one.silent,
                days_max: one.days_max,
            })
            .collect(),
        confidential: found.confidential,
    })
}
