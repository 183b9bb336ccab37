//! `schakel hub whose` and `schakel hub log`: what hubs ask each other, and what was done about a link.

use std::{
    thread,
    time::{Duration, Instant},
};

use clap::Args;
use schakel_app::{explain::rfc3339, handover::whose};
use schakel_model::hub::{HubName, Link, Whose};
use schakel_store::{
    Reader, audit,
    hub_questions::{self, Asked, Way},
};
use serde_json::{Value, json};

use super::{
    hub::{By, change, last_link, us},
    hub_chain::link,
};
use crate::{
    Context,
    output::{Ending, plain},
};

/// How often it is looked whether an answer came.
const LOOK_EVERY: Duration = Duration::from_millis(200);

#[derive(Args)]
pub struct WhoseArgs {
    /// The name of the hub to ask
    peer: HubName,
    /// An address or a host name; never a range
    value: String,
    /// Wait this many seconds for the answer; `schakel hub log` shows one that comes later
    #[arg(long, default_value_t = 15, value_parser = clap::value_parser!(u64).range(0..=3_600))]
    wait: u64,
    #[command(flatten)]
    by: By,
}

pub fn run(context: &Context, args: &WhoseArgs) -> anyhow::Result<Ending> {
    let ours = us(context)?;
    let done = change(context, &args.by, |store, act| {
        let link = link(store, &args.peer)?;
        let question = whose::ask(store, &act, &ours, &link, &args.value)?;
        Ok((link, question))
    })?;
    let Some((link, question)) = done else { return Ok(Ending::Done) };
    context.give_back();
    let reader = Reader::open(&context.data)?;
    let until = Instant::now() + Duration::from_secs(args.wait);
    let mut asked = whose::asked(&reader, &link, question)?;
    while asked.answer.is_none() && Instant::now() < until {
        thread::sleep(LOOK_EVERY);
        asked = whose::asked(&reader, &link, question)?;
    }
    context.out.line(match &asked.answer {
        None => format!(
            "{} has not answered yet. `schakel hub log {}` shows the answer when it comes.",
            link.peer, link.peer
        ),
        Some((answer, _)) => said(&link, &asked, answer, &ours.name),
    });
    context.out.json(&json(&asked))?;
    Ok(Ending::Done)
}

fn said(link: &Link, asked: &Asked, answer: &Whose, ours: &HubName) -> String {
    let (peer, value) = (&link.peer, plain(&asked.value, 253));
    match answer {
        Whose::Yes => format!("{value} is of somebody whom {peer} serves."),
        Whose::No => format!("{value} is of nobody whom {peer} knows."),
        Whose::Hub(hub) if hub == ours => format!("{value} is ours, says {peer}."),
        Whose::Hub(hub) => format!("{peer} says: ask {hub}."),
        Whose::Later => format!("{peer} was asked enough for a day. Ask again tomorrow."),
        Whose::Refused => {
            format!("{peer} answers no questions over this link: it has not agreed to the purpose `ask`.")
        }
    }
}

fn json(asked: &Asked) -> Value {
    let answer = asked.answer.as_ref().map(|(answer, at)| (answer.words(), *at));
    json!({
        "value": asked.value,
        "way": asked.way.as_str(),
        "asked_at": rfc3339(asked.asked_at),
        "answer": answer.map(|((word, _), _)| word),
        "hub": answer.and_then(|((_, hub), _)| hub.map(HubName::as_str)),
        "answered_at": answer.map(|(_, at)| rfc3339(at)),
    })
}

pub fn log(context: &Context, peer: &HubName, limit: usize) -> anyhow::Result<Ending> {
    let reader = Reader::open(&context.data)?;
    let link = last_link(&reader, peer)?;
    let questions = reader.read(|connection| hub_questions::list(connection, link.id, limit))?;
    let filter = audit::Filter { subject: Some(format!("hub:{peer}")), ..audit::Filter::default() };
    let done = reader.read(|connection| audit::list(connection, &filter, limit))?;
    let out = &context.out;
    if !questions.is_empty() {
        let row = |asked: &Asked| {
            let answer = match asked.answer.as_ref().map(|(answer, _)| answer.words()) {
                None => "-".to_owned(),
                Some((word, None)) => word.to_owned(),
                Some((word, Some(hub))) => format!("{word} {hub}"),
            };
            let who = if asked.way == Way::Asked { "we asked" } else { "they asked" };
            vec![rfc3339(asked.asked_at), who.to_owned(), plain(&asked.value, 80), answer]
        };
        out.table(&["when", "who", "about", "answer"], &questions.iter().map(row).collect::<Vec<_>>(), &[]);
    }
    let text = |one: &audit::Recorded| {
        let detail = one.detail.as_ref();
        let parts = detail.map(|detail| [detail.actor.clone(), detail.detail.clone(), detail.reason.clone()]);
        let [actor, detail, reason] = parts.unwrap_or_default();
        vec![rfc3339(one.at), one.action.clone(), plain(&actor, 40), plain(&detail, 80), plain(&reason, 80)]
    };
    let rows: Vec<Vec<String>> = done.iter().map(text).collect();
    out.table(&["when", "what", "who", "detail", "why"], &rows, &[]);
    out.json(&json!({
        "peer": peer.as_str(),
        "questions": questions.iter().map(json).collect::<Vec<_>>(),
        "log": done.iter().map(|one| json!({
            "at": rfc3339(one.at), "action": one.action,
            "actor": one.detail.as_ref().map(|detail| detail.actor.as_str()),
            "detail": one.detail.as_ref().map(|detail| detail.detail.as_str()),
            "reason": one.detail.as_ref().map(|detail| detail.reason.as_str()),
        })).collect::<Vec<_>>(),
    }))?;
    Ok(Ending::Done)
}
