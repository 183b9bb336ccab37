//! A body as it comes: at a pace, and by pieces to a thread that may wait for the disk. Memory does not grow with it.

use std::{future::poll_fn, pin::Pin, time::Duration};

use axum::body::{Body, Bytes, HttpBody};
use tokio::{
    sync::mpsc,
    task::JoinError,
    time::{Instant, timeout},
};

use super::problem::Problem;

/// A sender that is silent for this long has gone.
const SILENCE_MAX: Duration = Duration::from_secs(30);

/// After this long a sender must have reached the pace. Only the time that we wait for the sender counts.
const PACE_AFTER: Duration = Duration::from_secs(30);

/// The least pace, in bytes a second: below that of any line in use, and too much for one who only means to hold us.
const PACE_BYTES: u64 = 1 << 10;

/// Pieces on their way to a thread.
const PIECES: usize = 4;

/// Why a body ended before its end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Broken {
    /// Below the pace.
    Slow,
    /// The connection broke off.
    Cut,
}

impl From<Broken> for Problem {
    fn from(broken: Broken) -> Self {
        match broken {
            Broken::Slow => Self::slow(),
            // Nobody is there to read this any more.
            Broken::Cut => Self::bad("The report broke off; nothing of it was kept."),
        }
    }
}

/// A body that has to keep a pace.
pub(super) struct Paced {
    body: Body,
    bytes: u64,
    waited: Duration,
}

impl Paced {
    pub fn new(body: Body) -> Self {
        Self { body, bytes: 0, waited: Duration::ZERO }
    }

    /// The next piece; `None` at the end.
    pub async fn piece(&mut self) -> Result<Option<Bytes>, Broken> {
        loop {
            let since = Instant::now();
            let frame = timeout(SILENCE_MAX, poll_fn(|context| Pin::new(&mut self.body).poll_frame(context)));
            let frame = match frame.await {
                Err(_) => return Err(Broken::Slow),
                Ok(None) => return Ok(None),
                Ok(Some(Err(_))) => return Err(Broken::Cut),
                Ok(Some(Ok(frame))) => frame,
            };
            self.waited += since.elapsed();
            // Trailers are not wanted.
            let Ok(piece) = frame.into_data() else { continue };
            self.bytes += piece.len() as u64;
            if self.waited > PACE_AFTER && self.bytes < self.waited.as_secs() * PACE_BYTES {
                return Err(Broken::Slow);
            }
            return Ok(Some(piece));
        }
    }

    /// Its beginning, until it has more than `most` bytes or ends. Has it ended?
    pub async fn beginning(&mut self, most: usize) -> Result<(Vec<u8>, bool), Broken> {
        let mut bytes = Vec::new();
        while bytes.len() <= most {
            match self.piece().await? {
                Some(piece) => bytes.extend_from_slice(&piece),
                None => return Ok((bytes, true)),
            }
        }
        Ok((bytes, false))
    }

    /// Gives the rest, piece by piece, to work on a thread that may block; gives what that gives. The work may end before the body does.
    pub async fn feed<T: Send + 'static>(
        mut self,
        work: impl FnOnce(Pieces) -> T + Send + 'static,
    ) -> Result<T, JoinError> {
        let (sender, receiver) = mpsc::channel(PIECES);
        let work = tokio::task::spawn_blocking(move || work(Pieces(receiver)));
        loop {
            let piece = self.piece().await;
            let is_last = !matches!(piece, Ok(Some(_)));
            if sender.send(piece).await.is_err() || is_last {
                break;
            }
        }
        work.await
    }
}

/// The thread's end.
pub(super) struct Pieces(mpsc::Receiver<Result<Option<Bytes>, Broken>>);

impl Pieces {
    /// The next piece; `None` at the end of the body. Who feeds it may be gone with the connection.
    pub fn next(&mut self) -> Result<Option<Bytes>, Broken> {
        self.0.blocking_recv().unwrap_or(Err(Broken::Cut))
    }
}
