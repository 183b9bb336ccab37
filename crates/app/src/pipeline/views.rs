//! The register in force, swapped whole while reports are being taken in.
//!
//! A new version is loaded and its tables are built on a thread of its own. Each chunk is attributed and decided by the register that is in
//! force when it is cut out of its report, and says which; nothing waits for a swap. The register that was in force before is freed by
//! that same thread when its last chunk is committed: freeing millions of assets takes longer than a chunk may wait.

use std::{
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use schakel_model::ids::RegisterVersion;
use schakel_store::{Reader, StoreError};

use super::state::{RegisterView, register_view};

/// How often it is looked whether a version is there, or is no longer used.
const LOOK: Duration = Duration::from_millis(1);

/// The register in force.
pub struct Views {
    current: RwLock<Arc<RegisterView>>,
    building: AtomicBool,
}

impl Views {
    /// With a register in force from the start.
    pub fn new(view: Arc<RegisterView>) -> Self {
        Self { current: RwLock::new(view), building: AtomicBool::new(false) }
    }

    /// The register in force now.
    pub fn current(&self) -> Arc<RegisterView> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The version in force now.
    pub fn version(&self) -> RegisterVersion {
        self.current().register.version
    }

    /// Takes a version into force now; the caller waits until it is loaded and built.
    pub fn take_up(&self, reader: &Reader, version: RegisterVersion) -> Result<(), StoreError> {
        if self.version() != version {
            drop(self.swap(register_view(reader, version)?));
        }
        Ok(())
    }

    /// Takes a version into force as soon as a thread of its own has loaded and built it. One at a time: whoever asks again is heard when
    /// the one before is in force.
    pub fn take_up_beside(self: &Arc<Self>, reader: Reader, version: RegisterVersion) -> std::io::Result<()> {
        if self.version() == version || self.building.swap(true, Ordering::AcqRel) {
            return Ok(());
        }
        let views = Arc::clone(self);
        let build = move || {
            let built = register_view(&reader, version);
            drop(reader);
            let before = built.map(|view| views.swap(view));
            views.building.store(false, Ordering::Release);
            match before {
                Ok(before) => free_when_unused(before),
                Err(error) => tracing::error!(%error, %version, "cannot take up the new register"),
            }
        };
        let started = thread::Builder::new().name("register".to_owned()).spawn(build);
        if started.is_err() {
            self.building.store(false, Ordering::Release);
        }
        started.map(drop)
    }

    /// Waits until a version is in force, but not longer than this.
    pub fn wait_for(&self, version: RegisterVersion, at_most: Duration) {
        let start = Instant::now();
        while self.version() != version && start.elapsed() < at_most {
            thread::sleep(LOOK);
        }
    }

    fn swap(&self, view: Arc<RegisterView>) -> Arc<RegisterView> {
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut *current, view)
    }
}

fn free_when_unused(view: Arc<RegisterView>) {
    while Arc::strong_count(&view) > 1 {
        thread::sleep(LOOK * 10);
    }
}
