//! By mail, when nothing else works: what waits for a hub goes as an attachment of a mail through the outbox, and what comes is found in the mail that
//! our own mail server hands over. Each line is signed as on any other way; who wrote the mail proves nothing and is not looked at.

use std::io::Read;

use anyhow::ensure;
use jiff::Timestamp;
use schakel_formats::hub::{
    mail::{Attached, PACKED, SEALED, attachment},
    message,
};
use schakel_model::{
    answer::NotificationKind,
    arrival::Envelope,
    hub::{Link, LinkState, ParcelClass, Transport},
    ids::OrganisationId,
    language::Language,
    tlp::Tlp,
};
use schakel_render::{hub_mail, message::Attachment, notice::Reference};
use schakel_rules::{
    confidential::Wish,
    tlp_gate::{Audience, Circle, gate},
};
use schakel_seal::sealed::open;
use schakel_store::{
    Reader, Store,
    hub_messages::HubWriter,
    hub_status, hubs,
    outbox::{self, NewNotification, Notification},
    parcels_out,
    spool::Kept,
};

use super::{
    door::{BODY_BYTES_MAX, split, unpack},
    ours::Ours,
    sealing,
    sending::{BATCH, Batch, May, Pace, batch, packed},
};
use crate::{
    config::Config,
    incoming::Incoming,
    tell::{Freezer, Mail, To},
};

/// What stands in front of an address.
pub const SCHEME: &str = "mailto:";

/// A link gets a mail so often, in seconds; one with what is critical goes at once.
const EVERY_SECONDS: i64 = 60;

/// Mails in one turn for one link: what piled up in an outage goes in some minutes, and the outbox is not flooded.
const MAILS_AT_ONCE: usize = 10;

/// What a mail says beside its attachment is for anybody who finds it.
const TEXT_TLP: Tlp = Tlp::Green;

/// The largest mail that is looked at, in bytes: an attachment of the largest size, in base64.
const MAIL_BYTES_MAX: u64 = 2 * BODY_BYTES_MAX as u64;

/// The mail address of a link that goes by mail.
pub fn address(link: &Link) -> Option<&str> {
    let is_so = link.terms.transport == Transport::Mail && link.state == LinkState::Active;
    link.url.strip_prefix(SCHEME).filter(|_| is_so)
}

/// Puts into the outbox what waits for links that go by mail. Gives how many mails those are.
pub fn turn(
    store: &mut Store,
    config: &Config,
    ours: &Ours,
    links: &[Link],
    now: i64,
) -> anyhow::Result<usize> {
    let mut mails = 0;
    for link in links {
        let Some(address) = address(link) else { continue };
        let writer = HubWriter::open(store.data())?;
        let before = now - i64::from(link.terms.service_level_seconds);
        store.write(|transaction| parcels_out::send_again(transaction, link.id, before, now))?;
        let mark = format!("hub_mail:{}", link.id);
        let last: i64 = store.read(|connection| hub_status::mark(connection, &mark))?.parse().unwrap_or(0);
        let mut pace = Pace::default();
        for number in 0..MAILS_AT_ONCE {
            let batch = batch(&writer, link, &mut pace, now, (May::All, BATCH))?;
            let is_critical =
                batch.parcels.first().is_some_and(|parcel| parcel.class == ParcelClass::Critical);
            // What follows the first mail belongs to the same moment.
            if batch.is_empty() || (number == 0 && !is_critical && now < last + EVERY_SECONDS) {
                break;
            }
            let mail = mail(store, config, ours, link, address, &batch, now)?;
            store.mail_to_hub(mail, (&batch.parcels, &batch.messages), (&mark, now), now)?;
            mails += 1;
        }
    }
    Ok(mails)
}

