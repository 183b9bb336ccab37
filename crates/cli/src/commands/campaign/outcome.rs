//! What came of a campaign: `schakel campaign table` and `answer-source`.

use schakel_app::{
    campaigns::{self, counts},
    config,
    explain::organisation_name,
    templates,
};
use schakel_model::ids::CampaignId;
use schakel_render::letter::CampaignCounts;
use schakel_store::{Reader, act::Act, campaigns as stored, register};
use serde_json::{Value, json};

use super::campaign_json;
use crate::{
    Context,
    output::{Ending, number, plain},
    rehearsal::DryRun,
};

pub fn table(context: &Context, id: CampaignId) -> anyhow::Result<Ending> {
    let reader = Reader::open(&context.data)?;
    let campaign = campaigns::get(&reader, id)?;
    let register = reader.read(register::load_organisations_now)?;
    let table = reader.read(|connection| stored::table(connection, id))?;
    let names: Vec<_> = table.iter().map(|one| organisation_name(&register, one.organisation)).collect();
    let rows: Vec<_> = table
        .iter()
        .zip(&names)
        .map(|(one, (code, name))| {
            let mut row = vec![(*code).to_owned(), plain(name, 50)];
            row.extend([one.told, one.answered, one.fixed, one.silent].map(number));
            row
        })
        .collect();
    context.out.line(format!("Campaign {id} ({}): {}", campaign.stands().state, plain(&campaign.title, 100)));
    context.out.table(&["code", "name", "told", "answered", "fixed", "silent"], &rows, &[2, 3, 4, 5]);
    let values: Vec<_> = table
        .iter()
        .zip(&names)
        .map(|(one, (code, _))| {
            json!({ "organisation": code, "told": one.told, "answered": one.answered, "fixed": one.fixed, "silent": one.silent })
        })
        .collect();
    context.out.json(&json!({
        "campaign": campaign_json(&campaign), "organisations": values, "total": counts_json(counts(&table)),
    }))?;
    Ok(Ending::Done)
}

fn counts_json(counts: CampaignCounts) -> Value {
    let CampaignCounts { organisations, told, fixed, answered, silent } = counts;
    json!({ "organisations": organisations, "told": told, "answered": answered, "fixed": fixed, "silent": silent })
}

pub fn answer_source(
    context: &Context,
    id: CampaignId,
    reason: &str,
    dry_run: DryRun,
) -> anyhow::Result<Ending> {
    let actor = context.person()?;
    let act = Act { at: context.clock.now_seconds(), actor: actor.name(), reason };
    let config = config::load(&context.data)?;
    let done = context.change(dry_run, |store| {
        let templates = templates::in_force(&store.reader()?)?;
        campaigns::answer_source(store, &config, &templates, &act, id)
    })?;
    let Some((source, counts, address)) = done else { return Ok(Ending::Done) };
    let CampaignCounts { organisations, told, fixed, answered, silent } = counts;
    context.out.line(format!(
        "{} organisations, {} findings told: {} fixed, {} answered, {} silent.",
        number(organisations),
        number(told),
        number(fixed),
        number(answered),
        number(silent)
    ));
    match (&address, &source) {
        (Some(address), _) => context.out.line(format!("{} hears that by mail.", plain(address, 80))),
        (None, Some(source)) => {
            context.out.line(format!("{} has no mail address: tell them another way.", source.code));
        }
        (None, None) => context.out.line("The report is from no source that we know."),
    }
    context.out.json(&json!({
        "ok": true, "source": source.map(|source| source.code), "written_to": address, "total": counts_json(counts),
    }))?;
    Ok(Ending::Done)
}
