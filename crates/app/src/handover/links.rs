//! Which organisations have a hub of their own, and who we are to it.

use std::collections::HashMap;

use schakel_model::{
    hub::Link,
    ids::{LinkId, OrganisationId},
};
use schakel_rules::handover::carries;
use schakel_store::{Reader, hubs};

use crate::{config::Config, explain::organisation_name, hub::ours::Ours, pipeline::state::RegisterView};

/// The links that carry findings from here.
#[derive(Default)]
pub struct Links {
    ours: Option<Ours>,
    by_code: HashMap<String, Link>,
}

impl Links {
    /// As they stand. An installation that is no hub hands nothing over.
    pub fn known(reader: &Reader, config: &Config) -> anyhow::Result<Self> {
        let all = reader.read(hubs::standing)?;
        let carrying = all.into_iter().filter(|link| carries(link) && !link.organisation.is_empty());
        let by_code: HashMap<String, Link> =
            carrying.map(|link| (link.organisation.to_lowercase(), link)).collect();
        if by_code.is_empty() {
            return Ok(Self::default());
        }
        match Ours::open(config)? {
            Some(ours) => Ok(Self { ours: Some(ours), by_code }),
            None => Ok(Self::default()),
        }
    }

    /// Who we are to them.
    pub fn ours(&self) -> Option<&Ours> {
        self.ours.as_ref()
    }

    /// Is there none?
    pub fn is_empty(&self) -> bool {
        self.by_code.is_empty()
    }

    /// The link of an organisation.
    pub fn of(&self, view: &RegisterView, organisation: OrganisationId) -> Option<&Link> {
        if self.is_empty() {
            return None;
        }
        self.by_code.get(&organisation_name(&view.register, organisation).0.to_lowercase())
    }

    /// The link with this number.
    pub fn get(&self, id: LinkId) -> Option<&Link> {
        self.by_code.values().find(|link| link.id == id)
    }
}
