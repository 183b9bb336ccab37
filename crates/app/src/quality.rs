//! How good the register is for each member: the facts behind the score of [`schakel_rules::quality`].

use std::collections::{BTreeSet, HashMap, HashSet};

use foldhash::fast::RandomState;
use ipnet::IpNet;
use schakel_model::{
    announced::Origin,
    asset::{Asset, AssetValue, Proof},
    fate::Fate,
    ids::{AssetId, OrganisationId},
    name_look_up::NameLookUp,
    register::Organisation,
    tlp::Tlp,
};
use schakel_rules::{
    claim::host,
    overlap::overlapping,
    quality::{Facts, Looked, Quality, quality},
    recipients::recipients,
};
use schakel_store::{
    Reader, StoreError, announced, confirmations, last_changes,
    ledger::{self, Scope},
    name_look_ups::{self, NameLookUps},
};
use serde::Serialize;

use crate::{
    explain::rfc3339,
    pipeline::state::RegisterView,
    unrouted::{Near, counts},
};

/// Prefixes of one member that are compared with what is announced; more than that says nothing new.
const PREFIXES_COMPARED_MAX: usize = 500;
const DAY_SECONDS: i64 = 86_400;

/// A member's score. The names of the fields are a contract.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct MemberQuality {
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// From 0 to 100.
    pub score: u32,
    /// Why, the one that costs most first.
    pub reasons: Vec<ReasonShown>,
    /// Assets that hold now.
    pub assets: u32,
    /// Findings of its own.
    pub findings: u64,
    /// Findings of nobody near its assets.
    pub unrouted_near: u64,
    /// Names of its own that do not resolve.
    pub names_gone: Vec<NameGone>,
}

/// A name that does not resolve.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct NameGone {
    /// Which.
    pub name: String,
    /// When it was first found so, RFC 3339.
    pub since: String,
}

/// What a criterion gave.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct ReasonShown {
    /// Which.
    pub criterion: &'static str,
    /// How much of the score it is.
    pub weight: u32,
    /// How well it is met, in percent.
    pub percent: u32,
    /// In a sentence.
    pub why: String,
}

/// Judges all members, or one, the worst first.
pub fn members(
    reader: &Reader,
    view: &RegisterView,
    only: Option<&str>,
    now: i64,
) -> Result<Vec<MemberQuality>, StoreError> {
    let gathered = Gathered::new(reader, view, now)?;
    let wanted = |organisation: &&Organisation| only.is_none_or(|code| organisation.code == code);
    let mut members = Vec::new();
    for organisation in view.register.organisations.iter().filter(wanted) {
        let facts = gathered.facts(organisation.id)?;
        let gone = gathered.gone(organisation.id);
        members.push(shown(organisation, &facts, quality(&facts), gone));
    }
    members.sort_by(|a, b| a.score.cmp(&b.score).then_with(|| a.code.cmp(&b.code)));
    Ok(members)
}

fn shown(
    organisation: &Organisation,
    facts: &Facts,
    quality: Quality,
    names_gone: Vec<NameGone>,
) -> MemberQuality {
    let reason = |reason: schakel_rules::quality::Reason| ReasonShown {
        criterion: reason.criterion.as_str(),
        weight: reason.criterion.weight(),
        percent: reason.permille / 10,
        why: reason.why,
    };
    MemberQuality {
        code: organisation.code.clone(),
        name: organisation.name.clone(),
        score: quality.score,
        reasons: quality.reasons.into_iter().map(reason).collect(),
        assets: facts.assets,
        findings: facts.findings,
        unrouted_near: facts.unrouted_near,
        names_gone,
    }
}

/// What is looked up once for all members.
struct Gathered<'a> {
    reader: &'a Reader,
    view: &'a RegisterView,
    now: i64,
    assets: HashMap<OrganisationId, Vec<&'a Asset>, RandomState>,
    overlapping: HashSet<AssetId, foldhash::fast::FixedState>,
    changed_at: HashMap<OrganisationId, i64, RandomState>,
    findings: HashMap<OrganisationId, u64, RandomState>,
    near: Near,
    looked_up: NameLookUps,
}

impl<'a> Gathered<'a> {
    fn new(reader: &'a Reader, view: &'a RegisterView, now: i64) -> Result<Self, StoreError> {
        let mut assets: HashMap<OrganisationId, Vec<&Asset>, RandomState> = HashMap::default();
        for asset in view.register.assets.iter().filter(|asset| asset.valid_at(now) && !asset.flags.excluded)
        {
            assets.entry(asset.organisation).or_default().push(asset);
        }
        let mut changed_at = reader.read(last_changes::last_changes)?;
        let version = view.register.version;
        let confirmed = reader.read(|connection| confirmations::freshness(connection, version))?;
        for contact in &view.register.contacts {
            if let Some(freshness) = confirmed.get(&contact.id) {
                let last = changed_at.entry(contact.organisation).or_default();
                *last = (*last).max(freshness.confirmed_at);
            }
        }
        let mut findings: HashMap<OrganisationId, u64, RandomState> = HashMap::default();
        for (organisation, fate, count) in
            reader.read(|connection| ledger::by_organisation(connection, &Scope::All))?
        {
            if fate != Fate::Withdrawn {
                *findings.entry(OrganisationId(organisation)).or_default() += count;
            }
        }
        Ok(Self {
            overlapping: overlapping(&view.register.assets, now),
            near: counts(reader)?,
            looked_up: reader.read(name_look_ups::all)?,
            reader,
            view,
            now,
            assets,
            changed_at,
            findings,
        })
    }

