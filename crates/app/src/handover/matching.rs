//! Blind matching: a hub asks another one whether what nobody here owns is its own. It learns only of what it holds already; the other learns how much was
//! asked. Hits become assets after a person has looked at them.

use std::net::IpAddr;

use anyhow::{Context, ensure};
use schakel_formats::hub::{
    message::Kind,
    question::{Answer, ELEMENTS_MAX, Question},
};
use schakel_model::{
    asset::{Asset, AssetFlags, AssetValue, Proof, Role},
    fate::Fate,
    hub::Link,
    ids::{AssetId, FindingId, OrganisationId},
};
use schakel_rules::blind_selectors::{of_address, of_asset, of_name};
use schakel_seal::{
    blind::{BlindKey, BlindValue, Filter, ask},
    random::Random,
};
use schakel_store::{
    Reader, Store,
    act::Act,
    audit::Action,
    chunks::{self, Blocks},
    findings,
    hub_status::{self, Told},
    id_list,
    register::RegisterChange,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    hub::ours::{Ours, new_id_text},
    register::standing,
};

/// Things that one hub may ask about in a day: who asks for all addresses there are would find everything.
const ASKED_A_DAY_MAX: usize = 200_000;

/// Values of what we own in a filter.
const OWNED_MAX: usize = 1 << 16;

/// A question that was asked, or what came of it.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Matching {
    /// The question.
    pub id: String,
    /// The findings that were asked about.
    pub findings: Vec<u32>,
    /// Was it answered?
    pub answered: bool,
    /// Findings that are the other's, each with the selector by which.
    pub hits: Vec<(u32, String)>,
}

/// May a hub ask us?
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Allowed {
    /// It may.
    Yes,
    /// It may not.
    No,
}

fn mark_asked(link: &Link) -> String {
    format!("hub_match:{}", link.id)
}

fn mark_allowed(link: &Link) -> String {
    format!("hub_match_allowed:{}", link.id)
}

/// Lets a hub ask us, or no more.
pub fn allow(store: &mut Store, act: &Act<'_>, link: &Link, allowed: Allowed) -> anyhow::Result<()> {
    let (value, detail) = match allowed {
        Allowed::Yes => ("0", "may ask"),
        Allowed::No => ("", "may ask no more"),
    };
    let marks = [(mark_allowed(link), value.to_owned())];
    Ok(store.tell_hubs_for(act, (Action::HubMatching, &link.peer, detail), &[], &marks)?)
}

/// What was last asked of a hub, and what came of it.
pub fn last(reader: &Reader, link: &Link) -> anyhow::Result<Option<Matching>> {
    let text = reader.read(|connection| hub_status::mark(connection, &mark_asked(link)))?;
    Ok(if text.is_empty() { None } else { Some(serde_json::from_str(&text)?) })
}

/// Asks a hub about what is nobody's here: the newest that fits into a question. Gives about how many findings.
pub fn begin(store: &mut Store, act: &Act<'_>, ours: &Ours, link: &Link) -> anyhow::Result<usize> {
    let now = act.at;
    ensure!(
        !link.organisation.is_empty(),
        "{} stands for no organisation of ours, so nothing can be its own",
        link.peer
    );
    let mut matching = Matching { id: new_id_text()?, ..Matching::default() };
    let mut selectors = Vec::new();
    let blocks = store.read(|connection| chunks::blocks(connection, &Blocks::WithFate(Fate::Unrouted)))?;
    let mut nobodys: Vec<FindingId> =
        blocks.iter().flat_map(|block| id_list::decode(&block.findings)).collect();
    nobodys.sort_unstable_by(|one, other| other.cmp(one));
    nobodys.dedup();
    for finding in nobodys {
        let of_finding = selectors_of(store, finding)?;
        if selectors.len() + of_finding.len() > ELEMENTS_MAX {
            break;
        }
        matching.findings.push(finding.0);
        selectors.extend(of_finding);
    }
    ensure!(!selectors.is_empty(), "nothing here is nobody's");
    let mut random = random(store, &matching.id)?;
    let elements = selectors
        .iter()
        .map(|selector| Ok(ask(selector.as_bytes(), &mut random)?.1))
        .collect::<anyhow::Result<Vec<_>>>()?;
    let question = Question { id: matching.id.clone(), elements };
    let line = ours.line(&link.peer, Kind::Question, &new_id_text()?, None, question.to_data(), now)?;
    let told = Told { link: link.id, line: Some((Kind::Question.as_str(), line)), statuses: Vec::new() };
    let marks = [(mark_asked(link), serde_json::to_string(&matching)?)];
    store.tell_hubs_for(act, (Action::HubMatching, &link.peer, "asked"), &[told], &marks)?;
    Ok(matching.findings.len())
}

