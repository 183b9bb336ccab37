//! What is sealed to its final recipient: events that hubs between carry without reading them. They find their way by what stands in clear beside it:
//! the address or name it is about, the marking, the class.

use std::net::IpAddr;

use anyhow::Context;
use base64::{Engine, engine::general_purpose::STANDARD};
use ipnet::IpNet;
use jiff::Timestamp;
use schakel_formats::hub::{
    message::{self, Kind},
    parcel::{Content, PARCEL_BYTES_MAX, Parcel, ParcelAsset, SealedEvent, event_of},
};
use schakel_model::{
    event::Event,
    hub::{Link, ParcelClass, Withheld},
};
use schakel_seal::{
    openpgp::{key::PublicKey, secret::SecretKey},
    random::Random,
    sealed::{open, seal},
};
use schakel_store::{
    Reader, Store,
    hub_sealing::{self, SealKeys, Sealing},
};
use serde_json::{Value, json};

use super::ours::Ours;

/// The field of a row in which a sealed event lies while it passes through here, in base64.
pub const SEALED_FIELD: &str = "extra.sealed";

/// The field with the fingerprint of the key that it is sealed to.
pub const SEALED_TO_FIELD: &str = "extra.sealed_to";

/// Parcels that are let go in one transaction.
const RELEASED_AT_ONCE: usize = 1_000;

/// Seals what goes over a link.
pub struct Sealer {
    keys: SealKeys,
    now: Timestamp,
    random: Random,
}

impl Sealer {
    /// For a link; `None` when it is not asked for.
    pub fn of(reader: &Reader, link: &Link, now: i64) -> anyhow::Result<Option<Self>> {
        match reader.read(|connection| hub_sealing::wanted(connection, link.id))? {
            Sealing::Off => Ok(None),
            Sealing::Wanted => {
                let keys = reader.read(|connection| hub_sealing::keys(connection, link.id))?;
                Ok(Some(Self { keys, now: Timestamp::from_second(now)?, random: fresh()? }))
            }
        }
    }

    /// Seals an event that concerns this asset of the other side, or says why it has to wait.
    pub fn seal(
        &mut self,
        asset: Option<&ParcelAsset>,
        event: &Value,
    ) -> anyhow::Result<Result<SealedEvent, Withheld>> {
        let text = |field: &str| event.get(field).and_then(Value::as_str).filter(|text| !text.is_empty());
        let Some(target) = text("source.ip").or(text("source.fqdn")) else {
            return Ok(Err(Withheld::NoTarget));
        };
        let Some(key) = self.key(asset, target) else { return Ok(Err(Withheld::NoKey)) };
        let message = seal(event.to_string().as_bytes(), &key, self.now, &mut self.random)?;
        Ok(Ok(SealedEvent { to: key.fingerprint(), target: target.to_owned(), message }))
    }

    /// The key of whoever this is: that of the claim by which it is theirs, or else of the most specific one that it lies in, or of the other hub itself.
    fn key(&self, asset: Option<&ParcelAsset>, target: &str) -> Option<PublicKey> {
        let SealKeys { own, published, of_claims } = &self.keys;
        let claim = asset.map(|asset| (asset.kind.clone(), asset.value.clone()));
        let exactly = claim.and_then(|claim| of_claims.get(&claim));
        let around = || {
            let claims = of_claims
                .iter()
                .filter_map(|((kind, value), at)| Some((specificity(kind, value, target)?, at)));
            claims.max_by_key(|(specific, _)| *specific).map(|(_, at)| at)
        };
        let of_claim = exactly.or_else(around).and_then(|at| published.get(*at));
        let key = PublicKey::read(of_claim.or(own.as_ref())?).ok()?;
        key.can_be_encrypted_to(self.now).then_some(key)
    }
}

/// How closely a claim fits an address or name; `None`: it does not.
fn specificity(kind: &str, value: &str, target: &str) -> Option<usize> {
    let below =
        |domain: &str| target.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    match (kind, target.parse::<IpAddr>()) {
        ("prefix", Ok(ip)) => {
            let net: IpNet = value.parse().ok()?;
            net.contains(&ip).then(|| usize::from(net.prefix_len()))
        }
        ("address", Ok(ip)) => (value.parse() == Ok(ip)).then_some(usize::MAX),
        ("domain", Err(_)) => below(value).then_some(value.len()),
        ("hostname", Err(_)) => (value == target).then_some(usize::MAX),
        _ => None,
    }
}

/// Seals bytes to the other hub of a link itself; `None` when it has no key.
pub(super) fn to_hub(
    reader: &Reader,
    link: &Link,
    bytes: &[u8],
    now: Timestamp,
) -> anyhow::Result<Option<Vec<u8>>> {
    let known = reader.read(|connection| hub_sealing::keys(connection, link.id))?.own;
    let key = known.and_then(|key| PublicKey::read(&key).ok()).filter(|key| key.can_be_encrypted_to(now));
    key.map(|key| Ok(seal(bytes, &key, now, &mut fresh()?)?)).transpose()
}

fn fresh() -> anyhow::Result<Random> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).context("the system gives no random numbers")?;
    Ok(Random::from_seed(seed))
}

/// Can something be sealed to this key?
pub fn is_usable(key: &[u8], now: i64) -> bool {
    let at = Timestamp::from_second(now);
    PublicKey::read(key).is_ok_and(|key| at.is_ok_and(|at| key.can_be_encrypted_to(at)))
}

/// The key of a file or a list, for people to compare.
pub fn fingerprint(key: &[u8]) -> String {
    PublicKey::read(key).map_or_else(|_| String::new(), |key| key.fingerprint())
}

