//! Wire formats we read and write, and containers with caps.
