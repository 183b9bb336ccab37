//! Campaigns: one report, told with a text and a deadline of its own. Until it is sent its assignments are held and name it.

use std::collections::HashSet;

use rusqlite::{Connection, OptionalExtension, Row, params};
use schakel_model::{
    answer::RecipientState,
    fate::Fate,
    ids::{CampaignId, NotificationId, OrganisationId, ReportId},
    language::Language,
};
use schakel_rules::campaign::{Stands, State};

use crate::{
    Store, StoreError,
    act::Act,
    audit::Action,
    chunks::Block,
    error::DatabaseContext,
    outbox::{NewNotification, set_fate, withheld},
    transaction::Transaction,
};

/// A campaign. Times are seconds since 1970.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Campaign {
    /// Its number.
    pub id: CampaignId,
    /// Its report; 0 as long as it is not taken in.
    pub report: ReportId,
    /// What it is called, also in its mails.
    pub title: String,
    /// Its text in Dutch.
    pub text_nl: String,
    /// Its text in English; empty: those who read English get the Dutch one.
    pub text_en: String,
    /// Until when it asks for an answer.
    pub deadline: Option<i64>,
    /// When it was made.
    pub created_at: i64,
    /// By whom.
    pub actor: String,
    /// When it was approved.
    pub approved_at: Option<i64>,
    /// By whom.
    pub approved_by: Option<String>,
    /// When all of it was put into the outbox.
    pub sent_at: Option<i64>,
    /// When it was closed.
    pub ended_at: Option<i64>,
}

impl Campaign {
    /// Its text for readers of this language.
    pub fn text(&self, language: Language) -> &str {
        match language {
            Language::En if !self.text_en.is_empty() => &self.text_en,
            Language::Nl | Language::En => &self.text_nl,
        }
    }

    /// How far it has come.
    pub fn stands(&self) -> Stands<'_> {
        let state = match (self.ended_at, self.sent_at, self.approved_at) {
            (Some(_), _, _) => State::Closed,
            (None, Some(_), _) => State::Sent,
            (None, None, Some(_)) => State::Approved,
            (None, None, None) => State::Made,
        };
        Stands { state, made_by: &self.actor, deadline: self.deadline }
    }
}

/// A campaign about to be made.
#[derive(Clone, Copy, Debug)]
pub struct NewCampaign<'a> {
    /// See [`Campaign::title`].
    pub title: &'a str,
    /// See [`Campaign::text_nl`].
    pub text_nl: &'a str,
    /// See [`Campaign::text_en`].
    pub text_en: &'a str,
    /// See [`Campaign::deadline`].
    pub deadline: Option<i64>,
}

/// How a campaign stands at one organisation.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AtOrganisation {
    /// Which.
    pub organisation: OrganisationId,
    /// Findings that were told.
    pub told: u64,
    /// Of those: said or seen to be gone.
    pub fixed: u64,
    /// Answered in another way.
    pub answered: u64,
    /// Without any reaction.
    pub silent: u64,
}

impl Store {
    /// Makes a campaign about a report, or about one that is about to be taken in.
    pub fn new_campaign(
        &mut self,
        act: &Act<'_>,
        report: Option<ReportId>,
        new: &NewCampaign<'_>,
    ) -> Result<CampaignId, StoreError> {
        self.write(|transaction| {
            transaction
                .execute(
                    "INSERT INTO campaign (report, title, text_nl, text_en, deadline, created_at, actor) VALUES (?1,?2,?3,?4,?5,?6,?7)",
                    params![
                        report.map_or(0, |report| report.0),
                        new.title,
                        new.text_nl,
                        new.text_en,
                        new.deadline,
                        act.at,
                        act.actor
                    ],
                )
                .doing("make a campaign")?;
            let id = CampaignId(transaction.last_insert_rowid() as u32);
            act.audit(transaction, Action::CampaignCreated, &subject(id), "")?;
            Ok(id)
        })
    }

    /// Holds what of a campaign's report waits to be told. Gives how many blocks.
    pub fn hold_for_campaign(&mut self, at: i64, id: CampaignId) -> Result<usize, StoreError> {
        self.write(|transaction| {
            let blocks: Vec<i64> = transaction
                .prepare_cached(
                    "SELECT id FROM assignment_block WHERE fate = ?1 AND reference IS NULL AND organisation > 0
                        AND report = (SELECT report FROM campaign WHERE id = ?2) ORDER BY id",
                )
                .and_then(|mut statement| {
                    statement.query_map(params![Fate::Queued as u8, id.0], |row| row.get(0))?.collect()
                })
                .doing("find what a campaign holds")?;
            for block in &blocks {
                set_fate(transaction, at, *block, Fate::Held, Some(id.0), &format!("campaign {id}"))?;
            }
            Ok(blocks.len())
        })
    }