    fn facts(&self, organisation: OrganisationId) -> Result<Facts, StoreError> {
        let assets = self.assets.get(&organisation).map_or(&[][..], Vec::as_slice);
        let count =
            |wanted: &dyn Fn(&Asset) -> bool| assets.iter().filter(|asset| wanted(asset)).count() as u32;
        let nets: Vec<IpNet> = assets.iter().filter_map(|asset| net(&asset.value)).collect();
        let names: BTreeSet<&str> = assets.iter().filter_map(|asset| name(&asset.value)).collect();
        let contacts = self.view.contacts(organisation, self.now);
        let days = |at: &i64| u32::try_from((self.now - at).max(0) / DAY_SECONDS).unwrap_or(u32::MAX);
        Ok(Facts {
            assets: assets.len() as u32,
            proven: count(&|asset| asset.proof != Proof::Asserted),
            overlapping: count(&|asset| self.overlapping.contains(&asset.id)),
            reachable: recipients(contacts, Tlp::Amber).is_ok(),
            days_unchanged: self.changed_at.get(&organisation).map(days),
            names: self.looked_up(assets),
            prefixes: self.announced(assets)?,
            findings: self.findings.get(&organisation).copied().unwrap_or_default(),
            unrouted_near: self.near.of(&nets, &names),
        })
    }

    /// The names of a member whose look-ups had an answer.
    fn looked_up(&self, assets: &[&Asset]) -> Option<Looked> {
        let known: Vec<&NameLookUp> = hosts(assets)
            .into_iter()
            .filter_map(|name| self.looked_up.get(name))
            .filter(|look_up| look_up.is_known())
            .collect();
        let gone = known.iter().filter(|look_up| look_up.does_not_resolve_since().is_some()).count();
        (!known.is_empty()).then_some(Looked { at: known.len() as u32, wrong: gone as u32 })
    }

    /// The names of a member that do not resolve.
    fn gone(&self, organisation: OrganisationId) -> Vec<NameGone> {
        let assets = self.assets.get(&organisation).map_or(&[][..], Vec::as_slice);
        let gone = |name: &str| {
            let since = self.looked_up.get(name)?.does_not_resolve_since()?;
            Some(NameGone { name: name.to_owned(), since: rfc3339(since) })
        };
        hosts(assets).into_iter().filter_map(gone).collect()
    }

    /// Prefixes of a member with AS numbers of its own that somebody else announces. Others are announced by their provider, as they
    /// should be.
    fn announced(&self, assets: &[&Asset]) -> Result<Option<Looked>, StoreError> {
        let own: HashSet<u32> = assets
            .iter()
            .filter_map(|asset| match asset.value {
                AssetValue::Asn(asn) => Some(asn),
                _ => None,
            })
            .collect();
        if own.is_empty() {
            return Ok(None);
        }
        let prefixes = assets.iter().filter_map(|asset| match asset.value {
            AssetValue::Prefix(net) => Some(net),
            _ => None,
        });
        let mut looked = Looked::default();
        for net in prefixes.take(PREFIXES_COMPARED_MAX) {
            let version = self.view.register.version;
            let around =
                self.reader.read(|connection| announced::around(connection, version, &[net.network()]))?;
            let by_asn = around.prefixes.iter().filter_map(|announced| match announced.origin {
                Origin::Asn(asn) if announced.net.prefix_len() > 0 => Some((announced.net.prefix_len(), asn)),
                _ => None,
            });
            let by_asn: Vec<(u8, u32)> = by_asn.collect();
            let Some(longest) = by_asn.iter().map(|(length, _)| *length).max() else { continue };
            looked.at += 1;
            let is_own = by_asn.iter().any(|(length, asn)| *length == longest && own.contains(asn));
            looked.wrong += u32::from(!is_own);
        }
        Ok((looked.at > 0).then_some(looked))
    }
}

fn net(value: &AssetValue) -> Option<IpNet> {
    match value {
        AssetValue::Prefix(net) => Some(*net),
        AssetValue::Address(ip) => Some((*ip).into()),
        _ => None,
    }
}

/// The names that stand in the DNS, each once.
fn hosts<'a>(assets: &[&'a Asset]) -> BTreeSet<&'a str> {
    assets.iter().filter_map(|asset| host(&asset.value)).collect()
}

fn name(value: &AssetValue) -> Option<&str> {
    match value {
        AssetValue::Domain(name) | AssetValue::Hostname(name) | AssetValue::MailDomain(name) => Some(name),
        _ => None,
    }
}
