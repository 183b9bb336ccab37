//! How the mail addresses are that we write to: per contact what is known, and what the desk says of one.

use std::collections::{BTreeMap, BTreeSet};

use crate::refused::Refused;
use anyhow::ensure;
use schakel_model::{
    fate::Fate,
    ids::OrganisationId,
    register::{Contact, Register},
};
use schakel_store::{
    Reader, Store, StoreError,
    act::Act,
    mailboxes::{self, Mailbox},
};

/// What is known of an address of the register.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Health {
    /// The contacts that have it.
    pub contacts: Vec<Contact>,
    /// When a mail to it was last accepted, in seconds since 1970.
    pub accepted_at: Option<i64>,
    /// What else is known.
    pub mailbox: Mailbox,
}

/// The addresses of the contacts that stand, and those of which something is known.
pub fn health(
    reader: &Reader,
    register: &Register,
    of: Option<OrganisationId>,
    now: i64,
) -> Result<Vec<Health>, StoreError> {
    let mut known: BTreeMap<String, Mailbox> =
        reader.read(mailboxes::list)?.into_iter().map(|one| (one.address.clone(), one)).collect();
    let mut contacts: BTreeMap<String, Vec<Contact>> = BTreeMap::new();
    for contact in register.contacts.iter().filter(|contact| contact.valid_at(now)) {
        let address = contact.email.trim().to_lowercase();
        if !address.is_empty() && of.is_none_or(|of| of == contact.organisation) {
            contacts.entry(address).or_default().push(contact.clone());
        }
    }
    let mut addresses: BTreeSet<String> = contacts.keys().cloned().collect();
    if of.is_none() {
        addresses.extend(known.keys().cloned());
    }
    addresses
        .into_iter()
        .map(|address| {
            let contacts = contacts.remove(&address).unwrap_or_default();
            let written = contacts.first().map_or(address.as_str(), |contact| contact.email.trim());
            let accepted_at = reader.read(|connection| mailboxes::last_accepted(connection, written))?;
            let mailbox = known.remove(&address).unwrap_or(Mailbox { address, ..Mailbox::default() });
            Ok(Health { contacts, accepted_at, mailbox })
        })
        .collect()
}

/// The desk says that somebody else may read an address. Nothing goes there any more; what waits is told to somebody else. Gives how many notifications
/// that are.
pub fn mark_compromised(store: &mut Store, act: &Act<'_>, address: &str) -> anyhow::Result<usize> {
    ensure!(!act.reason.trim().is_empty(), Refused::NoReason {});
    schakel_deliver::mail::address("address", address)?;
    Ok(store.compromised(act, address, None, &|_| Fate::Queued)?.len())
}

/// The desk says that an address is good again.
pub fn trust_again(store: &mut Store, act: &Act<'_>, address: &str) -> anyhow::Result<()> {
    ensure!(!act.reason.trim().is_empty(), "say why with --reason, and by which other way you asked them");
    let known = store.trust_mailbox_again(act, address)?;
    ensure!(known, Refused::MailboxWell { address: address.to_owned() });
    Ok(())
}
