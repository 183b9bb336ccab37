//! A spool in memory that can be made to refuse and to take its time.

use std::{
    io::{self, Write},
    sync::{Arc, Condvar, Mutex},
    thread,
    time::{Duration, Instant},
};

use schakel_ingest::door::{Refusal, Spool, Upload};
use schakel_model::arrival::{Envelope, Receipt};

/// When a refusal is spoken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum When {
    Begin,
    Write,
    Finish,
}

/// Keeps what it gets for the test to look at.
#[derive(Default)]
pub struct MemorySpool {
    state: Mutex<State>,
    changed: Condvar,
    /// A commit takes so long, and takes all that wait when it begins.
    commit: Duration,
}

#[derive(Default)]
struct State {
    kept: Vec<(Envelope, Vec<u8>)>,
    begun: usize,
    refuse: Vec<(When, Refusal)>,
    waiting: u64,
    committed: u64,
    committing: bool,
}

impl MemorySpool {
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    /// One whose commits take so long, like a disk.
    pub fn slow(commit: Duration) -> Arc<Self> {
        Arc::new(Self { commit, ..Self::default() })
    }

    /// Refuses the next time.
    pub fn refuse(&self, when: When, refusal: Refusal) {
        self.state.lock().unwrap().refuse.push((when, refusal));
    }

    pub fn kept(&self) -> Vec<(Envelope, Vec<u8>)> {
        self.state.lock().unwrap().kept.clone()
    }

    pub fn count(&self) -> usize {
        self.state.lock().unwrap().kept.len()
    }

    /// Uploads that were begun.
    pub fn begun(&self) -> usize {
        self.state.lock().unwrap().begun
    }

    /// Waits until so many are kept; false when the time is over first.
    pub fn wait_for(&self, count: usize, at_most: Duration) -> bool {
        let started = Instant::now();
        while self.count() < count {
            if started.elapsed() > at_most {
                return false;
            }
            thread::sleep(Duration::from_millis(5));
        }
        true
    }

    fn refused(&self, now: When) -> Result<(), Refusal> {
        let mut state = self.state.lock().unwrap();
        match state.refuse.iter().position(|(when, _)| *when == now) {
            Some(at) => Err(state.refuse.remove(at).1),
            None => Ok(()),
        }
    }

    /// As a group commit does: the first of those who wait does the work for all.
    fn commit(&self) {
        let mut state = self.state.lock().unwrap();
        state.waiting += 1;
        let mine = state.waiting;
        while state.committed < mine {
            if state.committing {
                state = self.changed.wait(state).unwrap();
                continue;
            }
            state.committing = true;
            let all = state.waiting;
            drop(state);
            thread::sleep(self.commit);
            state = self.state.lock().unwrap();
            state.committed = all;
            state.committing = false;
            self.changed.notify_all();
        }
    }
}

/// The spool as the doors want it.
pub struct Shared(pub Arc<MemorySpool>);

pub fn shared(spool: &Arc<MemorySpool>) -> Arc<dyn Spool> {
    Arc::new(Shared(Arc::clone(spool)))
}

impl Spool for Shared {
    fn begin(&self, envelope: &Envelope) -> Result<Box<dyn Upload>, Refusal> {
        self.0.refused(When::Begin)?;
        self.0.state.lock().unwrap().begun += 1;
        Ok(Box::new(MemoryUpload {
            spool: Arc::clone(&self.0),
            envelope: envelope.clone(),
            bytes: Vec::new(),
        }))
    }
}

struct MemoryUpload {
    spool: Arc<MemorySpool>,
    envelope: Envelope,
    bytes: Vec<u8>,
}

impl Write for MemoryUpload {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.spool.refused(When::Write)?;
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Upload for MemoryUpload {
    fn finish(self: Box<Self>) -> Result<Receipt, Refusal> {
        let Self { spool, envelope, bytes } = *self;
        spool.refused(When::Finish)?;
        spool.commit();
        let mut state = spool.state.lock().unwrap();
        state.kept.push((envelope, bytes));
        Ok(Receipt(state.kept.len() as u64))
    }
}
