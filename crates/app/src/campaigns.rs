//! Campaigns: a report taken in without being told as usual, looked at by two people, told with its own text, and followed to its end.

use anyhow::{Context, bail, ensure};
use jiff::Timestamp;
use schakel_model::{
    ids::{CampaignId, ReportId},
    language::Language,
    source::Source,
    tlp::Tlp,
};
use schakel_render::{
    letter::{About, CampaignCounts},
    templates::{Replacement, Templates},
};
use schakel_rules::campaign::{Step, may};
use schakel_store::{
    Reader, Store,
    act::Act,
    campaigns::{self, AtOrganisation, Campaign, NewCampaign},
    reports, sources,
};

use crate::{
    config::Config,
    incoming::Incoming,
    intake::{Ingested, Intake},
    letters::{Addressed, language_of, post},
    pipeline::run::Progress,
    reading::Reading,
    tell::{Composed, Composer},
};

/// A title stands in a subject.
const TITLE_CHARS_MAX: usize = 100;

/// A text that is longer than two pages is not read.
const TEXT_CHARS_MAX: usize = 6_000;

/// The campaign with this number.
pub fn get(reader: &Reader, id: CampaignId) -> anyhow::Result<Campaign> {
    reader
        .read(|connection| campaigns::get(connection, id))?
        .with_context(|| format!("there is no campaign {id}. `schakel campaign list` names them"))
}

/// Makes a campaign about a report that was taken in. What of it was told already stays told. Gives how many blocks of assignments it holds.
pub fn about_report(
    store: &mut Store,
    act: &Act<'_>,
    report: ReportId,
    new: &NewCampaign<'_>,
) -> anyhow::Result<(CampaignId, usize)> {
    check(new, act.at)?;
    let known = store.read(|connection| reports::get(connection, report))?;
    let known =
        known.with_context(|| format!("there is no report {report}. `schakel reports` lists them"))?;
    ensure!(known.withdrawn_at.is_none(), "report {report} was taken back by its source");
    is_free(store, report)?;
    let id = store.new_campaign(act, Some(report), new)?;
    let held = store.hold_for_campaign(act.at, id)?;
    Ok((id, held))
}

/// Takes a file in, and makes a campaign about it. From its first row on nothing of it is told as usual, also when this is broken off: the same
/// command goes on with it then.
pub fn about_file(
    intake: &mut Intake,
    act: &Act<'_>,
    incoming: Incoming,
    reading: &Reading,
    new: &NewCampaign<'_>,
    progress: &(dyn Fn(&Progress) + Sync),
) -> anyhow::Result<(CampaignId, Ingested, usize)> {
    check(new, act.at)?;
    let id = intake.store().new_campaign(act, None, new)?;
    let mut incoming = incoming;
    incoming.origin.campaign = Some(id);
    let taken = intake.take(incoming, reading, progress);
    let ingested = match taken {
        Ok(ingested) => ingested,
        Err(error) => {
            // A file of which nothing was taken in needs no campaign.
            intake.store().drop_campaign(id)?;
            return Err(error);
        }
    };
    let store = intake.store();
    let made = store.read(|connection| campaigns::get(connection, id))?;
    let id = match made {
        Some(campaign) if campaign.report == ingested.report => id,
        _ => match open_about(store, ingested.report)? {
            // An earlier command was broken off: its campaign has the report.
            Some(earlier) => {
                store.drop_campaign(id)?;
                earlier.id
            }
            None => {
                store.attach_campaign(id, ingested.report)?;
                id
            }
        },
    };
    let held = store.hold_for_campaign(act.at, id)?;
    Ok((id, ingested, held))
}

fn open_about(store: &Store, report: ReportId) -> anyhow::Result<Option<Campaign>> {
    let all = store.read(campaigns::list)?;
    Ok(all.into_iter().find(|campaign| campaign.report == report && campaign.ended_at.is_none()))
}

fn is_free(store: &Store, report: ReportId) -> anyhow::Result<()> {
    if let Some(other) = open_about(store, report)? {
        bail!("report {report} belongs to campaign {} already", other.id);
    }
    Ok(())
}

/// Are its words fit for a mail?
fn check(new: &NewCampaign<'_>, now: i64) -> anyhow::Result<()> {
    let title = new.title.trim();
    ensure!(!title.is_empty(), "a campaign needs a title");
    ensure!(
        title.chars().count() <= TITLE_CHARS_MAX,
        "the title is longer than {TITLE_CHARS_MAX} characters"
    );
    ensure!(!new.text_nl.trim().is_empty(), "a campaign needs a text in Dutch");
    for text in [new.text_nl, new.text_en] {
        ensure!(
            text.chars().count() <= TEXT_CHARS_MAX,
            "the text is longer than {TEXT_CHARS_MAX} characters"
        );
    }
    ensure!(new.deadline.is_none_or(|deadline| deadline > now), "the deadline has passed already");
    for (language, text) in [(Language::Nl, title), (Language::Nl, new.text_nl), (Language::En, new.text_en)]
    {
        schakel_render::templates::safe_text(Replacement { language, name: "campaign", text })?;
    }
    Ok(())
}

