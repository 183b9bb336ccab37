//! Numbers for values that many rows share: kinds and assignment sets. Worker threads look up in a cache of their own first.

use std::{collections::HashMap, hash::Hash, sync::Mutex};

use foldhash::fast::RandomState;

/// Gives each distinct value a number, dense from 0, and remembers which are not stored yet.
pub struct Interner<T> {
    inner: Mutex<Inner<T>>,
}

struct Inner<T> {
    numbers: HashMap<T, u32, RandomState>,
    values: Vec<T>,
    stored: usize,
}

impl<T: Clone + Eq + Hash> Interner<T> {
    /// Starts with values that are stored under these numbers already, dense from 0.
    pub fn new(stored: Vec<T>) -> Self {
        let numbers = stored.iter().cloned().zip(0..).collect();
        Self { inner: Mutex::new(Inner { numbers, stored: stored.len(), values: stored }) }
    }

    /// The number of a value.
    pub fn number(&self, value: &T) -> u32 {
        let mut inner = self.lock();
        if let Some(number) = inner.numbers.get(value) {
            return *number;
        }
        let number = inner.values.len() as u32;
        inner.values.push(value.clone());
        inner.numbers.insert(value.clone(), number);
        number
    }

    /// The value with this number.
    pub fn value(&self, number: u32) -> T {
        self.lock().values[number as usize].clone()
    }

    /// The values not taken for storing yet, with their numbers.
    pub fn take_new(&self) -> Vec<(u32, T)> {
        let mut inner = self.lock();
        let from = inner.stored;
        inner.stored = inner.values.len();
        (from as u32..).zip(inner.values[from..].iter().cloned()).collect()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Inner<T>> {
        self.inner.lock().expect("no thread panics while it holds this lock")
    }
}
