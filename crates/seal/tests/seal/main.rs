//! Sealed mail, from outside: by our own keys, and with the programs that others use. Tests with a program that is not installed print a
//! line and are skipped.

#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod gnupg;
mod hostile;
mod openpgp;
mod openssl;
mod smime;
mod tools;
