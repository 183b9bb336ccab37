//! A body as it comes: at a pace, and by pieces to a thread that may wait for the disk. Memory does not grow with it.

use std::{future::poll_fn, pin::Pin, time::Duration};

use axum::body::{Body, Bytes, HttpBody};
use tokio::{
    sync::mpsc,
    task::JoinError,
    time::{Instant, timeout},
};

use super::problem::Problem;

/// How slow a sender may be.
#[derive(Clone, Copy, Debug)]
struct Pace {
    /// A sender that is silent for this long has gone.
    silence_max: Duration,
    /// After this long a sender must have reached the pace. Only the time that we wait for the sender counts.
    after: Duration,
    /// The least pace, in bytes a second.
    bytes_a_second: u64,
}

/// Below that of any line in use, and too much for one who only means to hold us.
const PACE: Pace =
    Pace { silence_max: Duration::from_secs(30), after: Duration::from_secs(30), bytes_a_second: 1 << 10 };

/// Pieces on their way to a thread.
const PIECES: usize = 4;

/// Why a body ended before its end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Broken {
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
pub(crate) struct Paced {
    body: Body,
    pace: Pace,
    bytes: u64,
    waited: Duration,
}

impl Paced {
    pub fn new(body: Body) -> Self {
        Self { body, pace: PACE, bytes: 0, waited: Duration::ZERO }
    }

    /// The next piece; `None` at the end.
    pub async fn piece(&mut self) -> Result<Option<Bytes>, Broken> {
        loop {
            let since = Instant::now();
            let body = &mut self.body;
            let frame = poll_fn(|context| Pin::new(&mut *body).poll_frame(context));
            let frame = match timeout(self.pace.silence_max, frame).await {
                Err(_) => return Err(Broken::Slow),
                Ok(None) => return Ok(None),
                Ok(Some(Err(_))) => return Err(Broken::Cut),
                Ok(Some(Ok(frame))) => frame,
            };
            self.waited += since.elapsed();
            // Trailers are not wanted.
            let Ok(piece) = frame.into_data() else { continue };
            self.bytes += piece.len() as u64;
            let least = self.pace.bytes_a_second as f64 * self.waited.as_secs_f64();
            if self.waited > self.pace.after && (self.bytes as f64) < least {
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
pub(crate) struct Pieces(mpsc::Receiver<Result<Option<Bytes>, Broken>>);

impl Pieces {
    /// The next piece; `None` at the end of the body. Who feeds it may be gone with the connection.
    pub fn next(&mut self) -> Result<Option<Bytes>, Broken> {
        self.0.blocking_recv().unwrap_or(Err(Broken::Cut))
    }
}

#[cfg(test)]
mod tests {
    use std::{
        collections::VecDeque,
        convert::Infallible,
        task::{Context, Poll},
    };

    use hyper::body::Frame;

    use super::*;

    /// Pieces, each after a wait.
    struct Slow {
        pieces: VecDeque<(u64, usize)>,
        wait: Option<Pin<Box<tokio::time::Sleep>>>,
    }

    impl HttpBody for Slow {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            context: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
            let Some((wait_ms, bytes)) = self.pieces.front().copied() else { return Poll::Ready(None) };
            let wait =
                self.wait.get_or_insert_with(|| Box::pin(tokio::time::sleep(Duration::from_millis(wait_ms))));
            if wait.as_mut().poll(context).is_pending() {
                return Poll::Pending;
            }
            self.wait = None;
            self.pieces.pop_front();
            Poll::Ready(Some(Ok(Frame::data(Bytes::from(vec![0; bytes])))))
        }
    }

    /// What comes of a body: how many bytes arrived, and how it ended.
    fn read(pieces: &[(u64, usize)]) -> (usize, Option<Broken>) {
        let pace = Pace {
            silence_max: Duration::from_millis(500),
            after: Duration::from_millis(200),
            bytes_a_second: 1_000,
        };
        let body = Body::new(Slow { pieces: pieces.iter().copied().collect(), wait: None });
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let mut paced = Paced { pace, ..Paced::new(body) };
            let mut bytes = 0;
            loop {
                match paced.piece().await {
                    Ok(Some(piece)) => bytes += piece.len(),
                    Ok(None) => return (bytes, None),
                    Err(broken) => return (bytes, Some(broken)),
                }
            }
        })
    }

    #[test]
    fn a_body_keeps_its_pace_or_is_given_up() {
        assert_eq!(read(&[(0, 10), (10, 10)]), (20, None));
        assert_eq!(read(&[(300, 5_000), (300, 5_000)]), (10_000, None), "fast enough on the whole");
        assert_eq!(read(&[(10, 1), (2_000, 1)]), (1, Some(Broken::Slow)), "silent");
        let drops = [(50, 1); 20];
        let (bytes, broken) = read(&drops);
        assert!(bytes < 20 && broken == Some(Broken::Slow), "drop by drop: {bytes}");
    }
}