/// Holds what waits of the reports of all campaigns that were not sent: what came in while a command was broken off.
pub fn keep_back(store: &mut Store, now: i64) -> anyhow::Result<()> {
    if store.read(campaigns::reports_kept_back)?.is_empty() {
        return Ok(());
    }
    let open = store.read(campaigns::list)?;
    for campaign in
        open.iter().filter(|one| one.report.0 > 0 && one.sent_at.is_none() && one.ended_at.is_none())
    {
        store.hold_for_campaign(now, campaign.id)?;
    }
    Ok(())
}

/// Takes a step, when this desk user may.
fn step(campaign: &Campaign, step: Step, act: &Act<'_>) -> anyhow::Result<()> {
    may(campaign.stands(), step, act.actor, act.at)
        .map_err(|why| anyhow::anyhow!("campaign {}: {why}", campaign.id))
}

/// Says that a campaign may leave: by another desk user than who made it.
pub fn approve(store: &mut Store, act: &Act<'_>, id: CampaignId) -> anyhow::Result<()> {
    let campaign = get(&store.reader()?, id)?;
    step(&campaign, Step::Approve, act)?;
    ensure!(campaign.report.0 > 0, "campaign {id} has no report: its file was not taken in. Close it");
    store.hold_for_campaign(act.at, id)?;
    Ok(store.approve_campaign(act, id)?)
}

/// Puts a campaign into the outbox.
pub fn send(
    composer: &Composer<'_>,
    store: &mut Store,
    act: &Act<'_>,
    id: CampaignId,
    made: &mut dyn FnMut(&Composed),
) -> anyhow::Result<usize> {
    let campaign = get(composer.reader, id)?;
    step(&campaign, Step::Send, act)?;
    store.hold_for_campaign(act.at, id)?;
    composer.compose_campaign(&campaign, Some((store, act)), made)
}

/// Ends a campaign. What it still holds is told as usual.
pub fn close(store: &mut Store, act: &Act<'_>, id: CampaignId) -> anyhow::Result<()> {
    let campaign = get(&store.reader()?, id)?;
    step(&campaign, Step::Close, act)?;
    Ok(store.close_campaign(act, id)?)
}

/// What came of a campaign in all.
pub fn counts(table: &[AtOrganisation]) -> CampaignCounts {
    let sum = |of: fn(&AtOrganisation) -> u64| table.iter().map(of).sum();
    CampaignCounts {
        organisations: table.len() as u64,
        told: sum(|one| one.told),
        fixed: sum(|one| one.fixed),
        answered: sum(|one| one.answered),
        silent: sum(|one| one.silent),
    }
}

/// Reports back to the source: numbers, never names. Gives the source, and the address that is written to; none when it has none.
pub fn answer_source(
    store: &mut Store,
    config: &Config,
    templates: &Templates,
    act: &Act<'_>,
    id: CampaignId,
) -> anyhow::Result<(Option<Source>, CampaignCounts, Option<String>)> {
    let reader = store.reader()?;
    let campaign = get(&reader, id)?;
    let Some(sent_at) = campaign.sent_at else { bail!("campaign {id} was not sent yet: nothing came of it") };
    let report = reader.read(|connection| reports::get(connection, campaign.report))?;
    let source = match report {
        Some(report) => reader.read(|connection| sources::by_id(connection, report.source))?,
        None => None,
    };
    let counts = counts(&reader.read(|connection| campaigns::table(connection, id))?);
    let address = source.as_ref().map(|source| source.contact.trim().to_owned());
    let address = address.filter(|address| address.contains('@'));
    if let Some(address) = &address {
        let letter = Addressed {
            organisation: None,
            language: language_of(address),
            tlp: Tlp::Green,
            to_name: source.as_ref().map_or("", |source| &source.name),
            to: address,
            role: "source",
            about: About::CampaignResult {
                title: &campaign.title,
                told_at: Timestamp::from_second(sent_at)?,
                counts,
            },
            thread: None,
        };
        post(store, config, templates, Timestamp::from_second(act.at)?, &[letter])?;
        store.note_campaign_answer(act, id)?;
    }
    Ok((source, counts, address))
}
