//! Wire formats we read and write, and containers with caps.

pub mod register;

pub mod containers;
