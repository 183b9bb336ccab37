//! A request that comes twice is done once: whoever sends an `Idempotency-Key` gets the same answer again for a day.
//! (<https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/>)
//!
//! The answer is kept after the work is done. If the machine stops between the two, the same request is carried out again: then what its use case
//! makes of the same said twice decides.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
};

use axum::http::StatusCode;
use schakel_store::{
    Reader,
    api_clients::{self, KeptResponse},
};

use super::problem::{Problem, Where};

/// A key is some random characters.
const KEY_BYTES_MAX: usize = 255;

/// Requests with a key that are being carried out.
#[derive(Clone, Debug, Default)]
pub struct UnderWay(Arc<Mutex<HashSet<(u32, String)>>>);

/// One of them, until it is dropped.
pub struct Held {
    of: UnderWay,
    key: (u32, String),
    digest: [u8; 32],
}

impl Drop for Held {
    fn drop(&mut self) {
        self.of.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.key);
    }
}

/// What is to be done with a request that bears a key.
pub enum Turn {
    /// It is new: carry it out, and keep the answer.
    First(Held),
    /// This was answered.
    Again(KeptResponse),
}

impl UnderWay {
    /// Looks what is to be done. `digest`: over all of the request that says what is to be done.
    pub fn begin(
        &self,
        reader: &Reader,
        client: u32,
        key: &str,
        digest: [u8; 32],
        now: i64,
    ) -> Result<Turn, Problem> {
        if key.is_empty() || key.len() > KEY_BYTES_MAX {
            let detail = format!("use 1 to {KEY_BYTES_MAX} characters");
            return Err(Problem::fault(Where::Header, "Idempotency-Key", "length", detail));
        }
        let held = (client, key.to_owned());
        if !self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(held.clone()) {
            return Err(Problem::new(
                StatusCode::CONFLICT,
                "A request with this Idempotency-Key is being carried out. Ask again for its answer.",
            ));
        }
        // From here on it is let go whatever happens.
        let held = Held { of: self.clone(), key: held, digest };
        match reader.read(|connection| api_clients::response(connection, client, key, now))? {
            None => Ok(Turn::First(held)),
            Some(kept) if kept.digest == digest => Ok(Turn::Again(kept)),
            Some(_) => Err(Problem::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "This Idempotency-Key was used for another request. Use a new one for each.",
            )),
        }
    }
}

impl Held {
    /// Keeps the answer. Without it a second request is carried out again, so trouble here does not undo what was done.
    pub fn keep(self, reader: &Reader, status: StatusCode, body: &str, now: i64) {
        let kept = KeptResponse { digest: self.digest, status: status.as_u16(), body: body.to_owned() };
        let (client, key) = &self.key;
        if let Err(error) = api_clients::keep_response(reader.data(), *client, key, &kept, now) {
            tracing::error!(%error, "an answer cannot be kept for its Idempotency-Key");
        }
    }
}