    /// Records that a campaign may leave.
    pub fn approve_campaign(&mut self, act: &Act<'_>, id: CampaignId) -> Result<(), StoreError> {
        self.write(|transaction| {
            transaction
                .execute(
                    "UPDATE campaign SET approved_at = ?2, approved_by = ?3 WHERE id = ?1 AND approved_at IS NULL",
                    params![id.0, act.at, act.actor],
                )
                .doing("approve a campaign")?;
            act.audit(transaction, Action::CampaignApproved, &subject(id), "")
        })
    }

    /// Puts notifications of a campaign into the outbox. `others` are held assignments that nobody can be told of, with the fate they get
    /// instead. `is_all`: nothing is left, and the campaign is sent.
    pub fn send_campaign(
        &mut self,
        act: &Act<'_>,
        id: CampaignId,
        new: &[NewNotification],
        others: &[(i64, Fate)],
        is_all: bool,
    ) -> Result<(), StoreError> {
        let reason = format!("campaign {id}");
        self.store_notifications_and(new, act.at, |transaction| {
            for one in new {
                let number = one.notification.id.0;
                for block in &one.blocks {
                    set_fate(transaction, act.at, *block, Fate::Queued, Some(number), &reason)?;
                }
                transaction
                    .prepare_cached("INSERT INTO campaign_notification VALUES (?1,?2)")
                    .and_then(|mut statement| statement.execute(params![id.0, number]))
                    .doing("note a notification of a campaign")?;
            }
            // They were held by the campaign until now; some may be because nobody can read them in safety.
            withheld::hold(transaction, new, act.at)?;
            for (block, fate) in others {
                set_fate(transaction, act.at, *block, *fate, None, &reason)?;
            }
            if is_all {
                transaction
                    .execute("UPDATE campaign SET sent_at = ?2 WHERE id = ?1", params![id.0, act.at])
                    .doing("record that a campaign was sent")?;
                act.audit(transaction, Action::CampaignSent, &subject(id), "")?;
            }
            Ok(())
        })
    }

    /// Closes a campaign. What it still holds is told as usual from then on.
    pub fn close_campaign(&mut self, act: &Act<'_>, id: CampaignId) -> Result<(), StoreError> {
        self.write(|transaction| {
            for block in held_ids(transaction, id)? {
                set_fate(transaction, act.at, block, Fate::Queued, None, "the campaign was closed")?;
            }
            transaction
                .execute("UPDATE campaign SET ended_at = ?2 WHERE id = ?1", params![id.0, act.at])
                .doing("close a campaign")?;
            act.audit(transaction, Action::CampaignClosed, &subject(id), "")
        })
    }

    /// Records that the source of a campaign heard what came of it.
    pub fn note_campaign_answer(&mut self, act: &Act<'_>, id: CampaignId) -> Result<(), StoreError> {
        self.write(|transaction| act.audit(transaction, Action::CampaignAnswered, &subject(id), ""))
    }

    /// Forgets a campaign whose file turned out to be in another one.
    pub fn drop_campaign(&mut self, id: CampaignId) -> Result<(), StoreError> {
        self.write(|transaction| {
            transaction
                .execute("DELETE FROM campaign WHERE id = ?1 AND report = 0", [id.0])
                .doing("drop a campaign")
                .map(|_| ())
        })
    }

    /// Ties a campaign without a report to one.
    pub fn attach_campaign(&mut self, id: CampaignId, report: ReportId) -> Result<(), StoreError> {
        self.write(|transaction| attach(transaction, id, report))
    }
}

fn subject(id: CampaignId) -> String {
    format!("campaign:{id}")
}

/// Ties a campaign to its report, in the transaction that begins the report.
pub(crate) fn attach(
    transaction: &Transaction<'_>,
    id: CampaignId,
    report: ReportId,
) -> Result<(), StoreError> {
    transaction
        .execute("UPDATE campaign SET report = ?2 WHERE id = ?1 AND report = 0", params![id.0, report.0])
        .doing("tie a campaign to its report")
        .map(|_| ())
}

