//! `schakel hub show HUB --parcel NAME`: one parcel, with the lines that each side signed, and whether their signatures hold.

use anyhow::ensure;
use schakel_app::{
    explain::rfc3339,
    hub::{lines::holds, ours::Ours},
};
use schakel_model::hub::{HubName, ParcelId, ReceiptOutcome};
use schakel_store::{
    Reader, handovers, hub_proofs, hubs, parcels_in,
    parcels_out::{self, SignedLines},
};
use serde_json::{Value, json};

use super::hub::last_link;
use crate::{Context, output::Ending};

pub fn show(context: &Context, peer: &HubName, parcel: ParcelId) -> anyhow::Result<Ending> {
    let reader = Reader::open(&context.data)?;
    let link = last_link(&reader, peer)?;
    let theirs: Vec<[u8; 32]> =
        reader.read(|connection| hubs::keys(connection, link.id))?.iter().map(|key| key.key).collect();
    let sent = reader.read(|connection| handovers::by_name(connection, link.id, parcel))?;
    let came = reader.read(|connection| parcels_in::by_name(connection, link.id, parcel))?;
    ensure!(
        sent.is_some() || came.is_some(),
        "no parcel {parcel} went over the link with {peer}, nor came over it"
    );
    let out = &context.out;
    let mut value = json!({ "peer": peer.as_str(), "parcel": parcel.to_string() });
    if let Some(sent) = &sent {
        out.line(format!(
            "Parcel {parcel} to {peer}: finding {}, revision {}, {}, made {}",
            sent.finding,
            sent.revision,
            sent.state,
            rfc3339(sent.created_at)
        ));
        let lines = reader.read(|connection| parcels_out::lines(connection, link.id, parcel))?;
        let SignedLines { sent: body, receipt } = lines.unwrap_or_default();
        let ours = Ours::require(&schakel_app::config::load(&context.data)?)?.key().public();
        value["sent"] = line(context, "what we signed", &body, &[ours]);
        value["receipt"] = line(context, "its receipt", &receipt, &theirs);
        value["state"] = Value::from(sent.state.as_str());
        value["outcome"] = Value::from(sent.outcome.map(ReceiptOutcome::as_str));
    }
    if let Some(came) = &came {
        out.line(format!(
            "Parcel {parcel} from {peer}: row {}:{}, revision {}, came {}, {}",
            came.report,
            came.row,
            came.revision,
            rfc3339(came.at),
            came.outcome.as_str()
        ));
        let kept = reader.read(|connection| hub_proofs::of_parcel(connection, link.id, parcel))?;
        value["came"] = line(context, "what they signed", &kept.unwrap_or_default(), &theirs);
        value["row"] = Value::from(format!("{}:{}", came.report, came.row));
    }
    out.json(&value)?;
    Ok(Ending::Done)
}

/// A line with what is to be said of its signature. `keys`: those that may have made it, also such as count no more.
fn line(context: &Context, what: &str, line: &[u8], keys: &[[u8; 32]]) -> Value {
    if line.is_empty() {
        context.out.line(format!("  {what}: not kept, or not any more"));
        return Value::Null;
    }
    let holds = holds(line, keys);
    let text = String::from_utf8_lossy(line);
    let said =
        if holds { "its signature holds" } else { "its signature does not hold by a key that is known here" };
    context.out.line(format!("  {what} ({said}):\n{text}"));
    json!({ "line": text, "signature_holds": holds })
}