/// The same things are blinded the same for one question, so that nothing has to be kept until its answer comes.
fn random(store: &Store, question: &str) -> anyhow::Result<Random> {
    let secret = store.reader()?.secret();
    let key = blake3::derive_key("schakel 2026 blinding of a question v1", &secret);
    Ok(Random::from_seed(*blake3::keyed_hash(&key, question.as_bytes()).as_bytes()))
}

fn selectors_of(store: &Store, finding: FindingId) -> anyhow::Result<Vec<String>> {
    let Some(stored) = store.read(|connection| findings::get(connection, finding))? else {
        return Ok(Vec::new());
    };
    let mut selectors = stored.first.ip.map(of_address).unwrap_or_default();
    selectors.extend(stored.first.name.as_deref().map(of_name).unwrap_or_default());
    Ok(selectors)
}

/// Answers a question, when that was allowed.
pub(super) fn hear_question(
    store: &mut Store,
    ours: &Ours,
    link: &Link,
    data: &Value,
    now: i64,
) -> anyhow::Result<Result<(), String>> {
    let question = match Question::read(data) {
        Ok(question) => question,
        Err(why) => return Ok(Err(why)),
    };
    let allowed = mark_allowed(link);
    let mark = store.read(|connection| hub_status::mark(connection, &allowed))?;
    if mark.is_empty() {
        return Ok(Err("it asks, and was not allowed to: `schakel hub match allow`".to_owned()));
    }
    let day = now.div_euclid(86_400);
    let asked = mark.split_once(' ').filter(|(of_day, _)| *of_day == day.to_string());
    let asked =
        asked.and_then(|(_, count)| count.parse::<usize>().ok()).unwrap_or(0) + question.elements.len();
    if asked > ASKED_A_DAY_MAX {
        return Ok(Err(format!("it asks about more than {ASKED_A_DAY_MAX} things in a day")));
    }
    let secret = store.reader()?.secret();
    let seed = blake3::derive_key("schakel 2026 blind matching v1", &secret);
    let key =
        BlindKey::from_seed(&seed, link.peer.as_str().as_bytes()).context("the key of blind matching")?;
    let Ok(elements) =
        question.elements.iter().map(|element| key.answer(element)).collect::<Result<Vec<_>, _>>()
    else {
        return Ok(Err("it asks what is no element".to_owned()));
    };
    let mut random = self::random(store, &question.id)?;
    let filter = Filter::new(owned(store, &key, now)?, &mut random);
    let answer = Answer { id: question.id, elements, filter: filter.to_bytes() };
    let line = ours.line(&link.peer, Kind::Answer, &new_id_text()?, None, answer.to_data(), now)?;
    let told = Told { link: link.id, line: Some((Kind::Answer.as_str(), line)), statuses: Vec::new() };
    store.tell_hubs(now, &[told], &[(allowed, format!("{day} {asked}"))])?;
    Ok(Ok(()))
}

