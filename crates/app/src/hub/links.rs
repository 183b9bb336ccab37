//! Agreeing on a link: an invitation goes to the other hub, its acceptance comes back, and each compares the other's key by telephone. Then keys
//! change, with a time in which both count.

use anyhow::{Context, bail, ensure};
use schakel_formats::hub::{
    fingerprint::Fingerprint,
    invitation::{self, Invitation},
    keys,
    message::{self, Kind},
    seal_key,
};
use schakel_lookup::post::Poster;
use schakel_model::{
    hub::{HubName, Link, LinkState, LinkTerms, Transport},
    ids::LinkId,
    source::{CODE_BYTES_MAX, ShownAs, Source, SourceKind, Trust},
};
use schakel_rules::hub::both;
use schakel_seal::ed25519::{self, Ed25519Key};
use schakel_store::{
    Reader, Store,
    act::Act,
    audit::Action,
    hub_messages,
    hubs::{self, PinnedKey},
    register::load_organisations_now,
};

use super::{
    by_mail,
    ours::{self, Ours, new_id_text},
    sealing,
};
use crate::{claims::organisation, config::Config};

pub use schakel_formats::hub::keys::read as announced;

/// A key that was replaced counts for this much longer, in seconds: what was signed by it may wait that long.
const OVERLAP_SECONDS: i64 = 30 * 86_400;

/// The next key signs this long after every hub has the message that announces it, in seconds: it has to be dealt with first.
const ANNOUNCED_SECONDS: i64 = 300;

/// What an invitation is about.
#[derive(Clone, Debug)]
pub struct Proposal {
    /// The other hub.
    pub peer: HubName,
    /// The code of the organisation that it stands for here; empty: none.
    pub organisation: String,
    /// What we agree to.
    pub terms: LinkTerms,
}

/// Invites a hub. Gives the file to send to it.
pub fn invite(store: &mut Store, act: Act<'_>, ours: &Ours, proposal: &Proposal) -> anyhow::Result<Vec<u8>> {
    let link = new_link(store, act, ours, proposal, String::new(), LinkState::Invited)?;
    let file = written(ours, &link, false, act.at)?;
    store.add_link(act, &link, &source(&link.peer))?;
    Ok(file)
}

/// Accepts an invitation, whose key has this fingerprint. `terms`: what we agree to. Gives the link, and the file to send back.
pub fn accept(
    store: &mut Store,
    act: Act<'_>,
    ours: &Ours,
    file: &[u8],
    fingerprint: &Fingerprint,
    organisation: &str,
    terms: &LinkTerms,
) -> anyhow::Result<(Link, Vec<u8>)> {
    let invitation = read(ours, file, fingerprint)?;
    ensure!(!invitation.accepts, "this is an acceptance: `schakel hub confirm` takes it");
    let theirs = of_writer(&invitation);
    let terms = both(terms, &theirs).map_err(anyhow::Error::msg)?;
    let proposal = Proposal { peer: invitation.name.clone(), organisation: organisation.to_owned(), terms };
    let mut link = new_link(store, act, ours, &proposal, invitation.url.clone(), LinkState::Active)?;
    let answer = written(ours, &link, true, act.at)?;
    link.id = store.add_link(act, &link, &source(&link.peer))?;
    store.pin_hub_key(act, &link, &pinned(link.id, invitation.key, act.at))?;
    know_sealing(store, &link, &invitation, act.at)?;
    Ok((link, answer))
}

/// Confirms a link whose invitation was accepted, by a key with this fingerprint.
pub fn confirm(
    store: &mut Store,
    act: Act<'_>,
    ours: &Ours,
    file: &[u8],
    fingerprint: &Fingerprint,
) -> anyhow::Result<Link> {
    let acceptance = read(ours, file, fingerprint)?;
    ensure!(acceptance.accepts, "this is an invitation: `schakel hub accept` takes it");
    let link = standing(store, &acceptance.name)?;
    ensure!(link.state == LinkState::Invited, "the link with {} is {} already", link.peer, link.state);
    check_url(&acceptance.url)?;
    let terms = both(&link.terms, &of_writer(&acceptance)).map_err(anyhow::Error::msg)?;
    let link = Link { url: acceptance.url.clone(), state: LinkState::Active, terms, ..link };
    store.pin_hub_key(act, &link, &pinned(link.id, acceptance.key, act.at))?;
    store.change_link(act, &link, Action::HubLinkChanged)?;
    know_sealing(store, &link, &acceptance, act.at)?;
    Ok(link)
}

/// The key to which things for the writer of a file are sealed.
fn know_sealing(store: &mut Store, link: &Link, of: &Invitation, now: i64) -> anyhow::Result<()> {
    if sealing::is_usable(&of.sealing, now) {
        store.know_seal_key(link.id, &of.sealing)?;
    }
    Ok(())
}

