//! `schakel onboarding`

use clap::Subcommand;
use schakel_app::{
    claims::organisation,
    explain::{organisation_name, rfc3339},
    onboarding::{self, Confirmed},
};
use schakel_model::{
    affiliation::{Joining, Step},
    register::Register,
};
use schakel_rules::onboarding::{is_affiliated, missing};
use schakel_store::{Reader, Store, act::Act, onboarding as stored, register};
use serde_json::{Value, json};

use crate::{
    Context,
    output::{Ending, number, plain},
    rehearsal::DryRun,
};

#[derive(Subcommand)]
#[allow(missing_docs)] // The help texts are the documentation.
pub enum OnboardingCommand {
    /// Begin: until an organisation is officially affiliated, its findings wait
    Invite {
        /// The organisation, for example GM0513
        code: String,
        #[command(flatten)]
        dry_run: DryRun,
    },
    /// Confirm a step: invitation, acib, vcib_form, form_checked, intake_talk, out_of_band_number, assets, products
    Confirm {
        /// The organisation, for example GM0513
        code: String,
        /// The step
        step: Step,
        /// With whom, or who signed
        #[arg(long, default_value = "")]
        by: String,
        /// The telephone number it is about
        #[arg(long, default_value = "")]
        number: String,
        #[command(flatten)]
        dry_run: DryRun,
    },
    /// The steps of one organisation
    Show {
        /// The organisation, for example GM0513
        code: String,
    },
    /// Everybody who joins or has joined by steps
    List,
    /// What waits for organisations that are not affiliated; who must be called stands first
    Waiting,
}

pub fn run(context: &Context, command: &OnboardingCommand) -> anyhow::Result<Ending> {
    match command {
        OnboardingCommand::Invite { code, dry_run } => {
            taken(context, code, Step::Invitation, *dry_run, |store, act| {
                onboarding::invite(store, act, code)
            })
        }
        OnboardingCommand::Confirm { code, step, by, number, dry_run } => {
            taken(context, code, *step, *dry_run, |store, act| {
                onboarding::confirm(store, act, code, *step, by, number)
            })
        }
        OnboardingCommand::Show { code } => show(context, code),
        OnboardingCommand::List => list(context),
        OnboardingCommand::Waiting => waiting(context),
    }
}

