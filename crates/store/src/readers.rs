//! Readers that stay open between questions. A new one reads the whole layout and prepares every statement again, which for a short
//! question takes longer than the answer.

use std::{
    ops::Deref,
    sync::{Arc, Mutex, PoisonError},
    thread,
};

use crate::{Reader, StoreError, data_dir::DataDir};

/// Readers that wait for the next question. What comes at a busy moment opens more, which are closed again.
const IDLE_MAX: usize = 8;

/// Readers of one data directory. Clones share them.
#[derive(Clone)]
pub struct Readers {
    data: DataDir,
    idle: Arc<Mutex<Vec<Reader>>>,
}

impl Readers {
    /// Of this directory. Nothing is opened yet.
    pub fn new(data: &DataDir) -> Self {
        Self { data: data.clone(), idle: Arc::default() }
    }

    /// A reader: one that waits, or a new one.
    pub fn get(&self) -> Result<KeptReader, StoreError> {
        let waiting = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let reader = waiting.map_or_else(|| Reader::open(&self.data), Ok)?;
        Ok(KeptReader { reader: Some(reader), idle: Arc::clone(&self.idle) })
    }
}

/// A reader that goes back to the others when it is done.
pub struct KeptReader {
    /// There until it goes back.
    reader: Option<Reader>,
    idle: Arc<Mutex<Vec<Reader>>>,
}

impl Deref for KeptReader {
    type Target = Reader;

    fn deref(&self) -> &Reader {
        self.reader.as_ref().expect("it is there until it goes back")
    }
}

impl Drop for KeptReader {
    fn drop(&mut self) {
        let Some(reader) = self.reader.take() else { return };
        // Whatever broke off may have left it in the middle of something.
        if thread::panicking() {
            return;
        }
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        // One that waits holds on to no index: it may be removed and made anew meanwhile.
        if idle.len() < IDLE_MAX && reader.let_go_of_index().is_ok() {
            idle.push(reader);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Store, audit};

    #[test]
    fn what_is_done_waits_for_the_next_question_and_sees_what_is_new() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataDir::new(folder.path());
        let readers = Readers::new(&data);
        assert!(matches!(readers.get().err(), Some(StoreError::NoStore { .. })));
        let store = Store::open(&data).unwrap();
        let waiting = |readers: &Readers| readers.idle.lock().unwrap().len();
        let some: Vec<KeptReader> = (0..IDLE_MAX + 3).map(|_| readers.get().unwrap()).collect();
        assert_eq!(waiting(&readers), 0);
        drop(some);
        assert_eq!(waiting(&readers), IDLE_MAX);
        let version = |reader: &Reader| {
            reader
                .read(|connection| {
                    Ok(connection
                        .pragma_query_value(None, "data_version", |row| row.get::<_, i64>(0))
                        .unwrap())
                })
                .unwrap()
        };
        let before = version(&readers.get().unwrap());
        assert_eq!(waiting(&readers), IDLE_MAX);
        drop(store);
        let mut store = Store::open(&data).unwrap();
        let act = crate::act::Act { at: 1, actor: "test", reason: "" };
        store.write(|transaction| act.audit(transaction, audit::Action::SignedIn, "a", "")).unwrap();
        assert_ne!(version(&readers.get().unwrap()), before);
        let failed = thread::spawn({
            let readers = readers.clone();
            move || {
                let _reader = readers.get().unwrap();
                panic!("a page fails");
            }
        });
        assert!(failed.join().is_err());
        assert_eq!(waiting(&readers), IDLE_MAX - 1, "what broke off is not used again");
    }
}