/// What a row holds that is sealed to somebody else, as it is handed on.
pub(crate) fn carried(event: &Event) -> Option<SealedEvent> {
    let message = STANDARD.decode(event.text(SEALED_FIELD)).ok().filter(|message| !message.is_empty())?;
    let target =
        [event.text("source.ip"), event.text("source.fqdn")].into_iter().find(|text| !text.is_empty())?;
    Some(SealedEvent { to: event.text(SEALED_TO_FIELD).to_owned(), target: target.to_owned(), message })
}

/// What becomes of a sealed event here.
pub(super) enum Arrived {
    /// It was for us: what it says.
    Opened(Value),
    /// It is for another hub: a row that says no more than its envelope does, and holds it.
    Carried(Value),
}

/// Opens what is sealed to us.
#[derive(Default)]
pub(super) struct Opener(Vec<SecretKey>);

impl Opener {
    /// With the keys that count at this time, in seconds since 1970.
    pub fn of(ours: &Ours, now: i64) -> anyhow::Result<Self> {
        Ok(Self(ours.opening(now)?))
    }

    /// An error says why it can neither be opened nor carried.
    pub fn arrived(&self, parcel: &Parcel, sealed: &SealedEvent, made_at: i64) -> anyhow::Result<Arrived> {
        let now = Timestamp::from_second(made_at)?;
        match self.0.iter().find(|key| key.public().fingerprint() == sealed.to) {
            Some(key) => {
                let bytes = open(&sealed.message, std::slice::from_ref(key), now, PARCEL_BYTES_MAX)?;
                let event: Value = serde_json::from_slice(&bytes).context("what was sealed is no JSON")?;
                event_of(&event).map_err(anyhow::Error::msg)?;
                Ok(Arrived::Opened(event))
            }
            None => Ok(Arrived::Carried(stand_in(parcel, sealed, now))),
        }
    }
}

/// The row of a sealed event: always the same for the same parcel.
fn stand_in(parcel: &Parcel, sealed: &SealedEvent, made_at: Timestamp) -> Value {
    let severity = match parcel.class {
        ParcelClass::Critical => "critical",
        ParcelClass::Normal => "medium",
        ParcelClass::Bulk => "low",
    };
    let target = if sealed.target.parse::<IpAddr>().is_ok() { "source.ip" } else { "source.fqdn" };
    json!({
        "time.source": made_at.to_string(),
        "classification.type": "undetermined",
        // Each finding is one here as well: nobody may tell two of them apart by more than that.
        "classification.identifier": format!("sealed-{}", parcel.key),
        "severity": severity,
        target: sealed.target,
        SEALED_FIELD: STANDARD.encode(&sealed.message),
        SEALED_TO_FIELD: sealed.to,
    })
}

/// Lets go what was kept back on a link and can go now. Gives how much.
pub fn release(store: &mut Store, ours: &Ours, link: &Link, now: i64) -> anyhow::Result<usize> {
    let reader = store.reader()?;
    let mut sealer = Sealer::of(&reader, link, now)?;
    let mut count = 0;
    let mut released = Vec::new();
    for (row, line) in
        reader.read(|connection| hub_sealing::withheld(connection, link.id, usize::MAX >> 1))?
    {
        let body = match &mut sealer {
            None => Some(line),
            Some(sealer) => sealed_line(ours, link, sealer, &line)?,
        };
        released.extend(body.map(|body| (row, body)));
        if released.len() == RELEASED_AT_ONCE {
            count += released.len();
            store.release_parcels(&std::mem::take(&mut released), now)?;
        }
    }
    count += released.len();
    store.release_parcels(&released, now)?;
    Ok(count)
}

/// A parcel as it goes, of the line that it would be without sealing; `None`: it still has to wait.
fn sealed_line(
    ours: &Ours,
    link: &Link,
    sealer: &mut Sealer,
    line: &[u8],
) -> anyhow::Result<Option<Vec<u8>>> {
    let envelope = message::read(line)?.envelope;
    let mut parcel = Parcel::read(&envelope.id, &envelope.data).map_err(anyhow::Error::msg)?;
    if let Content::Event(event) = &parcel.content {
        let Ok(sealed) = sealer.seal(parcel.asset.as_ref(), event)? else { return Ok(None) };
        parcel.content = Content::Sealed(sealed);
    }
    ours.line(&link.peer, Kind::Parcel, &envelope.id, None, parcel.to_data(), envelope.time).map(Some)
}

#[cfg(test)]
mod tests {
    use super::specificity;

    #[test]
    fn the_closest_claim_is_whose_it_is() {
        for (kind, value, target, fits) in [
            ("prefix", "192.0.2.0/24", "192.0.2.1", Some(24)),
            ("prefix", "192.0.2.0/25", "192.0.2.200", None),
            ("prefix", "2001:db8::/32", "2001:db8::1", Some(32)),
            ("prefix", "192.0.2.0/24", "2001:db8::1", None),
            ("prefix", "nonsense", "192.0.2.1", None),
            ("address", "192.0.2.1", "192.0.2.1", Some(usize::MAX)),
            ("domain", "eikendam.example", "www.eikendam.example", Some(16)),
            ("domain", "eikendam.example", "eikendam.example", Some(16)),
            ("domain", "dam.example", "eikendam.example", None),
            ("hostname", "www.eikendam.example", "eikendam.example", None),
            ("asn", "AS64500", "192.0.2.1", None),
        ] {
            assert_eq!(specificity(kind, value, target), fits, "{kind} {value} {target}");
        }
    }
}