const COLUMNS: &str = "id, report, title, text_nl, text_en, deadline, created_at, actor, approved_at, approved_by, sent_at, ended_at";

fn from_row(row: &Row<'_>) -> rusqlite::Result<Campaign> {
    Ok(Campaign {
        id: CampaignId(row.get(0)?),
        report: ReportId(row.get(1)?),
        title: row.get(2)?,
        text_nl: row.get(3)?,
        text_en: row.get(4)?,
        deadline: row.get(5)?,
        created_at: row.get(6)?,
        actor: row.get(7)?,
        approved_at: row.get(8)?,
        approved_by: row.get(9)?,
        sent_at: row.get(10)?,
        ended_at: row.get(11)?,
    })
}

/// One campaign.
pub fn get(connection: &Connection, id: CampaignId) -> Result<Option<Campaign>, StoreError> {
    connection
        .query_row(&format!("SELECT {COLUMNS} FROM campaign WHERE id = ?1"), [id.0], from_row)
        .optional()
        .doing("read a campaign")
}

/// All campaigns, the newest first.
pub fn list(connection: &Connection) -> Result<Vec<Campaign>, StoreError> {
    connection
        .prepare_cached(&format!("SELECT {COLUMNS} FROM campaign ORDER BY id DESC"))
        .and_then(|mut statement| statement.query_map([], from_row)?.collect())
        .doing("read campaigns")
}

/// The reports that are not told but by a campaign, which was not sent yet.
pub fn reports_kept_back(connection: &Connection) -> Result<HashSet<ReportId>, StoreError> {
    connection
        .prepare_cached(
            "SELECT report FROM campaign WHERE report > 0 AND sent_at IS NULL AND ended_at IS NULL",
        )
        .and_then(|mut statement| statement.query_map([], |row| row.get(0).map(ReportId))?.collect())
        .doing("read the reports of campaigns")
}

fn held_ids(connection: &Connection, id: CampaignId) -> Result<Vec<i64>, StoreError> {
    connection
        .prepare_cached(
            "SELECT id FROM assignment_block WHERE fate = ?1 AND reference = ?2
                AND report = (SELECT report FROM campaign WHERE id = ?2) ORDER BY id",
        )
        .and_then(|mut statement| {
            statement.query_map(params![Fate::Held as u8, id.0], |row| row.get(0))?.collect()
        })
        .doing("find what a campaign holds")
}

/// What a campaign holds.
pub fn held(connection: &Connection, id: CampaignId) -> Result<Vec<Block>, StoreError> {
    let mut blocks = Vec::new();
    for block in held_ids(connection, id)? {
        blocks.extend(crate::chunks::block(connection, block)?);
    }
    Ok(blocks)
}

/// The notifications of a campaign.
pub fn notifications(connection: &Connection, id: CampaignId) -> Result<Vec<NotificationId>, StoreError> {
    connection
        .prepare_cached(
            "SELECT notification FROM campaign_notification WHERE campaign = ?1 ORDER BY notification",
        )
        .and_then(|mut statement| {
            statement.query_map([id.0], |row| row.get(0).map(NotificationId))?.collect()
        })
        .doing("read the notifications of a campaign")
}

/// How a campaign stands at each organisation that was told.
pub fn table(connection: &Connection, id: CampaignId) -> Result<Vec<AtOrganisation>, StoreError> {
    let (told, fixed) = (RecipientState::Told as u8, RecipientState::Fixed as u8);
    connection
        .prepare_cached(
            "SELECT u.organisation, count(*),
                sum(u.state = ?3 OR u.closed_at IS NOT NULL),
                sum(u.state NOT IN (?2, ?3) AND u.closed_at IS NULL),
                sum(u.state = ?2 AND u.closed_at IS NULL)
             FROM campaign_notification c JOIN follow_up u ON u.first_told_by = c.notification
             WHERE c.campaign = ?1 GROUP BY u.organisation ORDER BY u.organisation",
        )
        .and_then(|mut statement| {
            statement
                .query_map(params![id.0, told, fixed], |row| {
                    let number = |column: usize| row.get::<_, i64>(column).map(|value| value as u64);
                    Ok(AtOrganisation {
                        organisation: OrganisationId(row.get(0)?),
                        told: number(1)?,
                        fixed: number(2)?,
                        answered: number(3)?,
                        silent: number(4)?,
                    })
                })?
                .collect()
        })
        .doing("count what came of a campaign")
}
