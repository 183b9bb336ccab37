//! Taking in comes first: the index is filled in the time that it leaves.

use std::time::{Duration, Instant};

use schakel_store::{Reader, StoreError, chunks};

/// It is calm when nothing was committed for so long: several times what a chunk takes.
const CALM: Duration = Duration::from_millis(300);

/// It is not waited longer for calm: what comes in all day long is to be found as well.
const PATIENCE: Duration = Duration::from_secs(60);

/// From now on this thread, and those that it starts, work when nothing else wants the processor. Only Linux can say so of a thread; elsewhere it shares like any other.
pub(super) fn let_others_go_first() {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::nice(LAST) {
        tracing::debug!(%error, "the index of words is filled as everything else is done");
    }
}

/// The last of all (nice(2)).
#[cfg(target_os = "linux")]
const LAST: i32 = 19;

/// Knows whether something comes in.
#[derive(Default)]
pub(super) struct Calm {
    /// The last chunk there was.
    last: Option<u32>,
}

impl Calm {
    /// Waits until nothing comes in.
    pub fn wait(&mut self, reader: &Reader, over: &dyn Fn() -> bool) -> Result<(), StoreError> {
        let until = Instant::now() + PATIENCE;
        loop {
            let last = Some(reader.read(chunks::last)?);
            if std::mem::replace(&mut self.last, last) == last || over() || Instant::now() >= until {
                return Ok(());
            }
            super::wait(CALM, over);
        }
    }
}
