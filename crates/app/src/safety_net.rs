//! The safety net (vangnet): what is nobody's is told to whoever the outside world names for it, where every source permits it. What may be told, and
//! to whom, is decided in `rules::safety_net`; here it is gathered, asked and written.

pub mod asking;
pub mod plan;
mod rows;
mod subjects;
pub mod telling;
pub mod turn;

use std::collections::BTreeSet;

use anyhow::Context;
use schakel_deliver::mail::address;
use schakel_formats::{register::registrable::registrable, security_txt::plain_address};
use schakel_model::{
    asset::AssetValue,
    register::{OrganisationKind, Register},
    tlp::Tlp,
};
use schakel_rules::safety_net::{Guard, Net};
use schakel_store::{Reader, do_not_contact};
use serde::{Deserialize, Serialize};

use crate::config::Config;

/// The part `[safety_net]` of the configuration.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[allow(missing_docs)] // Documented once, in config.toml.
pub struct SafetyNetConfig {
    pub enabled: bool,
    pub delay_days: u32,
    pub kinds: Vec<String>,
    pub severity: String,
    pub tlp: String,
    pub mails_per_day: usize,
}

impl Default for SafetyNetConfig {
    fn default() -> Self {
        Self {
            enabled: false,
            delay_days: 3,
            kinds: Vec::new(),
            severity: "medium".to_owned(),
            tlp: Tlp::Green.as_str().to_owned(),
            mails_per_day: 50,
        }
    }
}

impl SafetyNetConfig {
    /// As the rules know it.
    pub fn net(&self) -> anyhow::Result<Net> {
        Ok(Net {
            delay_seconds: i64::from(self.delay_days) * 86_400,
            kinds: self.kinds.clone(),
            severity_min: self.severity.parse().map_err(anyhow::Error::msg).context("safety_net.severity")?,
            tlp_max: self.tlp.parse().map_err(anyhow::Error::msg).context("safety_net.tlp")?,
        })
    }
}

/// Whom not to write to: ourselves, other hubs, and whoever asked.
pub(crate) fn guard(reader: &Reader, config: &Config, register: &Register) -> anyhow::Result<Guard> {
    let mut ours = BTreeSet::new();
    for text in [&config.mail.from, &config.mail.reply_to] {
        ours.extend(address("mail", text).ok().and_then(|address| own_domain(&address)));
    }
    ours.insert(config.mail.message_id_host.to_lowercase());
    let public_host = config.http.public_url.split_once("://").map_or("", |(_, rest)| rest);
    ours.insert(public_host.split(['/', ':']).next().unwrap_or_default().to_lowercase());
    ours.remove("");
    let list = reader.read(do_not_contact::list)?;
    Ok(Guard {
        ours,
        hubs: hubs(register),
        do_not_contact: list.into_iter().map(|one| one.subject).collect(),
    })
}

/// What we write from is ours with all of its domain.
fn own_domain(address: &str) -> Option<String> {
    let domain = address.rsplit_once('@')?.1.to_lowercase();
    Some(registrable(&domain).map_or(domain.clone(), str::to_owned))
}

/// Addresses and domains of other hubs, as the register has them.
fn hubs(register: &Register) -> BTreeSet<String> {
    let is_hub = |organisation| {
        register.organisation(organisation).is_some_and(|one| one.kind == OrganisationKind::Hub)
    };
    let contacts = register.contacts.iter().filter(|contact| is_hub(contact.organisation));
    let assets = register.assets.iter().filter(|asset| is_hub(asset.organisation));
    let names = assets.filter_map(|asset| match &asset.value {
        AssetValue::Domain(name) | AssetValue::MailDomain(name) | AssetValue::Hostname(name) => {
            Some(name.to_lowercase())
        }
        _ => None,
    });
    contacts
        .filter_map(|contact| plain_address(&contact.email))
        .map(|one| one.to_lowercase())
        .chain(names)
        .collect()
}

/// A mail address or a domain, as the list of those who must not be written to has it.
pub fn subject_of(text: &str) -> anyhow::Result<String> {
    let text = text.trim().trim_end_matches('.').to_lowercase();
    let probe = if text.contains('@') { text.clone() } else { format!("x@{text}") };
    plain_address(&probe).with_context(|| format!("`{text}` is no mail address and no domain"))?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_settings_are_those_of_the_rules() {
        let net = SafetyNetConfig::default().net().unwrap();
        assert_eq!((net.delay_seconds, net.tlp_max), (3 * 86_400, Tlp::Green));
        let error = SafetyNetConfig { tlp: "BLUE".into(), ..SafetyNetConfig::default() }.net().unwrap_err();
        assert!(format!("{error:#}").contains("safety_net.tlp"));
    }

    #[test]
    fn an_address_or_a_domain_can_be_listed() {
        assert_eq!(subject_of(" Abuse@ISP.example ").unwrap(), "abuse@isp.example");
        assert_eq!(subject_of("ISP.example.").unwrap(), "isp.example");
        for bad in ["", "isp", "a b@c.example", "@c.example"] {
            assert!(subject_of(bad).is_err(), "{bad}");
        }
    }
}
