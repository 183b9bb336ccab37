//! The part `[doors.smtp]` of the configuration. Every key with its default stands in [`DOCUMENTED`].

use std::{net::SocketAddr, path::PathBuf, str::FromStr, time::Duration};

use serde::{Deserialize, Serialize};

/// The part as it is printed for a person: every key, what it means, its default.
pub const DOCUMENTED: &str = include_str!("settings.toml");

/// Where mail is taken in, from whom, for whom.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SmtpSettings {
    /// Addresses with a port, or `unix:` and a path. Empty: this door is closed.
    pub listen: Vec<String>,
    /// What is spoken.
    pub protocol: Protocol,
    /// How we introduce ourselves.
    pub hostname: String,
    /// Addresses that mail is taken for; `@domain` stands for every address of a domain.
    pub recipients: Vec<String>,
    /// Who may connect besides this machine: addresses and networks.
    pub peers: Vec<String>,
    /// The largest mail.
    pub bytes_max: u64,
    /// Connections at one time.
    pub connections_max: usize,
}

/// What is spoken at the door.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Protocol {
    /// SMTP (RFC 5321): one answer for a mail.
    #[default]
    Smtp,
    /// LMTP (RFC 2033): one answer for each recipient of a mail.
    Lmtp,
}

impl Default for SmtpSettings {
    fn default() -> Self {
        Self {
            listen: Vec::new(),
            protocol: Protocol::default(),
            hostname: "localhost".into(),
            recipients: Vec::new(),
            peers: Vec::new(),
            bytes_max: 256 << 20,
            connections_max: 64,
        }
    }
}

/// A place to listen at.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Listen {
    /// A port.
    Tcp(SocketAddr),
    /// A socket in the file system.
    Unix(PathBuf),
}

impl FromStr for Listen {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.strip_prefix("unix:") {
            Some("") => Err("`unix:` needs a path behind it".into()),
            Some(path) => Ok(Self::Unix(path.into())),
            None => text
                .parse()
                .map(Self::Tcp)
                .map_err(|_| format!("`{text}` is no address with a port, such as 127.0.0.1:2525")),
        }
    }
}

/// How long is waited. Fixed in the program; only tests are in more of a hurry.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Timeouts {
    /// For the next command, and for the next piece of a mail. RFC 5321 (4.5.3.2) asks for five minutes at least.
    pub idle: Duration,
    /// For a whole mail. A neighbour sends 200 MB in seconds; who needs longer keeps a connection from others.
    pub mail: Duration,
    /// A connection ends between two mails after this time. Mail servers come back; others should not stay.
    pub session: Duration,
    /// For the mail that is just coming in when the program stops.
    pub stop: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            idle: Duration::from_secs(300),
            mail: Duration::from_secs(900),
            session: Duration::from_secs(3_600),
            stop: Duration::from_secs(10),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_settings_are_the_defaults_and_name_every_key() {
        let documented: SmtpSettings = toml::from_str(DOCUMENTED).unwrap();
        assert_eq!(documented, SmtpSettings::default());
        let written = toml::to_string(&SmtpSettings::default()).unwrap();
        for line in written.lines() {
            let key = line.split('=').next().unwrap().trim();
            assert!(
                DOCUMENTED.lines().any(|l| l.starts_with(&format!("{key} ="))),
                "{key} is not documented"
            );
        }
    }

    #[test]
    fn a_place_to_listen_is_a_port_or_a_path() {
        assert_eq!("127.0.0.1:25".parse(), Ok(Listen::Tcp(([127, 0, 0, 1], 25).into())));
        assert_eq!("unix:/run/x.sock".parse(), Ok(Listen::Unix("/run/x.sock".into())));
        for text in ["", "unix:", "localhost:25", "25", "127.0.0.1"] {
            assert!(text.parse::<Listen>().is_err(), "{text}");
        }
    }
}
