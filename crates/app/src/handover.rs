//! The chain, from findings to parcels and back: what concerns an organisation that has a hub of its own is handed over to that, and what becomes of
//! it is heard.
//!
//! - [`links`]: which organisations have a hub, and who we are to it,
//! - [`routing`]: what goes by a link, and what people are told as without one,
//! - [`parcels`]: findings as parcels,
//! - [`heard`]: what the other hub says of them; [`receipts`]: and what that comes to,
//! - [`upward`]: what the other hub hears of its own findings; [`standing`]: how far they came here,
//! - [`queues`]: what waits, for metrics; [`silence`]: receipts that do not come,
//! - [`taken_back`]: what is corrected after it was handed over,
//! - [`claims`]: what a hub says is its own becomes assets,
//! - [`matching`]: the same without showing a list; [`whose`]: whose one address or name is,
//! - [`anti_entropy`]: what a hub has lost is sent again.

pub mod anti_entropy;
pub mod claims;
pub mod heard;
pub mod links;
pub mod matching;
pub mod parcels;
pub mod queues;
pub mod receipts;
pub(crate) mod routing;
pub mod silence;
mod standing;
pub mod taken_back;
pub mod upward;
pub mod whose;

use std::collections::HashMap;

use schakel_model::{
    fate::Fate,
    hub::{ParcelState, ReceiptOutcome},
    ids::FindingId,
};
use schakel_rules::handover::was_taken;
use schakel_store::{chunks::Block, handovers::SentParcel, id_list};

/// Is the fate of assignments that were handed over the one that their parcels say?
pub(crate) fn agrees(block: &Block, parcels: &[SentParcel]) -> bool {
    let by_finding: HashMap<FindingId, &SentParcel> =
        parcels.iter().map(|parcel| (parcel.finding, parcel)).collect();
    let taken = |finding: FindingId| {
        let outcome = by_finding.get(&finding).and_then(|parcel| parcel.outcome);
        outcome.is_some_and(|outcome| was_taken(outcome) || outcome == ReceiptOutcome::NotMine)
    };
    match block.fate {
        Fate::Queued => {
            parcels.iter().any(|parcel| matches!(parcel.state, ParcelState::Waiting | ParcelState::Sent))
        }
        Fate::HandedOver => id_list::decode(&block.findings).all(taken),
        _ => !id_list::decode(&block.findings).any(taken),
    }
}
