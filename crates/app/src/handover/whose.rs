//! "Whose is this?": a hub asks another about one address or name, and is told yes, no, or whom to ask. What may be said is decided in
//! [`schakel_rules::whose`]; each question is in the log of both.

use anyhow::{Context, ensure};
use schakel_attribute::{Input, InputKind};
use schakel_formats::hub::{
    message::Kind,
    whose::{WhoseAnswer, WhoseAsk},
};
use schakel_model::{
    asset::Role,
    hub::{Link, LinkState, ParcelId, Purpose},
};
use schakel_rules::whose::{Facts, Owner, answer};
use schakel_store::{
    Reader, Store,
    act::Act,
    hub_questions::{self, Asked, Way},
    hubs,
};
use serde_json::Value;

use crate::{
    explain::{Question, explain},
    hub::ours::{Ours, new_id, new_id_text},
};

const ACTOR: &str = "schakel";
const DAY: i64 = 86_400;

/// Asks a hub. Gives the name of the question, by which its answer is found.
pub fn ask(
    store: &mut Store,
    act: &Act<'_>,
    ours: &Ours,
    link: &Link,
    value: &str,
) -> anyhow::Result<ParcelId> {
    ensure!(link.state == LinkState::Active, "the link with {} is {}", link.peer, link.state);
    ensure!(
        link.terms.purposes.contains(&Purpose::Ask),
        "the link with {} is not for questions: both hubs must agree on the purpose `ask`",
        link.peer
    );
    let input = read(value).map_err(anyhow::Error::msg)?;
    let question = WhoseAsk { id: ParcelId(new_id()?), value: input.to_string() };
    let line = ours.line(&link.peer, Kind::WhoseAsk, &new_id_text()?, None, question.to_data(), act.at)?;
    let asked = Asked {
        link: link.id,
        question: question.id,
        way: Way::Asked,
        value: question.value,
        asked_at: act.at,
        answer: None,
    };
    store.ask_hub(act, &link.peer, &asked, Kind::WhoseAsk.as_str(), &line)?;
    Ok(question.id)
}

/// An address, or else a name.
pub(crate) fn read(value: &str) -> Result<Input, String> {
    let value = value.trim().trim_end_matches('.').to_lowercase();
    if let Ok(ip) = Input::read(InputKind::Ip, &value) {
        return Ok(ip);
    }
    let is_name =
        value.contains('.') && !value.contains(['/', ':', '@', ' ']) && value.parse::<f64>().is_err();
    match is_name {
        true => Input::read(InputKind::Domain, &value),
        false => Err(format!("`{value}` is no address and no host name: one is asked about, never a range")),
    }
}

/// Answers a hub that asks. What it asked before was answered before.
pub(super) fn hear_ask(
    store: &mut Store,
    ours: &Ours,
    link: &Link,
    data: &Value,
    now: i64,
) -> anyhow::Result<Result<(), String>> {
    let (question, input) =
        match WhoseAsk::read(data).and_then(|ask| read(&ask.value).map(|input| (ask, input))) {
            Ok(read) => read,
            Err(why) => return Ok(Err(why)),
        };
    let known = store.read(|connection| hub_questions::get(connection, link.id, Way::Heard, question.id))?;
    if known.is_some() {
        return Ok(Ok(()));
    }
    let owners = owners(&store.reader()?, input, now)?;
    let asked = store.read(|connection| hub_questions::heard_since(connection, link.id, now - DAY))?;
    let answer = answer(&Facts { link, asked, owners: &owners });
    let data = WhoseAnswer { id: question.id, answer: answer.clone() }.to_data();
    let line = ours.line(&link.peer, Kind::WhoseAnswer, &new_id_text()?, None, data, now)?;
    let asked = Asked {
        link: link.id,
        question: question.id,
        way: Way::Heard,
        value: question.value,
        asked_at: now,
        answer: Some((answer, now)),
    };
    let act = Act { at: now, actor: ACTOR, reason: "" };
    store.answer_hub(&act, &link.peer, &asked, Kind::WhoseAnswer.as_str(), &line)?;
    Ok(Ok(()))
}

/// Whose something is by our register, now. Who only monitors it is not whose it is.
pub(crate) fn owners(reader: &Reader, input: Input, now: i64) -> anyhow::Result<Vec<Owner>> {
    let question = Question { inputs: vec![input], at: now, as_known_at: None, now, kind: None };
    let explanation = explain(reader, &question)?;
    let links = reader.read(hubs::standing)?;
    let owner = |code: &str| {
        let link = links.iter().find(|link| link.organisation.eq_ignore_ascii_case(code));
        link.map_or(Owner::Ours, |link| Owner::Hub(link.clone()))
    };
    let won = explanation.candidates.iter().filter(|one| one.won && one.role != Role::Monitor.as_str());
    Ok(won.map(|one| owner(one.told.as_ref().map_or(&one.organisation, |told| &told.organisation))).collect())
}

/// Notes what a hub says of what we asked.
pub(super) fn hear_answer(
    store: &mut Store,
    link: &Link,
    data: &Value,
    now: i64,
) -> anyhow::Result<Result<(), String>> {
    let answer = match WhoseAnswer::read(data) {
        Ok(answer) => answer,
        Err(why) => return Ok(Err(why)),
    };
    match store.hear_whose(link.id, answer.id, &answer.answer, now)? {
        true => Ok(Ok(())),
        false => Ok(Err("it answers what was not asked, or was answered".to_owned())),
    }
}

/// A question that we asked, as it stands.
pub fn asked(reader: &Reader, link: &Link, question: ParcelId) -> anyhow::Result<Asked> {
    let found = reader.read(|connection| hub_questions::get(connection, link.id, Way::Asked, question))?;
    found.context("the question is gone")
}
