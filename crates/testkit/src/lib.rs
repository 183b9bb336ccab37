//! Fakes with real protocols, for tests.