/// Pins another key of a hub that we have a link with, from an invitation or acceptance that it wrote anew: after its key was stolen or lost.
pub fn pin(
    store: &mut Store,
    act: Act<'_>,
    ours: &Ours,
    file: &[u8],
    fingerprint: &Fingerprint,
) -> anyhow::Result<Link> {
    let invitation = read(ours, file, fingerprint)?;
    let link = standing(store, &invitation.name)?;
    store.pin_hub_key(act, &link, &pinned(link.id, invitation.key, act.at))?;
    know_sealing(store, &link, &invitation, act.at)?;
    Ok(link)
}

/// Lets a key of another hub count no more. `key_id`: its id, or its fingerprint.
pub fn revoke(store: &mut Store, act: Act<'_>, peer: &HubName, key_id: &str) -> anyhow::Result<Link> {
    let link = standing(store, peer)?;
    let keys = store.read(|connection| hubs::keys(connection, link.id))?;
    let print = key_id.parse::<Fingerprint>().ok();
    let found = keys.iter().find(|key| {
        message::key_id(&key.key) == key_id || print.as_ref() == Some(&Fingerprint::of(&key.key))
    });
    let found = found.with_context(|| format!("{peer} has no key {key_id}: `schakel hub show {peer}`"))?;
    ensure!(store.revoke_hub_key(act, &link, &found.key)?, "this key was revoked before");
    Ok(link)
}

/// Changes how what is for another hub gets there: its address (`https://…`), the mail address that its program reads (`mailto:…`), or empty: it fetches.
pub fn reach(store: &mut Store, act: Act<'_>, peer: &HubName, url: &str) -> anyhow::Result<Link> {
    let link = standing(store, peer)?;
    let transport = match url.strip_prefix(by_mail::SCHEME) {
        Some(address) => {
            let (name, domain) = address.rsplit_once('@').unwrap_or_default();
            let is_address = !name.is_empty()
                && domain.contains('.')
                && address.is_ascii()
                && !address.contains([' ', '<', '>', '?', ',']);
            ensure!(is_address, "`{address}` is no mail address");
            Transport::Mail
        }
        None if url.is_empty() => Transport::Pulled,
        None => {
            check_url(url)?;
            Transport::Push
        }
    };
    let link = Link { url: url.to_owned(), terms: LinkTerms { transport, ..link.terms.clone() }, ..link };
    store.change_link(act, &link, Action::HubLinkChanged)?;
    Ok(link)
}

/// Pauses a link, resumes it, or ends it.
pub fn set_state(store: &mut Store, act: Act<'_>, peer: &HubName, state: LinkState) -> anyhow::Result<Link> {
    let link = standing(store, peer)?;
    let action = match (link.state, state) {
        (LinkState::Active, LinkState::Paused) => Action::HubLinkPaused,
        (LinkState::Paused, LinkState::Active) => Action::HubLinkResumed,
        (_, LinkState::Ended) => Action::HubLinkEnded,
        (now, _) => bail!("the link with {peer} is {now}"),
    };
    let ended_at = (state == LinkState::Ended).then_some(act.at);
    let link = Link { state, ended_at, ..link };
    store.change_link(act, &link, action)?;
    Ok(link)
}

/// Makes the key that is to follow ours ([`ours::next_key`]), and announces it on every link. Gives how many hubs have to hear of it.
pub fn rotate(
    store: &mut Store,
    act: Act<'_>,
    config: &Config,
    next: impl FnOnce() -> anyhow::Result<Ed25519Key>,
) -> anyhow::Result<usize> {
    let ours = Ours::require(config)?;
    ensure!(!ours::has_next(config), "a new key is being announced: `schakel hub list` shows to whom");
    let links = active(store.read(hubs::standing)?);
    let next = next()?;
    let until = act.at + OVERLAP_SECONDS;
    let data = keys::to_data(&[(ours.key().public(), Some(until)), (next.public(), None)]);
    let mut lines = Vec::new();
    for link in &links {
        let line = ours.line(&link.peer, Kind::Keys, &new_id_text()?, None, data.clone(), act.at)?;
        lines.push((link.id, line));
    }
    store.write(|transaction| {
        for (link, line) in &lines {
            hub_messages::queue(transaction, *link, Kind::Keys.as_str(), line, act.at)?;
        }
        act.record(transaction, Action::HubKeyMade, "hub", &next.id())
    })?;
    Ok(links.len())
}

/// Makes a new key that others seal to, and announces it on every link. What was sealed to the old one is opened for as long as an old signing key counts:
/// until then the new one has reached whoever seals, also by lists of claims. Gives how many hubs have to hear of it.
pub fn rotate_sealing(
    store: &mut Store,
    act: Act<'_>,
    config: &Config,
    make: impl FnOnce(i64) -> anyhow::Result<()>,
) -> anyhow::Result<usize> {
    let links = active(store.read(hubs::standing)?);
    make(act.at + OVERLAP_SECONDS)?;
    let ours = Ours::require(config)?;
    let key = ours.sealing()?.context("this hub has no key for sealing: `schakel hub init` makes one")?;
    let data = seal_key::to_data(&key.public().to_bytes());
    let mut lines = Vec::new();
    for link in &links {
        let line = ours.line(&link.peer, Kind::SealKey, &new_id_text()?, None, data.clone(), act.at)?;
        lines.push((link.id, line));
    }
    store.write(|transaction| {
        for (link, line) in &lines {
            hub_messages::queue(transaction, *link, Kind::SealKey.as_str(), line, act.at)?;
        }
        act.record(transaction, Action::HubKeyMade, "hub", &key.public().fingerprint())
    })?;
    Ok(links.len())
}

