//! `schakel conflict`

use clap::Subcommand;
use schakel_app::{
    claims, config,
    conflicts::{Side, Whole, decide, whole},
    explain::{organisation_name, rfc3339},
    register::standing,
};
use schakel_model::{claim::Ruling, ids::ConflictId, register::Register};
use schakel_store::{
    Reader, Store,
    act::Act,
    conflicts::{self, Conflict},
    register,
};
use serde_json::{Value, json};

use super::claim::{attempt_json, claim_json};
use crate::{
    Context,
    output::{Ending, plain},
    rehearsal::DryRun,
};

#[derive(Subcommand)]
#[allow(missing_docs)] // The help texts are the documentation.
pub enum ConflictCommand {
    /// Who says that the same is theirs
    List {
        /// Also those that were decided
        #[arg(long)]
        all: bool,
    },
    /// Both sides with their proof
    Show {
        /// Its number, from `schakel conflict list`
        conflict: ConflictId,
    },
    /// Decide: for one of them, or that both have it
    Decide {
        /// Its number, from `schakel conflict list`
        conflict: ConflictId,
        /// The code of the organisation, or `both`
        #[arg(long = "for", value_name = "CODE|both")]
        ruling: String,
        /// Why
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        dry_run: DryRun,
    },
}

pub fn run(context: &Context, command: &ConflictCommand) -> anyhow::Result<Ending> {
    match command {
        ConflictCommand::List { all } => list(context, *all),
        ConflictCommand::Show { conflict } => {
            let store = Store::open(&context.data)?;
            let register = standing(&store)?;
            let whole = whole(&store, &register, *conflict)?;
            say_whole(context, &register, &whole);
            context.out.json(&whole_json(&register, &whole))?;
            Ok(Ending::Done)
        }
        ConflictCommand::Decide { conflict, ruling, reason, dry_run } => {
            let actor = context.person()?;
            let config = config::load(&context.data)?;
            let act = Act { at: context.clock.now_seconds(), actor: actor.name(), reason };
            let decided = context.change(*dry_run, |store| {
                let register = standing(store)?;
                let chosen = match ruling.as_str() {
                    "both" => Ruling::Both,
                    code => Ruling::For(claims::organisation(&register, code)?.id),
                };
                decide(store, &config.claims, &act, *conflict, &chosen)?;
                Ok((register, chosen))
            })?;
            let Some((register, chosen)) = decided else { return Ok(Ending::Done) };
            context.out.line(format!("Conflict {conflict} is decided: {}.", ruling_text(&register, &chosen)));
            context.out.json(&json!({ "conflict": conflict.0, "for": ruling_json(&register, &chosen) }))?;
            Ok(Ending::Done)
        }
    }
}

fn ruling_text(register: &Register, ruling: &Ruling) -> String {
    match ruling {
        Ruling::Both => "both have it".to_owned(),
        Ruling::For(organisation) => format!("for {}", organisation_name(register, *organisation).0),
    }
}

fn ruling_json(register: &Register, ruling: &Ruling) -> Value {
    match ruling {
        Ruling::Both => "both".into(),
        Ruling::For(organisation) => organisation_name(register, *organisation).0.into(),
    }
}

fn list(context: &Context, all: bool) -> anyhow::Result<Ending> {
    let reader = Reader::open(&context.data)?;
    let register = reader.read(|connection| register::load(connection, register::version(connection)?))?;
    let conflicts: Vec<Conflict> =
        reader.read(conflicts::list)?.into_iter().filter(|one| all || one.decision.is_none()).collect();
    let state = |one: &Conflict| {
        one.decision.as_ref().map_or("open".to_owned(), |decision| ruling_text(&register, &decision.ruling))
    };
    let cells: Vec<_> = conflicts
        .iter()
        .map(|one| {
            vec![
                one.id.to_string(),
                format!("claim {}", one.claim),
                one.other.other_claim.map_or("asset".to_owned(), |claim| format!("claim {claim}")),
                organisation_name(&register, one.other.organisation).0.to_owned(),
                plain(&one.other.value.to_string(), 60),
                one.other.role.to_string(),
                rfc3339(one.opened_at),
                state(one),
            ]
        })
        .collect();
    let headings = ["conflict", "claim", "with", "of", "value", "role", "opened", "state"];
    context.out.table(&headings, &cells, &[0]);
    let conflicts: Vec<Value> = conflicts.iter().map(|one| conflict_json(&register, one)).collect();
    context.out.json(&json!({ "conflicts": conflicts }))?;
    Ok(Ending::Done)
}

fn conflict_json(register: &Register, one: &Conflict) -> Value {
    json!({
        "conflict": one.id.0,
        "claim": one.claim.0,
        "other_claim": one.other.other_claim.map(|claim| claim.0),
        "other_organisation": organisation_name(register, one.other.organisation).0,
        "value": one.other.value.to_string(),
        "role": one.other.role.as_str(),
        "opened_at": rfc3339(one.opened_at),
        "decided_at": one.decision.as_ref().map(|decision| rfc3339(decision.at)),
        "decided_by": one.decision.as_ref().map(|decision| decision.actor.clone()),
        "decided_for": one.decision.as_ref().map(|decision| ruling_json(register, &decision.ruling)),
        "reason": one.decision.as_ref().map(|decision| decision.reason.clone()),
    })
}

fn say_whole(context: &Context, register: &Register, whole: &Whole) {
    let out = &context.out;
    out.line(format!("Conflict {}, opened {}", whole.conflict.id, rfc3339(whole.conflict.opened_at)));
    for side in &whole.sides {
        let (code, name) = organisation_name(register, side.organisation);
        out.line(format!("{code} {}: {}", plain(name, 60), side.value));
        match &side.asset {
            Some(asset) => out.line(format!("  an asset in the register: {}, {}", asset.role, asset.proof)),
            None => out.line("  no asset in the register"),
        }
        if let Some(claim) = &side.claim {
            out.line(format!("  claim {}: {}", claim.id, claim.state));
        }
        for attempt in &side.attempts {
            let found = if attempt.what.found { "found" } else { "not found" };
            let said = plain(&attempt.what.detail, 160);
            out.line(format!("  {}  {}: {found}: {said}", rfc3339(attempt.at), attempt.what.means));
        }
    }
    match &whole.conflict.decision {
        None => out.line("Not decided yet: `schakel conflict decide` decides it."),
        Some(decision) => out.line(format!(
            "Decided {} by {}: {}; {}",
            rfc3339(decision.at),
            plain(&decision.actor, 40),
            ruling_text(register, &decision.ruling),
            plain(&decision.reason, 200)
        )),
    }
}

fn whole_json(register: &Register, whole: &Whole) -> Value {
    let side = |side: &Side| {
        json!({
            "organisation": organisation_name(register, side.organisation).0,
            "value": side.value.to_string(),
            "claim": side.claim.as_ref().map(|claim| claim_json(register, claim)),
            "attempts": side.attempts.iter().map(attempt_json).collect::<Vec<_>>(),
            "asset_proof": side.asset.as_ref().map(|asset| asset.proof.as_str()),
        })
    };
    let mut json = conflict_json(register, &whole.conflict);
    json["sides"] = whole.sides.iter().map(side).collect();
    json
}
