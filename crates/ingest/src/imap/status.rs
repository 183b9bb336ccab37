//! How fetching goes, for the health of the service.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// How fetching goes.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Status {
    /// Is there a connection now?
    pub connected: bool,
    /// When the mailbox was last found empty or emptied, in seconds since 1970.
    pub last_success: Option<i64>,
    /// What last went wrong, and when. `None` when nothing has since the last success.
    pub last_error: Option<(i64, String)>,
    /// Mails in the spool since the start.
    pub fetched: u64,
    /// Mails that were not taken since the start.
    pub refused: u64,
    /// Mails in the folder now that the server cannot give, or not move.
    pub stuck: usize,
}

/// Where the status is written and read.
#[derive(Debug, Default)]
pub(super) struct StatusBoard {
    board: Mutex<Board>,
}

#[derive(Debug, Default)]
struct Board {
    status: Status,
    successes: u64,
    failures: u64,
}

impl StatusBoard {
    pub(super) fn status(&self) -> Status {
        self.lock().status.clone()
    }

    pub(super) fn successes(&self) -> u64 {
        self.lock().successes
    }

    pub(super) fn connected(&self) {
        self.lock().status.connected = true;
    }

    pub(super) fn disconnected(&self) {
        self.lock().status.connected = false;
    }

    pub(super) fn failures(&self) -> u64 {
        self.lock().failures
    }

    /// Went through the mailbox; `failures` is what there were of them before.
    pub(super) fn succeeded(&self, failures: u64, stuck: usize, now: i64) {
        let mut board = self.lock();
        board.successes += 1;
        board.status.last_success = Some(now);
        board.status.stuck = stuck;
        if board.failures == failures {
            board.status.last_error = None;
        }
    }

    pub(super) fn fetched(&self) {
        self.lock().status.fetched += 1;
    }

    pub(super) fn refused(&self) {
        self.lock().status.refused += 1;
    }

    /// Writes it to the log too, unless it is what was said last.
    pub(super) fn failed(&self, error: &str, now: i64) {
        let mut board = self.lock();
        board.failures += 1;
        let status = &mut board.status;
        if status.last_error.as_ref().is_none_or(|(_, last)| last != error) {
            tracing::warn!(error, "cannot fetch mail as it should be");
        }
        status.last_error = Some((now, error.to_owned()));
    }

    fn lock(&self) -> MutexGuard<'_, Board> {
        self.board.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