fn taken(
    context: &Context,
    code: &str,
    step: Step,
    dry_run: DryRun,
    take: impl FnOnce(&mut Store, &Act<'_>) -> anyhow::Result<Confirmed>,
) -> anyhow::Result<Ending> {
    let actor = context.actor()?;
    let reason = format!("onboarding of {code}");
    let act = Act { at: context.clock.now_seconds(), actor: actor.name(), reason: &reason };
    let Some(confirmed) = context.change(dry_run, |store| take(store, &act))? else {
        return Ok(Ending::Done);
    };
    let joining = &confirmed.joining;
    context.out.line(format!("{code}: {step} is confirmed."));
    if is_affiliated(Some(joining)) {
        context.out.line(format!("{code} is officially affiliated (officieel aangesloten)."));
        if confirmed.released > 0 {
            context.out.line("What waited for it is told now: by `schakel serve`, or with `schakel tell`.");
        }
    } else if let Some(next) = missing(joining).next() {
        context.out.line(format!("Next: {next}."));
    }
    let mut json = joining_json(code, joining);
    json["released"] = confirmed.released.into();
    context.out.json(&json)?;
    Ok(Ending::Done)
}

fn joining_json(code: &str, joining: &Joining) -> Value {
    let taken = |step: &Step| {
        let taken = joining.taken.iter().find(|taken| taken.step == *step);
        json!({
            "step": step.as_str(),
            "confirmed_at": taken.map(|taken| rfc3339(taken.at)),
            "confirmed_by": taken.map(|taken| taken.actor.clone()),
            "with": taken.map(|taken| taken.by.clone()),
            "number": taken.map(|taken| taken.number.clone()),
        })
    };
    json!({
        "organisation": code,
        "affiliated": is_affiliated(Some(joining)),
        "missing": missing(joining).map(Step::as_str).collect::<Vec<_>>(),
        "steps": Step::ALL.iter().map(taken).collect::<Vec<_>>(),
    })
}

fn load(reader: &Reader) -> anyhow::Result<Register> {
    Ok(reader.read(|connection| register::load(connection, register::version(connection)?))?)
}

fn show(context: &Context, code: &str) -> anyhow::Result<Ending> {
    let reader = Reader::open(&context.data)?;
    let register = load(&reader)?;
    let organisation = organisation(&register, code)?;
    let joinings = reader.read(stored::joinings)?;
    let Some(joining) = joinings.iter().find(|joining| joining.organisation == organisation.id) else {
        context
            .out
            .line(format!("{code} was entered by the desk and counts as affiliated. It has no steps."));
        context.out.json(&json!({ "organisation": code, "affiliated": true, "missing": [], "steps": [] }))?;
        return Ok(Ending::Done);
    };
    let cells: Vec<_> = Step::ALL
        .iter()
        .map(|step| {
            let taken = joining.taken.iter().find(|taken| taken.step == *step);
            let cell = |text: fn(&schakel_model::affiliation::StepTaken) -> String| {
                taken.map_or(String::new(), text)
            };
            vec![
                step.to_string(),
                cell(|taken| rfc3339(taken.at)),
                cell(|taken| plain(&taken.actor, 40)),
                cell(|taken| plain(&taken.by, 40)),
                cell(|taken| plain(&taken.number, 30)),
            ]
        })
        .collect();
    context.out.table(&["step", "confirmed", "by", "with", "number"], &cells, &[]);
    let state = if is_affiliated(Some(joining)) { "officially affiliated" } else { "not affiliated yet" };
    context.out.line(format!("{code} is {state}."));
    context.out.json(&joining_json(code, joining))?;
    Ok(Ending::Done)
}

fn list(context: &Context) -> anyhow::Result<Ending> {
    let reader = Reader::open(&context.data)?;
    let register = load(&reader)?;
    let joinings = reader.read(stored::joinings)?;
    let code = |joining: &Joining| organisation_name(&register, joining.organisation).0.to_owned();
    let cells: Vec<_> = joinings
        .iter()
        .map(|joining| {
            let missing: Vec<_> = missing(joining).map(Step::as_str).collect();
            let affiliated = if is_affiliated(Some(joining)) { "yes" } else { "no" };
            vec![code(joining), affiliated.to_owned(), missing.join(", ")]
        })
        .collect();
    context.out.table(&["code", "affiliated", "missing"], &cells, &[]);
    let joinings: Vec<Value> = joinings.iter().map(|joining| joining_json(&code(joining), joining)).collect();
    context.out.json(&json!({ "organisations": joinings }))?;
    Ok(Ending::Done)
}

fn waiting(context: &Context) -> anyhow::Result<Ending> {
    let reader = Reader::open(&context.data)?;
    let register = load(&reader)?;
    let waiting = onboarding::waiting(&reader, &register, context.clock.now_seconds())?;
    for one in &waiting {
        let why = one.call.map_or("its general contact knows".to_owned(), |why| format!("CALL: {why}"));
        context.out.line(format!(
            "{} {}: {} wait, {} of them critical, the first since {}; {why}",
            one.organisation.code,
            plain(&one.organisation.name, 60),
            number(one.waiting.count),
            number(one.waiting.critical),
            rfc3339(one.waiting.since.0)
        ));
        for (phone, whose) in one.numbers.iter().filter(|_| one.call.is_some()) {
            context.out.line(format!("    {}  {}", plain(phone, 30), plain(whose, 60)));
        }
        if one.call.is_some() && one.numbers.is_empty() {
            context.out.line("    no number is known: find one outside the register");
        }
    }
    if waiting.is_empty() {
        context.out.line("Nothing waits for an organisation that is not affiliated.");
    }
    let json: Vec<Value> = waiting
        .iter()
        .map(|one| {
            json!({
                "organisation": one.organisation.code,
                "waiting": one.waiting.count,
                "critical": one.waiting.critical,
                "since": rfc3339(one.waiting.since.0),
                "written_at": one.letter_at.map(rfc3339),
                "call": one.call.map(|why| why.to_string()),
                "numbers": one.numbers.iter().map(|(phone, _)| phone).collect::<Vec<_>>(),
            })
        })
        .collect();
    context.out.json(&json!({ "organisations": json }))?;
    Ok(Ending::Done)
}
