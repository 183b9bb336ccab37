//! The part `[mail]` of the configuration. Every key with its default stands in [`DOCUMENTED`].

use std::path::PathBuf;

use schakel_model::tlp::Tlp;
use schakel_rules::storm_brake::StormBrake;
use serde::{Deserialize, Serialize};

/// The part as it is printed for a person: every key, what it means, its default.
pub const DOCUMENTED: &str = include_str!("settings.toml");

/// The same for the part `[channels]`.
pub const CHANNELS_DOCUMENTED: &str = include_str!("channels.toml");

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
    /// In which form that address is given.
    pub replies: ReplyTo,
    /// Where mail servers report failures to; empty: to the address of `from`.
    pub envelope_from: String,
    /// The host whose addresses take back what fails, one for each mail; empty: failures go to `envelope_from`.
    pub return_path_host: String,
    /// The host in Message-IDs; empty: the domain of `from`.
    pub message_id_host: String,
    /// The storm brake: mails to one address in an hour.
    pub per_recipient_per_hour: u32,
    /// The storm brake: mails to one address in a day.
    pub per_recipient_per_day: u32,
    /// By which of our keys mails are signed.
    pub sign: Sign,
    /// The lowest marking that is encrypted; empty: none is.
    pub encrypt_from: String,
    /// Domains whose mail servers our mail server reaches over protected connections only.
    pub tls_domains: Vec<String>,
    /// Signatures of the domain.
    pub dkim: DkimSettings,
    /// For `channel = "folder"`.
    pub folder: FolderSettings,
    /// For `channel = "smtp"`.
    pub smtp: SmtpSettings,
}

/// In which form the address for answers is given.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReplyTo {
    /// As it is.
    #[default]
    AsIs,
    /// `desk+17.0.3.…@host`: another for each mail.
    Tokens,
}

/// Ways to programs of members, beside mail.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ChannelsSettings {
    /// Posted to a web address.
    pub webhook: Vec<WebhookSettings>,
    /// Written into a folder.
    pub drop: Vec<DropSettings>,
}

/// A web address to which notifications of an organisation are posted.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookSettings {
    /// Its name in the outbox.
    pub name: String,
    /// The code of the organisation in the register.
    pub organisation: String,
    /// Where: `https://` only.
    pub url: String,
    /// The highest marking that goes there; never TLP:RED.
    #[serde(default = "machine_tlp_max")]
    pub tlp_max: String,
    /// The file that holds the secret for the plain signature (HMAC).
    #[serde(default)]
    pub secret_file: PathBuf,
    /// The environment variable that holds it.
    #[serde(default)]
    pub secret_env: String,
}

/// A folder into which notifications of an organisation are written.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DropSettings {
    /// Its name in the outbox.
    pub name: String,
    /// The code of the organisation in the register.
    pub organisation: String,
    /// Which folder.
    pub folder: PathBuf,
    /// The highest marking that goes there; never TLP:RED.
    #[serde(default = "machine_tlp_max")]
    pub tlp_max: String,
}

fn machine_tlp_max() -> String {
    Tlp::Green.as_str().to_owned()
}

/// By which of our keys mails are signed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Sign {
    /// By none.
    #[default]
    No,
    /// OpenPGP (RFC 3156).
    OpenPgp,
    /// S/MIME (RFC 8551).
    SMime,
}

/// Signatures of the domain (DKIM, RFC 6376).
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DkimSettings {
    /// The domain that vouches; empty: that of `from`.
    pub domain: String,
    /// The keys that sign, by their names.
    pub selectors: Vec<String>,
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
            replies: ReplyTo::default(),
            envelope_from: String::new(),
            return_path_host: String::new(),
            message_id_host: String::new(),
            per_recipient_per_hour: brake.per_hour,
            per_recipient_per_day: brake.per_day,
            sign: Sign::default(),
            encrypt_from: Tlp::AmberStrict.as_str().to_owned(),
            tls_domains: Vec::new(),
            dkim: DkimSettings::default(),
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
