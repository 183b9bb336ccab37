//! Findings as parcels: what the other side needs to tell it, and nothing else.

use schakel_formats::hub::{
    message::Kind,
    parcel::{Content, Parcel, ParcelAsset},
};
use schakel_model::{
    event::{Event, Value},
    finding::FindingKey,
    hub::{FindingKeyOnLink, HOPS_MAX, HubName, Link, OutgoingParcel, ParcelId, PayloadForm, Withheld},
    ids::{FindingId, NotificationId},
    observation::{Observation, ObservedAt},
    severity::Severity,
    tlp::Terms,
};
use schakel_parse::{csaf::Issue, idf::to_json};
use schakel_rules::handover::class;

use crate::hub::{
    documents,
    ours::Ours,
    sealing::{Sealer, carried},
};

const DAY_SECONDS: i64 = 86_400;

/// Fields that say who reported or by which way it came to us, and what only we can use. Who reported is said by `feed.provider`, and only when the
/// source is shown.
const OURS: &[&str] = &[
    "feed.provider",
    "feed.url",
    "feed.documentation",
    "feed.code",
    "feed.accuracy",
    "rtir_id",
    "raw",
    "event_hash",
    "screenshot_url",
    "extra.reported_by",
    "extra.reporter",
];

/// A row that tells a finding, as far as another hub gets it.
pub(crate) struct Tellable {
    /// What makes it the same finding again.
    pub key: FindingKey,
    /// What is told.
    pub event: Event,
    /// The hubs that it passed to get here.
    pub path: Vec<HubName>,
    /// May its addresses and names be looked up outside?
    pub may_look_up: bool,
}

impl Tellable {
    /// Of an event as we read it. `shown`: what recipients see of whoever reported it.
    pub fn new(
        mut event: Event,
        observation: &Observation<'_>,
        report_type: &str,
        shown: &str,
        key: FindingKey,
        path: Vec<HubName>,
        may_look_up: bool,
    ) -> Self {
        OURS.iter().for_each(|field| drop(event.remove(field)));
        let is_nameless = event.text("feed.name").is_empty();
        // What it is stands in it, however the source wrote it.
        let mut set = |field: &'static str, text: &str| event.set(field, Value::Text(text.to_owned()));
        set("time.observation", &observation.observed_at.timestamp().to_string());
        set("classification.type", observation.classification.as_str());
        set("classification.identifier", &observation.identifier);
        set("severity", observation.severity.as_str());
        if is_nameless && !report_type.is_empty() {
            set("feed.name", report_type);
        }
        if !shown.is_empty() {
            set("feed.provider", shown);
        }
        Self { key, event, path, may_look_up }
    }

    /// What became known of it since its row: when it was last seen, how bad it is, and vulnerabilities that it was found to have.
    pub fn seen(&mut self, last_seen: ObservedAt, severity: Severity, new_cves: &[String]) {
        self.event.set("time.observation", Value::Text(last_seen.timestamp().to_string()));
        self.event.set("severity", Value::Text(severity.as_str().to_owned()));
        if !new_cves.is_empty() {
            let known = self.event.text("product.vulnerabilities").to_owned();
            let all: Vec<&str> = known.split(',').chain(new_cves.iter().map(String::as_str)).collect();
            let all =
                all.into_iter().map(str::trim).filter(|cve| !cve.is_empty()).collect::<Vec<_>>().join(",");
            self.event.set("product.vulnerabilities", Value::Text(all));
        }
    }
}

/// A finding that goes into a parcel.
pub(crate) struct ToHandOver<'a> {
    pub finding: FindingId,
    pub tellable: &'a Tellable,
    pub severity: Severity,
    pub asset: Option<ParcelAsset>,
    /// The parcels about it on this link, this one last: revision, and when it was made, in seconds since 1970.
    pub made: &'a [(u32, i64)],
}

/// What the parcels of a notification share.
#[derive(Clone, Copy)]
pub(crate) struct Together<'a> {
    pub ours: &'a Ours,
    pub secret: &'a [u8; 32],
    pub link: &'a Link,
    pub form: PayloadForm,
    pub terms: Terms,
    pub notification: NotificationId,
    /// Seconds since 1970.
    pub now: i64,
}

/// The parcel of a finding, signed.
pub(crate) fn parcel(
    together: Together<'_>,
    sealer: Option<&mut Sealer>,
    one: ToHandOver<'_>,
) -> anyhow::Result<OutgoingParcel> {
    let Together { ours, secret, link, terms, notification, now, .. } = together;
    let key = key_on_link(secret, link, one.tellable.key);
    let (content, withheld) = content(together, &one, sealer, key)?;
    let revision = one.made.last().map_or(1, |(revision, _)| *revision);
    let id = name(secret, key, revision);
    let mut path = one.tellable.path.clone();
    path.push(ours.name.clone());
    let class = class(one.severity);
    let parcel = Parcel {
        id,
        key,
        revision,
        class,
        origin: path[0].clone(),
        hop_limit: HOPS_MAX.saturating_sub(path.len() as u8 + 1),
        path,
        tlp: terms.tlp,
        purposes: link.terms.purposes.iter().copied().filter(|purpose| purpose.is_of_parcels()).collect(),
        may_notify: terms.may_notify,
        may_look_up: one.tellable.may_look_up,
        expires_at: now.saturating_add(i64::from(link.terms.retention_days) * DAY_SECONDS),
        asset: one.asset,
        content,
    };
    let body = ours.line(&link.peer, Kind::Parcel, &id.to_string(), None, parcel.to_data(), now)?;
    Ok(OutgoingParcel {
        link: link.id,
        id,
        class,
        finding: one.finding,
        key,
        revision,
        notification,
        body,
        created_at: now,
        withheld,
    })
}

