//! What hubs say beside parcels: each message has its effect in a transaction, and none when it comes again.

use schakel_formats::hub::{
    message::{Kind, Signed},
    receipt::Receipt,
};
use schakel_model::hub::Link;
use schakel_store::{
    StoreError,
    act::Act,
    hubs::{self, PinnedKey},
    parcels_out,
    transaction::Transaction,
};

use super::links::announced;

/// A parcel that was deferred is sent again after this many seconds.
const AGAIN_SECONDS: i64 = 600;

/// Who does what follows from what a hub says.
pub const ACTOR: &str = "schakel";

/// Hears one message, whose signature holds. What cannot be understood is said, and changes nothing.
pub fn hear(
    transaction: &Transaction<'_>,
    link: &Link,
    message: &Signed,
    line: &[u8],
    now: i64,
) -> Result<Result<(), String>, StoreError> {
    let data = &message.envelope.data;
    match message.envelope.kind {
        Kind::Receipt => {
            let receipt = match Receipt::read(data) {
                Ok(receipt) => receipt,
                Err(error) => return Ok(Err(error)),
            };
            let Receipt { parcel, outcome, .. } = receipt;
            parcels_out::answer(transaction, link.id, parcel, outcome, line, now, now + AGAIN_SECONDS)?;
            Ok(Ok(()))
        }
        Kind::Keys => {
            let keys = match announced(data) {
                Ok(keys) => keys,
                Err(error) => return Ok(Err(error)),
            };
            let reason = format!("announced by a line that was signed by {}", message.key_id);
            let act = Act { at: now, actor: ACTOR, reason: &reason };
            for (key, valid_until) in keys {
                let key = PinnedKey { link: link.id, key, pinned_at: now, valid_until, revoked_at: None };
                hubs::pin(transaction, act, link, &key)?;
            }
            Ok(Ok(()))
        }
        other => Ok(Err(format!("{} is not understood here", other.as_str()))),
    }
}
