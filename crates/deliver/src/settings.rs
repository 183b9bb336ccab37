//! The part `[mail]` of the configuration. Every key with its default stands in [`DOCUMENTED`].

use std::path::PathBuf;

use schakel_rules::storm_brake::StormBrake;
use serde::{Deserialize, Serialize};

/// The part as it is printed for a person: every key, what it means, its default.
pub const DOCUMENTED: &str = include_str!("settings.toml");

/// How mail goes out.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MailSettings {
    /// Where mails go.
    pub channel: ChannelKind,
    /// `Name <address>` of the sender.
    pub from: String,
    /// Where answers go; empty: to `from`.
    pub reply_to: String,
    /// Where mail servers report failures to; empty: to the address of `from`.
    pub envelope_from: String,
    /// The host in Message-IDs; empty: the domain of `from`.
    pub message_id_host: String,
    /// The storm brake: mails to one address in an hour.
    pub per_recipient_per_hour: u32,
    /// The storm brake: mails to one address in a day.
    pub per_recipient_per_day: u32,
    /// For `channel = "folder"`.
    pub folder: FolderSettings,
    /// For `channel = "smtp"`.
    pub smtp: SmtpSettings,
}

/// Where mails go.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChannelKind {
    /// Into a folder, as `.eml` files: nothing leaves the machine.
    #[default]
    Folder,
    /// To a mail server.
    Smtp,
}

/// Into which folder.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FolderSettings {
    /// The folder; empty: `mail` in the data directory.
    pub path: PathBuf,
}

/// To which mail server, and how.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SmtpSettings {
    /// Its name.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is protected.
    pub encryption: Encryption,
    /// A file with extra certificates (PEM) to trust; empty: only those that browsers trust.
    pub ca_file: PathBuf,
    /// The name to log in with; empty: no login.
    pub username: String,
    /// The file that holds the password.
    pub password_file: PathBuf,
    /// The environment variable that holds the password.
    pub password_env: String,
    /// How we introduce ourselves; empty: the machine's name.
    pub hello: String,
    /// To connect.
    pub connect_timeout_seconds: u64,
    /// For the answer to a command.
    pub command_timeout_seconds: u64,
    /// For the answer to a whole mail.
    pub data_timeout_seconds: u64,
    /// Mails over one connection.
    pub mails_per_connection: u32,
}

/// How the connection to a mail server is protected. Certificates are always checked.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Encryption {
    /// STARTTLS, or nothing is sent.
    #[default]
    Starttls,
    /// TLS from the first byte.
    Tls,
    /// STARTTLS when the server offers it: no protection against somebody in between.
    Opportunistic,
    /// None: only to a server on this machine.
    None,
}

impl Default for MailSettings {
    fn default() -> Self {
        let brake = StormBrake::default();
        Self {
            channel: ChannelKind::default(),
            from: "Schakel <schakel@localhost.localdomain>".into(),
            reply_to: String::new(),
            envelope_from: String::new(),
            message_id_host: String::new(),
            per_recipient_per_hour: brake.per_hour,
            per_recipient_per_day: brake.per_day,
            folder: FolderSettings::default(),
            smtp: SmtpSettings::default(),
        }
    }
}

impl Default for SmtpSettings {
    fn default() -> Self {
        Self {
            host: "localhost".into(),
            port: 587,
            encryption: Encryption::default(),
            ca_file: PathBuf::new(),
            username: String::new(),
            password_file: PathBuf::new(),
            password_env: String::new(),
            hello: String::new(),
            connect_timeout_seconds: 30,
            command_timeout_seconds: 60,
            data_timeout_seconds: 300,
            mails_per_connection: 100,
        }
    }
}

impl MailSettings {
    /// The storm brake.
    pub fn storm_brake(&self) -> StormBrake {
        StormBrake { per_hour: self.per_recipient_per_hour, per_day: self.per_recipient_per_day }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_settings_are_the_defaults_and_name_every_key() {
        let documented: MailSettings = toml::from_str(DOCUMENTED).unwrap();
        assert_eq!(documented, MailSettings::default());
        let written = toml::to_string(&MailSettings::default()).unwrap();
        for key in written.lines().filter_map(|line| line.split_once(" = ")).map(|(key, _)| key) {
            assert!(DOCUMENTED.contains(&format!("\n{key} = ")), "{key} is not documented");
        }
    }

    #[test]
    fn an_unknown_key_is_refused_by_name() {
        let error = toml::from_str::<MailSettings>("[smtp]\npasword = \"x\"").unwrap_err();
        assert!(error.to_string().contains("pasword"), "{error}");
    }
}