/// What a parcel tells, and why it has to wait. What came sealed goes on as it came.
fn content(
    together: Together<'_>,
    one: &ToHandOver<'_>,
    sealer: Option<&mut Sealer>,
    key: FindingKeyOnLink,
) -> anyhow::Result<(Content, Option<Withheld>)> {
    if let Some(sealed) = carried(&one.tellable.event) {
        return Ok((Content::Sealed(sealed), None));
    }
    let event = serde_json::from_str(&to_json(&one.tellable.event))?;
    let Some(sealer) = sealer else {
        return Ok((document(together, one, key).unwrap_or(Content::Event(event)), None));
    };
    Ok(match sealer.seal(one.asset.as_ref(), &event)? {
        Ok(sealed) => (Content::Sealed(sealed), None),
        Err(why) => (Content::Event(event), Some(why)),
    })
}

/// What is told, as the document that the link has. `None`: it goes as an event.
fn document(together: Together<'_>, one: &ToHandOver<'_>, key: FindingKeyOnLink) -> Option<Content> {
    let publisher = together.ours.reporter.as_ref()?;
    let event = &one.tellable.event;
    match together.form {
        PayloadForm::Idf => None,
        PayloadForm::Xarf => documents::report(event, publisher).map(Content::Xarf),
        PayloadForm::Csaf => {
            let id = &key.to_string();
            let issue = Issue { publisher, id, tlp: together.terms.tlp, versions: one.made };
            documents::advisory(event, &issue).map(Content::Csaf)
        }
    }
}

/// What a finding is called on a link. It is made of what makes it the same finding again, so that it is called the same after a restore; and of the
/// other hub and its link, so that two hubs cannot tell that they got the same.
pub(crate) fn key_on_link(secret: &[u8; 32], link: &Link, key: FindingKey) -> FindingKeyOnLink {
    let hash_key = blake3::derive_key("schakel 2026 name of a finding on a link v1", secret);
    let mut hasher = blake3::Hasher::new_keyed(&hash_key);
    hasher.update(&link.id.0.to_le_bytes()).update(link.peer.as_str().as_bytes()).update(&[0]).update(&key.0);
    FindingKeyOnLink(first_half(hasher.finalize()))
}

/// The name of a parcel. The same content is called the same when it is made again after a restore.
fn name(secret: &[u8; 32], key: FindingKeyOnLink, revision: u32) -> ParcelId {
    let hash_key = blake3::derive_key("schakel 2026 name of a parcel v1", secret);
    let mut hasher = blake3::Hasher::new_keyed(&hash_key);
    hasher.update(&key.0).update(&revision.to_le_bytes());
    ParcelId(first_half(hasher.finalize()))
}

fn first_half(hash: blake3::Hash) -> [u8; 16] {
    let mut half = [0; 16];
    half.copy_from_slice(&hash.as_bytes()[..16]);
    half
}

#[cfg(test)]
mod tests {
    use schakel_model::{
        hub::{Direction, LinkState, LinkTerms, Purpose, StatusLevel, Transport},
        ids::LinkId,
        tlp::Tlp,
    };

    use super::*;

    fn link(id: u32, peer: &str) -> Link {
        Link {
            id: LinkId(id),
            peer: peer.parse().unwrap(),
            url: String::new(),
            organisation: "X".into(),
            state: LinkState::Active,
            terms: LinkTerms {
                direction: Direction::Out,
                transport: Transport::Push,
                tlp_max: Tlp::Amber,
                purposes: vec![Purpose::Notify],
                parcels_per_hour: 1,
                credit: 1,
                service_level_seconds: 1,
                status: StatusLevel::None,
                retention_days: 1,
            },
            created_at: 0,
            ended_at: None,
        }
    }

    #[test]
    fn no_two_links_call_a_finding_the_same() {
        let key = |id, peer, finding, secret| {
            key_on_link(&[secret; 32], &link(id, peer), FindingKey([finding; 16]))
        };
        let one = key(1, "a.example", 7, 1);
        assert_eq!(one, key(1, "a.example", 7, 1));
        for other in [
            key(2, "a.example", 7, 1),
            key(1, "b.example", 7, 1),
            key(1, "a.example", 8, 1),
            key(1, "a.example", 7, 2),
        ] {
            assert_ne!(one, other);
        }
        assert_ne!(name(&[1; 32], one, 1), name(&[1; 32], one, 2));
        assert_ne!(name(&[1; 32], one, 1).0, one.0);
    }
}
