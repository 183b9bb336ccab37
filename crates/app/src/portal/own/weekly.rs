//! What happened in a week: what was sent to a member, what was not and why, and what is open. The mail says the same once a week; here it is there
//! at any time.

use std::collections::BTreeMap;

use schakel_model::{answer::NotificationKind, tlp::Tlp};
use schakel_rules::confidential::Wish;
use schakel_store::{
    Reader, findings,
    weekly_overviews::{self as stored},
};
use serde::Serialize;

use super::{Head, Own, Sight, as_wished};

/// A week, in seconds.
const WEEK_SECONDS: i64 = 7 * 86_400;

/// The page.
#[derive(Debug, Serialize)]
pub struct Weekly {
    /// At whom one looks.
    pub head: Head,
    /// From when, in seconds since 1970.
    pub since: i64,
    /// Until when.
    pub until: i64,
    /// Where the week before ends.
    pub before: i64,
    /// Where the week after ends; 0: it is not over.
    pub after: i64,
    /// What was sent: number, when, a word for what, subject (empty: for the trusted contact), findings.
    pub sent: Vec<Sent>,
    /// What was not told: a word for why, a reason in words, how many, how many new ones.
    pub not_told: Vec<NotTold>,
    /// What is open, by kind, the worst first.
    pub open: Vec<Open>,
    /// How many open ones are for the trusted contact only.
    pub confidential: u64,
}

/// A message of the week.
#[derive(Debug, Serialize)]
pub struct Sent {
    /// Its number.
    pub number: u32,
    /// When, in seconds since 1970.
    pub at: i64,
    /// A word.
    pub kind: &'static str,
    /// Its subject; empty: it is for the trusted contact.
    pub subject: String,
    /// How many findings it tells.
    pub findings: u64,
}

/// Something that was not told.
#[derive(Debug, Serialize)]
pub struct NotTold {
    /// A word.
    pub fate: &'static str,
    /// Why, in words.
    pub reason: String,
    /// How many.
    pub count: u64,
    /// How many of them came this week.
    pub new: u64,
}

/// Open findings of a kind.
#[derive(Debug, Default, Serialize)]
pub struct Open {
    /// A word.
    pub severity: &'static str,
    /// A word.
    pub classification: &'static str,
    /// The report type.
    pub feed: String,
    /// The identifier.
    pub identifier: String,
    /// How many.
    pub count: u64,
    /// How many of them nobody has said anything about.
    pub silent: u64,
    /// For how many days the oldest is open.
    pub days_max: u32,
}

/// The week that ends at this time (as it stands in the address), or now.
pub fn weekly(reader: &Reader, own: &Own, until: &str, now: i64) -> anyhow::Result<Weekly> {
    let until = until.parse().unwrap_or(now).clamp(WEEK_SECONDS, now);
    let since = until - WEEK_SECONDS;
    let mut page = Weekly {
        head: own.head.clone(),
        since,
        until,
        before: since,
        after: if until < now { (until + WEEK_SECONDS).min(now) } else { 0 },
        sent: Vec::new(),
        not_told: Vec::new(),
        open: Vec::new(),
        confidential: 0,
    };
    let kinds = reader.read(findings::kinds)?;
    let mut open: BTreeMap<_, Open> = BTreeMap::new();
    for place in &own.places {
        for one in reader.read(|connection| stored::sent(connection, *place, (since, until)))? {
            if one.kind == NotificationKind::Overview {
                continue;
            }
            let sight = own.sight_of_notification(one.tlp, wish(one.confidential));
            let is_seen = sight == Sight::Seen;
            if sight != Sight::Hidden {
                page.sent.push(Sent {
                    number: one.id.0,
                    at: one.at,
                    kind: one.kind.as_str(),
                    subject: if is_seen { one.subject } else { String::new() },
                    findings: if is_seen { one.findings } else { 0 },
                });
            }
        }
        for one in reader.read(|connection| stored::open(connection, *place, now))? {
            match own.sight(as_wished(one.tlp, wish(one.confidential)).into()) {
                Sight::Seen => {}
                Sight::Confidential => {
                    page.confidential += one.count;
                    continue;
                }
                Sight::Hidden => continue,
            }
            let Some(kind) = kinds.get(one.kind.0 as usize) else { continue };
            let entry = open.entry((std::cmp::Reverse(one.severity), one.kind)).or_insert_with(|| Open {
                severity: one.severity.as_str(),
                classification: kind.classification.as_str(),
                feed: kind.feed.clone(),
                identifier: kind.identifier.clone(),
                ..Open::default()
            });
            entry.count += one.count;
            entry.days_max = entry.days_max.max(one.days);
            if one.state == schakel_model::answer::RecipientState::Told {
                entry.silent += one.count;
            }
        }
    }
    // What was held back is between a member and the desk: who serves it hears nothing of that.
    if own.sight(Tlp::Amber.into()) == Sight::Seen && own.is_own() {
        page.not_told = not_told(reader, own, since)?;
    }
    page.open = open.into_values().collect();
    page.sent.sort_by_key(|one| std::cmp::Reverse(one.number));
    Ok(page)
}

fn not_told(reader: &Reader, own: &Own, since: i64) -> anyhow::Result<Vec<NotTold>> {
    let all = reader.read(|connection| stored::not_told(connection, since))?;
    let theirs = all.into_iter().filter(|one| own.places.contains(&one.organisation));
    let shown = |one: stored::NotTold| NotTold {
        fate: one.fate.as_str(),
        reason: one.reason,
        count: one.count,
        new: one.new,
    };
    Ok(theirs.map(shown).collect())
}

fn wish(confidential: bool) -> Wish {
    if confidential { Wish::Confidential } else { Wish::ByMarking }
}
