//! What two hubs send each other to agree on a link: an invitation, and its acceptance. Each is a file with one line, signed by the key in it;
//! that the key is the other's is compared by telephone ([`super::fingerprint`]).

use base64::{Engine, engine::general_purpose::STANDARD};
use schakel_model::{
    hub::{HubName, LinkTerms, Transport},
    tlp::Tlp,
};
use serde_json::{Value, json};

use super::{
    fields::{Fields, time},
    jcs,
    keys::read_key,
    message::exactly,
};

/// What stands before what is signed.
const SIGNED_PREFIX: &[u8] = b"schakel-hub-link-v1\n";

/// The longest file, in bytes.
pub const FILE_BYTES_MAX: usize = 16 << 10;

/// An invitation, or its acceptance.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Invitation {
    /// Does it accept an invitation?
    pub accepts: bool,
    /// Who wrote it.
    pub name: HubName,
    /// Where the writer is reached; empty: nowhere.
    pub url: String,
    /// Whom it is for.
    pub recipient: HubName,
    /// The key by which the writer signs.
    pub key: [u8; 32],
    /// The key (OpenPGP, in bytes) to which things for the writer alone are sealed; empty: none.
    pub sealing: Vec<u8>,
    /// When it was written, in seconds since 1970.
    pub at: i64,
    /// What the writer agrees to, as the writer sees it. How things get to the writer follows from its address.
    pub terms: LinkTerms,
}

/// As one line. `sign` makes an Ed25519 signature.
pub fn write(
    invitation: &Invitation,
    sign: &dyn Fn(&[u8]) -> Vec<u8>,
) -> Result<Vec<u8>, jcs::NoCanonicalForm> {
    let terms = &invitation.terms;
    let link = json!({
        "kind": if invitation.accepts { "acceptance" } else { "invitation" },
        "name": invitation.name.as_str(),
        "url": invitation.url,
        "recipient": invitation.recipient.as_str(),
        "key": STANDARD.encode(invitation.key),
        "sealing": STANDARD.encode(&invitation.sealing),
        "at": time(invitation.at),
        "terms": {
            "direction": terms.direction.as_str(),
            "tlpMax": terms.tlp_max.as_str(),
            "purposes": terms.purposes.iter().map(|purpose| purpose.as_str()).collect::<Vec<_>>(),
            "parcelsPerHour": terms.parcels_per_hour,
            "credit": terms.credit,
            "serviceLevelSeconds": terms.service_level_seconds,
            "status": terms.status.as_str(),
            "retentionDays": terms.retention_days,
        },
    });
    let signature = sign(&[SIGNED_PREFIX, &jcs::write(&link)?].concat());
    jcs::write(&json!({"schakelLink": link, "signature": STANDARD.encode(signature)}))
}

/// Says whether a signature holds over bytes, by a key.
pub type Holds<'a> = &'a dyn Fn(&[u8; 32], &[u8], &[u8; 64]) -> bool;

/// Reads a file.
pub fn read(file: &[u8], holds: Holds<'_>) -> Result<Invitation, String> {
    if file.len() > FILE_BYTES_MAX {
        return Err("the file is too large to be an invitation".to_owned());
    }
    let value = jcs::read(file.trim_ascii()).map_err(|error| format!("the file was changed: {error}"))?;
    let mut fields = Fields::of("the file", &value)?;
    let link = fields.value("schakelLink")?;
    let signature = STANDARD.decode(fields.text("signature")?).ok().and_then(|bytes| bytes.try_into().ok());
    fields.end()?;
    let invitation = read_link(link)?;
    let signed = jcs::write(link).map_err(|error| error.to_string())?;
    let signature: [u8; 64] = signature.ok_or("the signature is none")?;
    match holds(&invitation.key, &[SIGNED_PREFIX, &signed].concat(), &signature) {
        true => Ok(invitation),
        false => Err("the file was changed: its signature does not hold".to_owned()),
    }
}

fn read_link(value: &Value) -> Result<Invitation, String> {
    let mut fields = Fields::of("the link", value)?;
    let accepts = match fields.text("kind")? {
        "acceptance" => true,
        "invitation" => false,
        other => return Err(format!("`{other}` is neither an invitation nor an acceptance")),
    };
    let url = fields.text("url")?.to_owned();
    let mut terms = Fields::of("the terms", fields.value("terms")?)?;
    let invitation = Invitation {
        accepts,
        name: exactly(fields.text("name")?)?,
        recipient: exactly(fields.text("recipient")?)?,
        key: read_key(fields.text("key")?)?,
        sealing: STANDARD
            .decode(fields.text("sealing")?)
            .map_err(|_| "the key for sealing is not in base64")?,
        at: fields.time("at")?,
        terms: LinkTerms {
            direction: terms.read("direction")?,
            transport: if url.is_empty() { Transport::Pulled } else { Transport::Push },
            tlp_max: terms.read::<Tlp>("tlpMax")?,
            purposes: terms.words("purposes")?,
            parcels_per_hour: terms.number("parcelsPerHour")?,
            credit: terms.number("credit")?,
            service_level_seconds: terms.number("serviceLevelSeconds")?,
            status: terms.read("status")?,
            retention_days: terms.number("retentionDays")?,
        },
        url,
    };
    terms.end()?;
    fields.end()?;
    Ok(invitation)
}

#[cfg(test)]
mod tests {
    use schakel_model::hub::{Direction, Purpose, StatusLevel};

    use super::*;

    #[test]
    fn an_invitation_reads_back_and_cannot_be_changed() {
        let invitation = Invitation {
            accepts: false,
            name: "a.example".parse().unwrap(),
            url: "https://a.example:9620".into(),
            recipient: "b.example".parse().unwrap(),
            key: [7; 32],
            sealing: vec![1, 2, 3],
            at: 1_773_558_000,
            terms: LinkTerms {
                direction: Direction::Out,
                transport: Transport::Push,
                tlp_max: Tlp::Amber,
                purposes: vec![Purpose::Notify],
                parcels_per_hour: 1_000,
                credit: 100,
                service_level_seconds: 900,
                status: StatusLevel::Aggregate,
                retention_days: 30,
            },
        };
        // A signature that stands for the bytes: their digest, twice.
        let tag = |bytes: &[u8]| {
            let digest = ring::digest::digest(&ring::digest::SHA256, bytes);
            [digest.as_ref(), digest.as_ref()].concat()
        };
        let holds = |_: &[u8; 32], bytes: &[u8], signature: &[u8; 64]| tag(bytes) == signature;
        let file = write(&invitation, &tag).unwrap();
        assert_eq!(read(&[&file[..], b"\n"].concat(), &holds), Ok(invitation.clone()));
        let text = String::from_utf8(file).unwrap();
        for (from, to) in [
            ("AMBER", "RED"),
            ("a.example:", "evil.example:"),
            ("\"credit\":100", "\"credit\":999"),
            ("1000", "1000.0"),
        ] {
            assert!(
                text.contains(from) && read(text.replace(from, to).as_bytes(), &holds).is_err(),
                "{from}"
            );
        }
        assert_eq!(
            read(&write(&Invitation { accepts: true, ..invitation.clone() }, &tag).unwrap(), &holds),
            Ok(Invitation { accepts: true, ..invitation })
        );
    }
}
