//! How many reports come in by pieces at once: each holds a thread for as long as its sender takes. One source cannot hold them all.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

/// Over all sources: each holds a thread and up to two MiB.
const ALL_MAX: usize = 32;

/// Of one source.
const OF_ONE_SOURCE_MAX: usize = 8;

/// Those that come in now, by source.
#[derive(Clone, Debug, Default)]
pub(super) struct Streams(Arc<Mutex<HashMap<String, usize>>>);

impl Streams {
    /// One more of this source; `None`: there are too many. It is given back when it is dropped.
    pub fn take(&self, source: &str) -> Option<Stream> {
        let mut taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let of_source = taken.get(source).copied().unwrap_or(0);
        if of_source >= OF_ONE_SOURCE_MAX || taken.values().sum::<usize>() >= ALL_MAX {
            return None;
        }
        taken.insert(source.to_owned(), of_source + 1);
        Some(Stream { streams: self.clone(), source: source.to_owned() })
    }
}

/// One that comes in.
#[derive(Debug)]
pub(super) struct Stream {
    streams: Streams,
    source: String,
}

impl Drop for Stream {
    fn drop(&mut self) {
        let mut taken = self.streams.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = taken.get_mut(&self.source) {
            *count -= 1;
            if *count == 0 {
                taken.remove(&self.source);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_source_does_not_hold_them_all() {
        let streams = Streams::default();
        let mut held: Vec<Stream> = std::iter::from_fn(|| streams.take("a")).collect();
        assert_eq!(held.len(), OF_ONE_SOURCE_MAX);
        for source in ["b", "c", "d", "e"] {
            held.extend(std::iter::from_fn(|| streams.take(source)));
        }
        assert_eq!(held.len(), ALL_MAX);
        assert!(streams.take("f").is_none());
        held.remove(0);
        assert!(streams.take("f").is_some());
        drop(held);
        assert!(streams.0.lock().unwrap().is_empty());
    }
}