fn mail(
    store: &Store,
    config: &Config,
    ours: &Ours,
    link: &Link,
    address: &str,
    batch: &Batch,
    now: i64,
) -> anyhow::Result<NewNotification> {
    let at = Timestamp::from_second(now)?;
    let packed = packed(&batch.lines())?;
    let (attachment, tlp) = match sealing::to_hub(&store.reader()?, link, &packed, at)? {
        Some(bytes) => (
            Attachment { name: SEALED.to_owned(), content_type: "application/octet-stream", bytes },
            TEXT_TLP,
        ),
        // Without a key it is as confidential as what goes over the link.
        None => {
            let tlp = if batch.parcels.is_empty() { TEXT_TLP } else { link.terms.tlp_max };
            (Attachment { name: PACKED.to_owned(), content_type: "application/zstd", bytes: packed }, tlp)
        }
    };
    let language = Language::default();
    let lines = batch.parcels.len() + batch.messages.len();
    let message = hub_mail::message(language, ours.name.as_str(), link.peer.as_str(), lines, attachment);
    let (id, epoch) = (store.read(outbox::next_notification)?, store.read(outbox::epoch)?);
    let reference = Reference { number: u64::from(id.0), epoch };
    let audience =
        Audience { clearance: link.terms.tlp_max, ..Audience::machine(Circle::Concerned, address) };
    let pass = gate(tlp, &audience)?;
    let about = Mail {
        message: &message,
        reference,
        kind: NotificationKind::Letter,
        language,
        wish: Wish::ByMarking,
    };
    let to = To { name: "", role: "hub", thread: None };
    let frozen = Freezer::of_store(store, config, at)?.freeze(&about, pass, &to, 1)?;
    Ok(NewNotification {
        notification: Notification {
            id,
            epoch,
            organisation: OrganisationId(0),
            language,
            created_at: now,
            tlp,
            findings: 0,
            subject: message.subject,
            lead: id,
            kind: NotificationKind::Letter,
            thread: None,
            wish: Wish::ByMarking,
        },
        messages: vec![frozen],
        blocks: Vec::new(),
        tells: Vec::new(),
    })
}

/// What a mail for this hub holds.
pub enum Brought {
    /// Lines, and the arrival as one of the hub that signed the first of them.
    Lines(Kept, Vec<u8>),
    /// Something that is not taken, and why.
    Refused(String),
}

/// Looks into a mail. `None`: it is one like any other.
pub fn brought(
    reader: &Reader,
    config: &Config,
    kept: &Kept,
    mail: &mut Incoming,
) -> anyhow::Result<Option<Brought>> {
    let refused = |why| Ok(Some(Brought::Refused(why)));
    if config.hub.name.is_empty() || mail.size() > MAIL_BYTES_MAX {
        return Ok(None);
    }
    let mut raw = Vec::new();
    mail.content()?.take(MAIL_BYTES_MAX).read_to_end(&mut raw)?;
    let Some(attached) = attachment(&raw) else { return Ok(None) };
    let lines = match unwrapped(config, attached, kept.envelope.received_at) {
        Ok(lines) => lines,
        Err(error) => return refused(format!("what a hub sent by mail cannot be read: {error:#}")),
    };
    let first = lines.split(|byte| *byte == b'\n').find_map(|line| message::read(line).ok());
    let Some(first) = first else {
        return refused("no line of it is a message of a hub".to_owned());
    };
    let peer = first.envelope.source;
    let link = reader.read(|connection| hubs::by_peer(connection, &peer))?;
    if link.is_none_or(|link| link.terms.transport != Transport::Mail) {
        return refused(format!("nothing comes by mail from {peer}: `schakel hub reach` allows it"));
    }
    let envelope = Envelope { source: hubs::source_code(&peer), ..kept.envelope.clone() };
    Ok(Some(Brought::Lines(Kept { envelope, ..kept.clone() }, lines)))
}

/// The lines of an attachment, as far as they may be.
fn unwrapped(config: &Config, attached: Attached, at: i64) -> anyhow::Result<Vec<u8>> {
    let packed = match attached {
        Attached::Packed(packed) => packed,
        Attached::Sealed(sealed) => {
            let keys = Ours::require(config)?.opening(at)?;
            ensure!(!keys.is_empty(), "it is sealed, and this hub has no key for that");
            open(&sealed, &keys, Timestamp::from_second(at)?, BODY_BYTES_MAX)?
        }
    };
    ensure!(packed.len() <= BODY_BYTES_MAX, "it is larger than a hub may send at once");
    let lines = unpack(&packed).map_err(|why| anyhow::anyhow!("it cannot be unpacked: {why:?}"))?;
    split(&lines).map_err(|why| anyhow::anyhow!("its lines are none, or too many or too long: {why:?}"))?;
    Ok(lines)
}