/// Lets the next key sign, once every hub knows it. Does it sign now?
pub fn follow_rotation(reader: &Reader, config: &Config, now: i64) -> anyhow::Result<bool> {
    if config.hub.name.is_empty() {
        return Ok(false);
    }
    ours::forget_retired(config, now)?;
    if !ours::has_next(config) {
        return Ok(false);
    }
    for link in active(reader.read(hubs::standing)?) {
        let taken =
            reader.read(|connection| hub_messages::last_taken(connection, link.id, Kind::Keys.as_str()))?;
        if taken.is_none_or(|at| at > now - ANNOUNCED_SECONDS) {
            return Ok(false);
        }
    }
    ours::use_next(config)?;
    Ok(true)
}

fn active(links: Vec<Link>) -> Vec<Link> {
    links.into_iter().filter(|link| matches!(link.state, LinkState::Active | LinkState::Paused)).collect()
}

/// The link with a hub that has not ended.
pub fn standing(store: &Store, peer: &HubName) -> anyhow::Result<Link> {
    let link = store.read(|connection| hubs::by_peer(connection, peer))?;
    link.with_context(|| format!("there is no link with {peer}: `schakel hub list` shows those there are"))
}

fn new_link(
    store: &Store,
    act: Act<'_>,
    ours: &Ours,
    proposal: &Proposal,
    url: String,
    state: LinkState,
) -> anyhow::Result<Link> {
    let Proposal { peer, organisation: code, terms } = proposal;
    ensure!(*peer != ours.name, "{peer} is this hub itself");
    let room = CODE_BYTES_MAX - "hub.".len() - hubs::NO_LOOK_UP.len();
    ensure!(peer.as_str().len() <= room, "the name of a hub has at most {room} bytes here");
    ensure!(terms.tlp_max < schakel_model::tlp::Tlp::Red, "TLP:RED is for named persons, never for a hub");
    ensure!(!terms.purposes.is_empty(), "a link without a purpose can carry nothing");
    let known = store.read(|connection| hubs::by_peer(connection, peer))?;
    if let Some(known) = known {
        bail!(
            "there is a link with {peer} already, which is {}. `schakel hub end {peer}` ends it",
            known.state
        );
    }
    if !code.is_empty() {
        organisation(&store.read(load_organisations_now)?, code)?;
    }
    check_url(&url)?;
    Ok(Link {
        id: LinkId(0),
        peer: peer.clone(),
        url,
        organisation: code.clone(),
        state,
        terms: terms.clone(),
        created_at: act.at,
        ended_at: None,
    })
}

fn check_url(url: &str) -> anyhow::Result<()> {
    ensure!(
        url.is_empty() || Poster::hub_address(url).is_some(),
        "`{url}` is no address that a hub can be reached at: it has to be https"
    );
    Ok(())
}

fn source(peer: &HubName) -> Source {
    Source {
        name: peer.to_string(),
        kind: SourceKind::Cert,
        trust: Trust::Automatic,
        shown_as: ShownAs::Nothing,
        ..Source::new(&hubs::source_code(peer))
    }
}

fn pinned(link: LinkId, key: [u8; 32], at: i64) -> PinnedKey {
    PinnedKey { link, key, announced_by: None, pinned_at: at, valid_until: None, revoked_at: None }
}

fn written(ours: &Ours, link: &Link, accepts: bool, at: i64) -> anyhow::Result<Vec<u8>> {
    let invitation = Invitation {
        accepts,
        name: ours.name.clone(),
        url: ours.url.clone(),
        recipient: link.peer.clone(),
        key: ours.key().public(),
        sealing: ours.sealing_public()?,
        at,
        terms: link.terms.clone(),
    };
    Ok(invitation::write(&invitation, &|bytes| ours.key().sign(bytes))?)
}

/// A file for us, by a key with this fingerprint.
fn read(ours: &Ours, file: &[u8], fingerprint: &Fingerprint) -> anyhow::Result<Invitation> {
    let read = invitation::read(file, &ed25519::holds).map_err(anyhow::Error::msg)?;
    let found = Fingerprint::of(&read.key);
    ensure!(
        found == *fingerprint,
        "the key in the file has the fingerprint {found}, and not the one that was read to you. Ask {} again, by another way than this file came",
        read.name
    );
    ensure!(read.recipient == ours.name, "the file is for {}, and this is {}", read.recipient, ours.name);
    Ok(read)
}

/// The terms of the writer, and how what is for it gets there.
fn of_writer(invitation: &Invitation) -> LinkTerms {
    let transport = if invitation.url.is_empty() { Transport::Pulled } else { Transport::Push };
    LinkTerms { transport, ..invitation.terms.clone() }
}
