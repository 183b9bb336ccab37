//! Public keys of contacts: the fingerprint is computed here, and compared with the one that was read out loud.

use anyhow::{Context, ensure};
use schakel_formats::contact_key::{certificate_fingerprint, openpgp_fingerprint};
use schakel_model::{ids::ContactId, register::ContactRole};
use schakel_store::{
    Store,
    act::Act,
    contact_changes::NewPending,
    contact_keys::{KeyKind, NewKey},
};

use crate::{
    contacts::{Changed, contact},
    register::standing,
};

/// Reads a key and checks it against the fingerprint that its owner read out loud.
pub fn read(kind: KeyKind, bytes: &[u8], said: &str) -> anyhow::Result<NewKey> {
    let fingerprint = match kind {
        KeyKind::OpenPgp => openpgp_fingerprint(bytes)?,
        KeyKind::SMime => certificate_fingerprint(bytes)?,
    };
    let said: String = said.chars().filter(char::is_ascii_hexdigit).collect::<String>().to_ascii_uppercase();
    ensure!(
        said == fingerprint,
        "the fingerprint of this key is {}, not the one that was read out. Do not use this key, and ask again by telephone",
        spaced(&fingerprint)
    );
    Ok(NewKey { kind, fingerprint, bytes: bytes.to_owned() })
}

/// In groups of four, as people read it out.
pub fn spaced(fingerprint: &str) -> String {
    let groups: Vec<&str> = (0..fingerprint.len())
        .step_by(4)
        .filter_map(|at| fingerprint.get(at..(at + 4).min(fingerprint.len())))
        .collect();
    groups.join(" ")
}

/// Gives a contact a key. For a trusted contact it waits for a second pair of eyes and a call back.
pub fn add(store: &mut Store, act: &Act<'_>, id: ContactId, key: NewKey) -> anyhow::Result<Changed> {
    let register = standing(store)?;
    let contact = contact(&register, id)?;
    ensure!(!contact.email.trim().is_empty(), "a key belongs to a mail address, and contact {id} has none");
    let organisation = register.organisation(contact.organisation).context("its organisation is gone")?;
    if contact.role != ContactRole::Vcib {
        store.add_key(act, organisation.id, &contact.email, &key)?;
        return Ok(Changed::Applied);
    }
    let pending = NewPending {
        contact: Some(id),
        after: contact.clone(),
        key: Some(key),
        register_version: register.version,
    };
    let ids = store.request_changes(act, &organisation.code, &[pending])?;
    Ok(Changed::Waits(ids.first().copied().context("one was asked for")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An OpenPGP key of version 6 with three bytes in it.
    const KEY: [u8; 6] = [0xc6, 4, 6, 1, 2, 3];

    #[test]
    fn a_key_is_taken_with_the_fingerprint_that_was_read_out_and_no_other() {
        let fingerprint = openpgp_fingerprint(&KEY).unwrap();
        let said = spaced(&fingerprint).to_lowercase();
        assert_eq!(read(KeyKind::OpenPgp, &KEY, &said).unwrap().fingerprint, fingerprint);
        let error = read(KeyKind::OpenPgp, &KEY, "71B3").unwrap_err().to_string();
        assert!(error.contains(&spaced(&fingerprint)), "{error}");
        assert!(read(KeyKind::SMime, &KEY, &said).is_err());
    }
}
