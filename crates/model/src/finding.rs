//! A finding's key: what makes two observations the same problem.

use std::net::IpAddr;

use crate::observation::{MalwareIdentity, Observation, ServiceIdentity, TargetIdentity};

/// 128 bits over (target, service, kind, identifier), keyed with a secret of the installation, so that keys of two
/// installations cannot be compared and nobody can aim for a collision.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct FindingKey(pub [u8; 16]);

/// Makes keys. Holds the secret of the installation.
#[derive(Clone)]
pub struct KeyMaker {
    secret: [u8; 32],
}

impl KeyMaker {
    /// With the installation's secret of 32 random bytes.
    pub fn new(secret: [u8; 32]) -> Self {
        Self { secret }
    }

    /// The key of the problem this observation shows. `scratch` is a buffer to reuse between calls.
    ///
    /// The input of the hash, version 1: a version byte, then each part with a tag byte and its length, so that no two
    /// different lists of parts give the same bytes.
    pub fn key(&self, observation: &Observation<'_>, scratch: &mut Vec<u8>) -> FindingKey {
        scratch.clear();
        scratch.push(1);
        push_target(observation, scratch);
        if observation.identity.service == ServiceIdentity::Counts {
            scratch.push(b's');
            scratch.push(observation.transport as u8);
            scratch.extend_from_slice(&observation.source.port.to_le_bytes());
        }
        scratch.push(b'k');
        // By name: the numbers of the types are ours to change, keys are for ever.
        push_text(scratch, b'c', observation.classification.as_str());
        push_text(scratch, b'i', &observation.identifier);
        if observation.identity.malware == MalwareIdentity::Counts {
            push_text(scratch, b'm', &observation.malware);
        }
        let hash = blake3::keyed_hash(&self.secret, scratch);
        let mut key = [0; 16];
        key.copy_from_slice(&hash.as_bytes()[..16]);
        FindingKey(key)
    }
}

fn push_target(observation: &Observation<'_>, out: &mut Vec<u8>) {
    let source = &observation.source;
    let name = || [&source.fqdn, &source.reverse_dns].into_iter().find(|name| !name.is_empty());
    match observation.identity.target {
        TargetIdentity::AddressElseName => match source.ip {
            Some(ip) => push_ip(out, ip),
            None if !source.fqdn.is_empty() => push_text(out, b'n', &source.fqdn),
            None if !source.url.is_empty() => push_text(out, b'u', &source.url),
            None if !source.account.is_empty() => push_text(out, b'a', &source.account),
            None => push_text(out, b'n', &source.reverse_dns),
        },
        TargetIdentity::NameElseAddress => match (name(), source.ip) {
            (Some(name), _) => push_text(out, b'n', name),
            (None, Some(ip)) => push_ip(out, ip),
            (None, None) => push_text(out, b'u', &source.url),
        },
        TargetIdentity::Url if !source.url.is_empty() => push_text(out, b'u', &source.url),
        TargetIdentity::Url => match (name(), source.ip) {
            (Some(name), _) => push_text(out, b'n', name),
            (None, Some(ip)) => push_ip(out, ip),
            (None, None) => push_text(out, b'a', &source.account),
        },
        TargetIdentity::Account => {
            push_text(out, b'a', &source.account);
            push_text(out, b'n', name().map_or("", |name| name));
            push_text(out, b'u', &source.url);
        }
    }
}

fn push_ip(out: &mut Vec<u8>, ip: IpAddr) {
    match ip {
        IpAddr::V4(v4) => {
            out.push(b'4');
            out.extend_from_slice(&v4.octets());
        }
        IpAddr::V6(v6) => {
            out.push(b'6');
            out.extend_from_slice(&v6.octets());
        }
    }
}

fn push_text(out: &mut Vec<u8>, tag: u8, text: &str) {
    out.push(tag);
    out.extend_from_slice(&(text.len() as u32).to_le_bytes());
    out.extend_from_slice(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;
    use crate::{
        classification::ClassificationType,
        observation::{Endpoint, Identity, ObservedAt, Polarity, Transport},
        severity::Severity,
    };

    fn observation() -> Observation<'static> {
        Observation {
            observed_at: ObservedAt(1),
            source: Endpoint { ip: Some([192, 0, 2, 1].into()), port: 443, ..Endpoint::default() },
            target: Endpoint::default(),
            transport: Transport::Tcp,
            classification: ClassificationType::VulnerableSystem,
            identifier: Cow::Borrowed("vulnerable-http"),
            malware: Cow::Borrowed(""),
            severity: Severity::Low,
            polarity: Polarity::Seen,
            identity: Identity::SERVICE,
        }
    }

    fn key(observation: &Observation<'_>) -> FindingKey {
        KeyMaker::new([7; 32]).key(observation, &mut Vec::new())
    }

    #[test]
    fn time_and_severity_do_not_make_another_problem_but_port_and_identifier_do() {
        let base = observation();
        let later = Observation { observed_at: ObservedAt(99), severity: Severity::High, ..base.clone() };
        assert_eq!(key(&base), key(&later));
        let mut other_port = base.clone();
        other_port.source.port = 80;
        assert_ne!(key(&base), key(&other_port));
        let other_kind = Observation { identifier: Cow::Borrowed("accessible-http"), ..base.clone() };
        assert_ne!(key(&base), key(&other_kind));
    }

    #[test]
    fn an_infection_is_named_by_malware_and_not_by_its_ephemeral_port() {
        let base =
            Observation { identity: Identity::INFECTION, malware: Cow::Borrowed("mirai"), ..observation() };
        let mut other_port = base.clone();
        other_port.source.port = 50_000;
        assert_eq!(key(&base), key(&other_port));
        assert_ne!(key(&base), key(&Observation { malware: Cow::Borrowed("qakbot"), ..base.clone() }));
    }

    #[test]
    fn another_installation_makes_other_keys() {
        let theirs = KeyMaker::new([8; 32]).key(&observation(), &mut Vec::new());
        assert_ne!(key(&observation()), theirs);
    }
}
