//! Wire formats we read and write, containers with caps, and mail.

pub mod register;
pub mod xml;

pub mod containers;

pub mod mail;
