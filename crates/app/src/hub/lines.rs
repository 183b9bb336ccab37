//! The lines that a hub brought: read, and their signatures checked, on as many threads as help.

use std::thread;

use schakel_formats::hub::{
    message::{self, Kind, Signed},
    parcel::{PARCEL_BYTES_MAX, Parcel},
};
use schakel_model::hub::{HubName, ParcelId};
use schakel_seal::ed25519;
use schakel_store::hubs::PinnedKey;
use serde_json::Value;

/// Lines are shared out among so many threads: checking a signature takes some fifty times as long as finding its line.
const THREADS: usize = 2;

/// Below so many lines a thread of its own costs more than it saves.
const LINES_A_THREAD: usize = 32;

/// A line of what was brought.
#[derive(Debug)]
pub enum Line {
    /// A parcel whose signature holds, when it was made, and its line.
    Parcel(Box<Parcel>, i64, Vec<u8>),
    /// Something else whose signature holds, with its line.
    Other(Box<Signed>, Vec<u8>),
    /// It says that it is this parcel, and is none, or nothing proves whose it is.
    NoParcel(ParcelId, String),
    /// Nothing that can be answered.
    Nothing(String),
}

/// Who may have written the lines, and for whom they have to be.
#[derive(Clone, Copy, Debug)]
pub struct Between<'a> {
    /// Who brought them.
    pub peer: &'a HubName,
    /// Its keys.
    pub keys: &'a [PinnedKey],
    /// Who we are.
    pub ours: &'a HubName,
    /// When they came, in seconds since 1970.
    pub received_at: i64,
}

/// Reads all lines, in order.
pub fn read(bytes: &[u8], between: Between<'_>) -> Vec<Line> {
    let lines: Vec<&[u8]> = bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).collect();
    let part = lines.len().div_ceil(THREADS).max(LINES_A_THREAD);
    let read_all = |part: &[&[u8]]| part.iter().map(|line| read_one(line, between)).collect::<Vec<_>>();
    thread::scope(|scope| {
        let mut parts = lines.chunks(part);
        let first = parts.next().unwrap_or_default();
        let others: Vec<_> = parts.map(|part| scope.spawn(move || read_all(part))).collect();
        let mut read = read_all(first);
        for other in others {
            read.extend(other.join().expect("reading a line does not panic"));
        }
        read
    })
}

fn read_one(line: &[u8], between: Between<'_>) -> Line {
    let signed = match message::read(line) {
        Ok(signed) => signed,
        Err(error) => return nothing(named(line), error.to_string()),
    };
    let envelope = &signed.envelope;
    let parcel = (envelope.kind == Kind::Parcel).then(|| envelope.id.parse::<ParcelId>().ok()).flatten();
    if envelope.source != *between.peer {
        return nothing(parcel, "it is signed as another hub".to_owned());
    }
    if envelope.recipient != *between.ours {
        return nothing(parcel, format!("it is for {}", envelope.recipient));
    }
    let key = between.keys.iter().find(|key| message::key_id(&key.key) == signed.key_id);
    let Some(key) = key.filter(|key| key.counts(between.received_at)) else {
        return nothing(parcel, "its key does not count".to_owned());
    };
    if !ed25519::holds(&key.key, &signed.signed, &signed.signature) {
        return nothing(parcel, "its signature does not hold".to_owned());
    }
    if envelope.kind != Kind::Parcel {
        return Line::Other(Box::new(signed), line.to_vec());
    }
    if line.len() > PARCEL_BYTES_MAX {
        return nothing(parcel, format!("a parcel has at most {PARCEL_BYTES_MAX} bytes"));
    }
    match Parcel::read(&envelope.id, &envelope.data) {
        Ok(read) => Line::Parcel(Box::new(read), envelope.time, line.to_vec()),
        Err(error) => nothing(parcel, error),
    }
}

/// Is a line signed by one of these keys, whether it still counts or not?
pub fn holds(line: &[u8], keys: &[[u8; 32]]) -> bool {
    message::read(line).is_ok_and(|signed| {
        keys.iter().any(|key| {
            message::key_id(key) == signed.key_id && ed25519::holds(key, &signed.signed, &signed.signature)
        })
    })
}

fn nothing(parcel: Option<ParcelId>, why: String) -> Line {
    match parcel {
        Some(parcel) => Line::NoParcel(parcel, why),
        None => Line::Nothing(why),
    }
}

/// The parcel that a line says it is, though it is not written as it has to be.
fn named(line: &[u8]) -> Option<ParcelId> {
    if line.len() > message::LINE_BYTES_MAX {
        return None;
    }
    let value: Value = serde_json::from_slice(line).ok()?;
    let envelope = value.get("envelope")?;
    let is_parcel = envelope.get("type")?.as_str()? == Kind::Parcel.as_str();
    envelope.get("id")?.as_str()?.parse().ok().filter(|_| is_parcel)
}
