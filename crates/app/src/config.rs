//! The configuration: one TOML file in the data directory, every key documented with its default, unknown keys refused.

use std::{
    fs,
    io::ErrorKind,
    path::{Path, PathBuf},
};

use anyhow::Context;
use schakel_deliver::settings::{self, ChannelKind, ChannelsSettings, MailSettings};
use schakel_ingest::{
    imap::{self, settings::ImapSettings},
    smtp::{self, settings::SmtpSettings},
};
use schakel_lookup::{
    client_certificate::ClientCertificate,
    settings::{self as outgoing, OutgoingSettings},
    shadowserver,
};
use schakel_model::{claim::Means, tlp::Tlp};
use schakel_parse::{
    mapping::Mapping,
    masking::{Masking, Treatment},
    shadowserver::Schema,
};
use schakel_rules::claim::ProofPolicy;
use schakel_store::data_dir::DataDir;
use serde::{Deserialize, Serialize};

use crate::{keys, reading::Reading, safety_net::SafetyNetConfig};

const DOCUMENTED: &str = include_str!("config.toml");

/// The whole configuration. What each key means stands in [`documented`].
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[allow(missing_docs)] // Documented once, in config.toml.
pub struct Config {
    pub sender: String,
    pub intake: IntakeConfig,
    pub masking: MaskingConfig,
    pub telling: TellingConfig,
    pub retention: RetentionConfig,
    pub http: HttpConfig,
    pub portal: PortalConfig,
    pub claims: ClaimsConfig,
    pub contacts: ContactsConfig,
    pub register: RegisterConfig,
    pub enrichment: EnrichmentConfig,
    pub safety_net: SafetyNetConfig,
    pub doors: DoorsConfig,
    pub hub: HubConfig,
    pub api: ApiConfig,
    pub outgoing: OutgoingSettings,
    pub mail: MailSettings,
    pub channels: ChannelsSettings,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[allow(missing_docs)]
pub struct IntakeConfig {
    pub tlp: String,
    pub mappings: PathBuf,
    pub shadowserver_schema: PathBuf,
    pub keys: PathBuf,
    pub settle_ms: u64,
}

/// What is masked in what people see of rows.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[allow(missing_docs)]
pub struct MaskingConfig {
    pub secrets: Mask,
    pub numbers: Mask,
    pub personal: Mask,
}

/// Is a kind of value masked?
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mask {
    /// It is.
    Hide,
    /// It is shown.
    Keep,
}

impl From<Mask> for Treatment {
    fn from(mask: Mask) -> Self {
        match mask {
            Mask::Hide => Self::Hide,
            Mask::Keep => Self::Keep,
        }
    }
}

impl Default for MaskingConfig {
    fn default() -> Self {
        Self { secrets: Mask::Hide, numbers: Mask::Hide, personal: Mask::Keep }
    }
}

/// What is masked in an installation; what cannot be read masks as by default.
pub fn masking(data: &DataDir) -> Masking {
    let MaskingConfig { secrets, numbers, personal } =
        load(data).map(|config| config.masking).unwrap_or_default();
    Masking { secrets: secrets.into(), numbers: numbers.into(), personal: personal.into() }
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[allow(missing_docs)]
pub struct TellingConfig {
    pub wait_seconds: u64,
    pub wait_seconds_max: u64,
    pub weekly: String,
    pub weekly_empty: bool,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[allow(missing_docs)]
pub struct HttpConfig {
    pub listen: String,
    pub public_url: String,
}

/// Where people sign in.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[allow(missing_docs)]
pub struct PortalConfig {
    pub listen: String,
    pub url: String,
    pub desk_phone: String,
    pub desk_mail: String,
    pub security_contact: Vec<String>,
    pub security_policy: String,
    pub breached_passwords: PathBuf,
    pub provider: Vec<ProviderConfig>,
    pub tls_certificate: PathBuf,
    pub tls_key: PathBuf,
    pub map: PathBuf,
}

/// Where people prove who they are (OpenID Connect).
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[allow(missing_docs)]
pub struct ProviderConfig {
    pub name: String,
    pub title: String,
    pub issuer: String,
    pub client_id: String,
    pub client_secret_file: PathBuf,
    pub acr: Vec<String>,
    pub amr: Vec<String>,
}

impl ProviderConfig {
    /// What people know it by.
    pub fn title(&self) -> &str {
        if self.title.is_empty() { &self.name } else { &self.title }
    }
}

/// When a member's claim attributes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Attribute {
    /// When it is proven.
    #[default]
    AfterProof,
    /// When it is entered; it is asserted until it is proven.
    AtOnce,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[allow(missing_docs)]
pub struct ClaimsConfig {
    pub attribute: Attribute,
    pub dns_days: u32,
    pub file_days: u32,
    pub mail_days: u32,
    pub rdap_days: u32,
    pub desk_days: u32,
    pub grace_days: u32,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[allow(missing_docs)]
pub struct RetentionConfig {
    pub raw_reports_days: u32,
    pub leaked_credentials_days: u32,
    pub findings_days: u32,
    pub messages_days: u32,
    pub register_days: u32,
    pub access_log_days: u32,
    pub audit_detail_days: u32,
    pub copies_days: u32,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            sender: "Schakel".to_owned(),
            intake: IntakeConfig::default(),
            masking: MaskingConfig::default(),
            telling: TellingConfig::default(),
            retention: RetentionConfig::default(),
            http: HttpConfig::default(),
            portal: PortalConfig::default(),
            claims: ClaimsConfig::default(),
            contacts: ContactsConfig::default(),
            register: RegisterConfig::default(),
            enrichment: EnrichmentConfig::default(),
            safety_net: SafetyNetConfig::default(),
            doors: DoorsConfig::default(),
            hub: HubConfig::default(),
            api: ApiConfig::default(),
            outgoing: OutgoingSettings::default(),
            mail: MailSettings::default(),
            channels: ChannelsSettings::default(),
        }
    }
}

impl Default for IntakeConfig {
    fn default() -> Self {
        Self {
            tlp: Tlp::Amber.as_str().to_owned(),
            mappings: "mappings".into(),
            shadowserver_schema: PathBuf::new(),
            keys: "keys".into(),
            settle_ms: 300,
        }
    }
}

impl Default for TellingConfig {
    fn default() -> Self {
        Self {
            wait_seconds: 60,
            wait_seconds_max: 900,
            weekly: "monday 08:00".to_owned(),
            weekly_empty: true,
        }
    }
}

impl Default for RetentionConfig {
    fn default() -> Self {
        Self {
            raw_reports_days: 365,
            leaked_credentials_days: 30,
            findings_days: 730,
            messages_days: 730,
            register_days: 730,
            access_log_days: 1_095,
            audit_detail_days: 2_555,
            copies_days: 30,
        }
    }
}

impl Default for HttpConfig {
    fn default() -> Self {
        Self { listen: "127.0.0.1:9618".to_owned(), public_url: String::new() }
    }
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[allow(missing_docs)]
pub struct ContactsConfig {
    pub remind: bool,
}

impl Default for ContactsConfig {
    fn default() -> Self {
        Self { remind: true }
    }
}

#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[allow(missing_docs)]
pub struct RegisterConfig {
    pub look_up_names: bool,
}

/// What we find out ourselves about findings.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[allow(missing_docs)]
pub struct EnrichmentConfig {
    pub look_up: bool,
}

/// What programs ask.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[allow(missing_docs)]
pub struct ApiConfig {
    pub listen: String,
    pub tls_certificate: PathBuf,
    pub tls_key: PathBuf,
    pub public_url: String,
    pub client: ApiClientConfig,
}

/// What `schakel api` asks with.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[allow(missing_docs)]
pub struct ApiClientConfig {
    pub url: String,
    pub token_file: PathBuf,
}

/// The ways in beside the folder.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[allow(missing_docs)]
pub struct DoorsConfig {
    pub spool_bytes_max: u64,
    pub report_bytes_max: u64,
    pub poll: Vec<PollConfig>,
    pub api: ApiDoorConfig,
    pub mail: MailDoorConfig,
    pub shadowserver: ShadowserverConfig,
    pub smtp: SmtpSettings,
    pub imap: ImapSettings,
}

/// A report that is fetched from a web address.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[allow(missing_docs)]
pub struct PollConfig {
    pub name: String,
    pub url: String,
    pub source: String,
    pub every_seconds: u64,
    pub header: String,
    pub header_env: String,
}

impl Default for PollConfig {
    fn default() -> Self {
        Self {
            name: String::new(),
            url: String::new(),
            source: String::new(),
            every_seconds: 3_600,
            header: String::new(),
            header_env: String::new(),
        }
    }
}

/// Our account at Shadowserver.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[allow(missing_docs)]
pub struct ShadowserverConfig {
    pub source: String,
    pub key: String,
    pub secret_file: PathBuf,
    pub secret_env: String,
    pub reports: Vec<String>,
    pub every_seconds: u64,
    pub url: String,
    pub files_url: String,
}

impl Default for ShadowserverConfig {
    fn default() -> Self {
        Self {
            source: String::new(),
            key: String::new(),
            secret_file: PathBuf::new(),
            secret_env: String::new(),
            reports: Vec::new(),
            every_seconds: 3_600,
            url: shadowserver::URL.to_owned(),
            files_url: shadowserver::FILES_URL.to_owned(),
        }
    }
}

/// The door for reports over HTTP.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[allow(missing_docs)]
pub struct ApiDoorConfig {
    pub listen: String,
    pub tls_certificate: PathBuf,
    pub tls_key: PathBuf,
}

/// Us as a hub of the chain.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[allow(missing_docs)]
pub struct HubConfig {
    pub name: String,
    pub listen: String,
    pub url: String,
    pub tls_certificate: PathBuf,
    pub tls_key: PathBuf,
    pub tls_client_ca: PathBuf,
    pub client_certificate: PathBuf,
    pub client_key: PathBuf,
    pub fetch_seconds: u64,
}

impl HubConfig {
    /// What we show to hubs that ask for a certificate.
    pub fn shown(&self) -> anyhow::Result<Option<ClientCertificate>> {
        ClientCertificate::from_files(&self.client_certificate, &self.client_key).context("hub")
    }
}

impl Default for HubConfig {
    fn default() -> Self {
        Self {
            name: String::new(),
            listen: String::new(),
            url: String::new(),
            tls_certificate: PathBuf::new(),
            tls_key: PathBuf::new(),
            tls_client_ca: PathBuf::new(),
            client_certificate: PathBuf::new(),
            client_key: PathBuf::new(),
            fetch_seconds: 5,
        }
    }
}

#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[allow(missing_docs)]
pub struct MailDoorConfig {
    pub trusted: Vec<String>,
}

impl Default for DoorsConfig {
    fn default() -> Self {
        Self {
            spool_bytes_max: 20 << 30,
            report_bytes_max: 4 << 30,
            poll: Vec::new(),
            api: ApiDoorConfig::default(),
            mail: MailDoorConfig::default(),
            shadowserver: ShadowserverConfig::default(),
            smtp: SmtpSettings::default(),
            imap: ImapSettings::default(),
        }
    }
}

impl Default for ClaimsConfig {
    fn default() -> Self {
        Self {
            attribute: Attribute::default(),
            dns_days: 365,
            file_days: 365,
            mail_days: 365,
            rdap_days: 365,
            desk_days: 365,
            grace_days: 14,
        }
    }
}

impl ClaimsConfig {
    /// How long a proof by this means counts.
    pub fn policy(&self, means: Means) -> ProofPolicy {
        let days = match means {
            Means::Dns => self.dns_days,
            Means::File => self.file_days,
            Means::Mail => self.mail_days,
            Means::Rdap => self.rdap_days,
            Means::Desk => self.desk_days,
        };
        ProofPolicy { seconds: i64::from(days) * 86_400, grace_seconds: i64::from(self.grace_days) * 86_400 }
    }
}

/// The configuration with every key, what it means, and its default.
pub fn documented() -> String {
    let mail = settings::DOCUMENTED
        .trim_start()
        .replace("\n[dkim]", "\n[mail.dkim]")
        .replace("\n[folder]", "\n[mail.folder]")
        .replace("\n[smtp]", "\n[mail.smtp]");
    let (outgoing, channels) = (outgoing::DOCUMENTED, settings::CHANNELS_DOCUMENTED);
    let (smtp, imap) = (smtp::settings::DOCUMENTED, imap::settings::DOCUMENTED);
    format!(
        "{DOCUMENTED}\n[doors.smtp]\n{smtp}\n[doors.imap]\n{imap}\n[outgoing]\n{outgoing}\n[mail]\n{mail}\n[channels]\n{channels}"
    )
}

/// Reads the configuration of a data directory; without a file everything has its default. Empty paths are filled in.
pub fn load(data: &DataDir) -> anyhow::Result<Config> {
    let path = data.config();
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
        Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
    };
    let mut config: Config =
        toml::from_str(&text).with_context(|| format!("{} is not right", path.display()))?;
    if config.mail.channel == ChannelKind::Folder && config.mail.folder.path.as_os_str().is_empty() {
        config.mail.folder.path = data.root().join("mail");
    }
    for relative in [&mut config.intake.mappings, &mut config.intake.keys, &mut config.mail.folder.path] {
        if relative.is_relative() && !relative.as_os_str().is_empty() {
            *relative = data.root().join(&*relative);
        }
    }
    Ok(config)
}

impl Config {
    /// The marking of reports that bear none.
    pub fn tlp(&self) -> anyhow::Result<Tlp> {
        self.intake.tlp.parse().map_err(anyhow::Error::msg).context("intake.tlp")
    }

    /// How reports are read: the configured schema and mappings.
    pub fn reading(&self) -> anyhow::Result<Reading> {
        let (keys, _) = keys::load(&self.intake.keys);
        let mut reading = Reading { default_tlp: self.tlp()?, keys, ..Reading::default() };
        let schema = &self.intake.shadowserver_schema;
        if !schema.as_os_str().is_empty() {
            reading.schema = Some(read_schema(schema)?);
        }
        let mut files = toml_files(&self.intake.mappings)?;
        files.sort();
        for file in files {
            reading.mappings.push(read_mapping(&file)?);
        }
        Ok(reading)
    }
}

/// Reads an official Shadowserver schema.
pub fn read_schema(path: &Path) -> anyhow::Result<Schema> {
    let bytes = fs::read(path).with_context(|| format!("cannot read the schema {}", path.display()))?;
    Schema::parse(&bytes).with_context(|| format!("{} is no Shadowserver schema", path.display()))
}

/// Reads a mapping.
pub fn read_mapping(path: &Path) -> anyhow::Result<Mapping> {
    let text =
        fs::read_to_string(path).with_context(|| format!("cannot read the mapping {}", path.display()))?;
    Mapping::parse(&text).with_context(|| format!("the mapping {} is not right", path.display()))
}

fn toml_files(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error).with_context(|| format!("cannot list {}", folder.display())),
    };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.with_context(|| format!("cannot list {}", folder.display()))?.path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            files.push(path);
        }
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_documented_is_the_default_and_names_every_key() {
        let documented = documented();
        assert_eq!(toml::from_str::<Config>(&documented).unwrap(), Config::default());
        let written = toml::to_string(&Config::default()).unwrap();
        for key in written.lines().filter_map(|line| line.split_once(" = ")).map(|(key, _)| key) {
            assert!(documented.contains(&format!("\n{key} = ")), "{key} is not documented");
        }
    }

    #[test]
    fn an_unknown_key_is_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataDir::new(folder.path());
        fs::write(data.config(), "[telling]\nwait_second = 1\n").unwrap();
        let error = format!("{:#}", load(&data).unwrap_err());
        assert!(error.contains("wait_second"), "{error}");
    }
}
