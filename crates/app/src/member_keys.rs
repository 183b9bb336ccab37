//! Keys of members: made and revoked by the desk.

use anyhow::ensure;
use schakel_store::{
    Store,
    act::Act,
    member_keys::{self, MemberKey},
    register::load_organisations_now,
};

use crate::{claims::organisation, explain::organisation_name};

/// The longest label, in characters: it stands in lists.
const LABEL_CHARS_MAX: usize = 200;

/// Keys of one member that count at a time: one for each of its systems, and some to change over.
const KEYS_MAX: usize = 10;

/// Makes a key for the organisation of this code. Gives the key and its secret, which nobody is shown again.
pub fn add(store: &mut Store, act: Act<'_>, code: &str, label: &str) -> anyhow::Result<(MemberKey, String)> {
    ensure!(label.chars().count() <= LABEL_CHARS_MAX, "a label has at most {LABEL_CHARS_MAX} characters");
    ensure!(!label.contains(char::is_control), "the label has a control character in it");
    let register = store.read(load_organisations_now)?;
    let found = organisation(&register, code)?;
    let (id, code) = (found.id, found.code.as_str());
    let keys = store.read(member_keys::list)?;
    let count = keys.iter().filter(|key| key.counts() && key.organisation == id).count();
    ensure!(
        count < KEYS_MAX,
        "{code} has {count} keys that count: revoke one first (`schakel member-key list {code}`)"
    );
    Ok(store.add_member_key(act, (id, code), label)?)
}

/// Lets a key count no more.
pub fn revoke(store: &mut Store, act: Act<'_>, key: &str) -> anyhow::Result<MemberKey> {
    let keys = store.read(member_keys::list)?;
    let found = keys.into_iter().find(|one| one.key == key && one.counts());
    let found = found
        .ok_or_else(|| anyhow::anyhow!("no key `{key}` counts. `schakel member-key list` shows them"))?;
    let register = store.read(load_organisations_now)?;
    let code = organisation_name(&register, found.organisation).0;
    store.revoke_member_key(act, &found, code)?;
    Ok(found)
}