fn owned(store: &Store, key: &BlindKey, now: i64) -> anyhow::Result<Vec<BlindValue>> {
    let mut values = Vec::new();
    let register = standing(store)?;
    for asset in &register.assets {
        if asset.flags.excluded || asset.valid_until.is_some_and(|until| until <= now) {
            continue;
        }
        for selector in of_asset(&asset.value).unwrap_or_default() {
            ensure!(values.len() < OWNED_MAX, "the register has more than a filter takes");
            values.push(key.value(selector.as_bytes())?);
        }
    }
    Ok(values)
}

/// Finds what is the other's, from its answer to the question that was asked last.
pub(super) fn hear_answer(
    store: &mut Store,
    link: &Link,
    data: &Value,
    now: i64,
) -> anyhow::Result<Result<(), String>> {
    let answer = match Answer::read(data) {
        Ok(answer) => answer,
        Err(why) => return Ok(Err(why)),
    };
    let asked = last(&store.reader()?, link)?.filter(|asked| asked.id == answer.id && !asked.answered);
    let (Some(mut matching), Some(filter)) = (asked, Filter::read(&answer.filter)) else {
        return Ok(Err("it answers what was not asked".to_owned()));
    };
    let mut random = random(store, &matching.id)?;
    let mut elements = answer.elements.iter();
    for finding in matching.findings.clone() {
        let mut is_hit = None;
        for selector in selectors_of(store, FindingId(finding))? {
            let (asked, _) = ask(selector.as_bytes(), &mut random)?;
            let Some(element) = elements.next() else {
                return Ok(Err("it answers less than was asked".to_owned()));
            };
            match asked.value(selector.as_bytes(), element) {
                Ok(value) if filter.has(&value) => is_hit = Some(selector),
                Ok(_) => {}
                Err(_) => return Ok(Err("it answers what is no element".to_owned())),
            }
        }
        matching.hits.extend(is_hit.map(|selector| (finding, selector)));
    }
    matching.answered = true;
    tracing::info!(hub = %link.peer, asked = matching.findings.len(), hits = matching.hits.len(), "matched blindly");
    store.tell_hubs(now, &[], &[(mark_asked(link), serde_json::to_string(&matching)?)])?;
    Ok(Ok(()))
}

/// Makes what was hit assets of the organisation that the other hub stands for, asserted: the address or name that we held, never the range it was
/// recognised by. Gives how many are new.
pub fn take(store: &mut Store, act: &Act<'_>, link: &Link) -> anyhow::Result<usize> {
    let matching = last(&store.reader()?, link)?.filter(|matching| matching.answered);
    let matching = matching.with_context(|| format!("{} has answered no question", link.peer))?;
    let register = standing(store)?;
    let mut change = RegisterChange::default();
    for (finding, selector) in &matching.hits {
        let stored = store.read(|connection| findings::get(connection, FindingId(*finding)))?;
        let Some(first) = stored.map(|stored| stored.first) else { continue };
        let value = match (selector.starts_with("n:"), first.ip, first.name) {
            (true, Some(ip), _) => AssetValue::Address(IpAddr::to_canonical(&ip)),
            (false, _, Some(name)) => AssetValue::Hostname(name.to_lowercase()),
            _ => continue,
        };
        let known = register.assets.iter().any(|asset| asset.value == value)
            || change.assets.iter().any(|(_, asset)| asset.value == value);
        if !known {
            let asset = Asset {
                id: AssetId(0),
                organisation: OrganisationId(0),
                value,
                role: Role::Owner,
                valid_from: None,
                valid_until: None,
                proof: Proof::Asserted,
                flags: AssetFlags::default(),
                note: format!("matched with {}", link.peer),
            };
            change.assets.push((link.organisation.clone(), asset));
        }
    }
    let count = change.assets.len();
    if count > 0 {
        let code = crate::claims::organisation(&register, &link.organisation)?.code.clone();
        change.assets.iter_mut().for_each(|(owner, _)| owner.clone_from(&code));
        store.change_register(act.at, act.actor, act.reason, &change)?;
    }
    Ok(count)
}
