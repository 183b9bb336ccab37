//! The part `[doors.imap]` of the configuration. Every key with its default stands in [`DOCUMENTED`].

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// The part as it is printed for a person: every key, what it means, its default.
pub const DOCUMENTED: &str = include_str!("settings.toml");

/// From which mailbox mail is fetched, and what becomes of it there.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ImapSettings {
    /// The server. Empty: nothing is fetched.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is protected.
    pub encryption: Encryption,
    /// A file with certificates (PEM) to trust instead of those that browsers trust.
    pub ca_file: PathBuf,
    /// The name to log in with.
    pub username: String,
    /// How to log in.
    pub login: Login,
    /// The file that holds the password or the token. Read again for each log-in.
    pub password_file: PathBuf,
    /// The environment variable that holds it.
    pub password_env: String,
    /// The folder that mail is fetched from.
    pub folder: String,
    /// What becomes of a mail that was fetched.
    pub after: After,
    /// Where mails that were fetched go.
    pub done_folder: String,
    /// Where mails go that are not taken.
    pub refused_folder: String,
    /// How often is looked when the server does not tell by itself (IDLE).
    pub poll_seconds: u64,
    /// The largest mail.
    pub bytes_max: u64,
}

/// How the connection is protected. Certificates are always checked.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Encryption {
    /// TLS from the first byte (RFC 8314).
    #[default]
    Tls,
    /// None: only to a server on this machine.
    None,
}

/// How to log in.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Login {
    /// A password.
    #[default]
    Password,
    /// A token of OAuth 2 (XOAUTH2), which another program renews.
    Oauth2,
}

/// What becomes of a mail that was fetched.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum After {
    /// It goes to another folder. Whatever is still in the first one is yet to be fetched.
    #[default]
    Move,
    /// It stays and is marked as seen. A mail that somebody has opened counts as fetched.
    Seen,
}

impl Default for ImapSettings {
    fn default() -> Self {
        Self {
            host: String::new(),
            port: 993,
            encryption: Encryption::default(),
            ca_file: PathBuf::new(),
            username: String::new(),
            login: Login::default(),
            password_file: PathBuf::new(),
            password_env: String::new(),
            folder: "INBOX".into(),
            after: After::default(),
            done_folder: "Schakel-done".into(),
            refused_folder: "Schakel-refused".into(),
            poll_seconds: 60,
            bytes_max: 256 << 20,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_settings_are_the_defaults_and_name_every_key() {
        let documented: ImapSettings = toml::from_str(DOCUMENTED).unwrap();
        assert_eq!(documented, ImapSettings::default());
        let written = toml::to_string(&ImapSettings::default()).unwrap();
        for line in written.lines() {
            let key = line.split('=').next().unwrap().trim();
            assert!(
                DOCUMENTED.lines().any(|l| l.starts_with(&format!("{key} ="))),
                "{key} is not documented"
            );
        }
    }
}
