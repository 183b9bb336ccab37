//! `swaks`, the tester's own mail client, towards a port or a socket of this machine.

use std::process::{Command, Stdio};

/// What swaks said and whether it went well.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Said {
    /// 0 when the mail was taken.
    pub status: i32,
    /// The conversation as swaks prints it.
    pub conversation: String,
}

/// Runs swaks with these arguments. Says on stderr when it is not installed, and returns `None`.
pub fn swaks(server: &[&str], arguments: &[&str]) -> Option<Said> {
    assert!(
        matches!(server, ["--server", to, ..] if to.starts_with("127.0.0.1:"))
            || matches!(server, ["--socket", _, ..]),
        "{server:?} leaves this machine"
    );
    let ran = Command::new("swaks").args(server).args(arguments).stdin(Stdio::null()).output();
    let output = match ran {
        Ok(output) => output,
        Err(error) => {
            eprintln!("skipped: no swaks here (Debian: apt-get install swaks): {error}");
            return None;
        }
    };
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let conversation = text(&output.stdout) + &text(&output.stderr);
    Some(Said { status: output.status.code().unwrap_or(-1), conversation })
}
