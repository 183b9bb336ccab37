//! Mails to a mail server by SMTP (RFC 5321), one recipient an envelope, several mails over one connection.
//!
//! The dialogue is spoken command by command, because what an error means depends on where it happens: before the mail
//! itself went out nothing has arrived, after it nobody knows.

use std::{error::Error as _, fmt, fs, net::IpAddr, path::Path, time::Duration};

use lettre::{
    Address,
    transport::smtp::{
        self,
        authentication::{Credentials, DEFAULT_MECHANISMS},
        client::{Certificate, SmtpConnection, TlsParameters},
        commands::{Data, Mail, Rcpt, Rset},
        extension::{ClientId, Extension, MailParameter},
    },
};
use schakel_render::clean;

use crate::{
    channel::{Delivery, OpenError},
    outcome::{Answer, Outcome},
    settings::{Encryption, SmtpSettings},
};

/// What a server says is cut after this many characters.
const ANSWER_CHARS_MAX: usize = 500;

/// A password file larger than this is none.
const PASSWORD_BYTES_MAX: usize = 4_096;

/// A mail server and how to reach it. Connects when there is something to send.
pub struct SmtpChannel {
    settings: SmtpSettings,
    credentials: Option<Credentials>,
    tls: Option<TlsParameters>,
    hello: ClientId,
    connection: Option<Connection>,
}

struct Connection {
    smtp: SmtpConnection,
    mails_left: u32,
}

/// Where in the dialogue something went wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Step {
    Connect,
    StartTls,
    LogIn,
    Sender,
    Recipient,
    Data,
    Mail,
}

/// An error and where it happened.
struct Failure {
    step: Step,
    error: smtp::Error,
}

impl fmt::Debug for SmtpChannel {
    /// Without anything secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SmtpChannel")
            .field("host", &self.settings.host)
            .field("port", &self.settings.port)
            .field("encryption", &self.settings.encryption)
            .field("connected", &self.connection.is_some())
            .finish_non_exhaustive()
    }
}

impl SmtpChannel {
    /// Reads password and certificates. Makes no connection yet.
    pub fn open(settings: &SmtpSettings) -> Result<Self, OpenError> {
        if settings.encryption == Encryption::None && !is_this_machine(&settings.host) {
            return Err(OpenError::Unprotected(settings.host.clone()));
        }
        let tls = match settings.encryption {
            Encryption::None => None,
            _ => Some(tls(settings)?),
        };
        let hello = match settings.hello.as_str() {
            "" => ClientId::default(),
            name => ClientId::Domain(name.to_owned()),
        };
        Ok(Self {
            credentials: credentials(settings)?,
            settings: settings.clone(),
            tls,
            hello,
            connection: None,
        })
    }

    /// Sends a mail. See [`Outcome`] for what the answers mean.
    pub fn deliver(&mut self, delivery: &Delivery<'_>) -> Outcome {
        let (from, to) = match (delivery.envelope_from.parse(), delivery.to.parse()) {
            (Ok(from), Ok(to)) => (from, to),
            (Err(_), _) => return ours(format!("`{}` is no address to send from", delivery.envelope_from)),
            (_, Err(_)) => {
                let text = format!("`{}` is no mail address", clean::line(delivery.to, ANSWER_CHARS_MAX));
                return Outcome::Permanent(Answer { code: None, text });
            }
        };
        if !delivery.bytes.is_ascii() {
            // Frozen mails are; anything else would change on its way through old servers.
            return ours(format!("{} is not ASCII: it was not made by `freeze`", delivery.message_id));
        }
        let reused = self.connection.is_some();
        match self.attempt(&from, &to, delivery.bytes) {
            Ok(answer) => Outcome::Accepted(answer),
            // A server may close a connection that was idle. Nothing of this mail went out yet: take a new one.
            Err(failure) if reused && failure.says_closed_when_idle() => {
                match self.attempt(&from, &to, delivery.bytes) {
                    Ok(answer) => Outcome::Accepted(answer),
                    Err(failure) => failure.outcome(),
                }
            }
            Err(failure) => failure.outcome(),
        }
    }

    /// Ends the connection, if there is one.
    pub fn close(&mut self) {
        if let Some(mut connection) = self.connection.take() {
            // The server may be gone already; nothing depends on its answer.
            let _ = connection.smtp.quit();
        }
    }

    fn attempt(&mut self, from: &Address, to: &Address, bytes: &[u8]) -> Result<Answer, Failure> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.connect()?,
        };
        let result = self.dialogue(&mut connection.smtp, from, to, bytes);
        connection.mails_left = connection.mails_left.saturating_sub(1);
        let usable = match &result {
            Ok(_) => true,
            // A refusal leaves the connection as it was, but for the mail that was begun.
            Err(failure) => {
                failure.error.status().is_some_and(|code| u16::from(code) != 421)
                    && connection.smtp.command(Rset).is_ok()
            }
        };
        if usable && connection.mails_left > 0 {
            self.connection = Some(connection);
        } else if usable {
            let _ = connection.smtp.quit();
        }
        result
    }

    fn connect(&self) -> Result<Connection, Failure> {
        let settings = &self.settings;
        let at_start = match settings.encryption {
            Encryption::Tls => self.tls.as_ref(),
            _ => None,
        };
        let mut smtp = SmtpConnection::connect(
            (settings.host.as_str(), settings.port),
            Some(seconds(settings.connect_timeout_seconds)),
            &self.hello,
            at_start,
            None,
        )
        .map_err(Step::Connect.failed())?;
        self.set_timeout(&mut smtp, settings.command_timeout_seconds);
        let upgrade = match settings.encryption {
            Encryption::Starttls => true,
            Encryption::Opportunistic => smtp.can_starttls(),
            Encryption::Tls | Encryption::None => false,
        };
        if let (true, Some(tls)) = (upgrade, &self.tls) {
            // Fails when the server does not offer it.
            smtp.starttls(tls, &self.hello).map_err(Step::StartTls.failed())?;
        }
        if let Some(credentials) = &self.credentials {
            smtp.auth(DEFAULT_MECHANISMS, credentials).map_err(Step::LogIn.failed())?;
        }
        Ok(Connection { smtp, mails_left: settings.mails_per_connection.max(1) })
    }

    fn dialogue(
        &self,
        smtp: &mut SmtpConnection,
        from: &Address,
        to: &Address,
        bytes: &[u8],
    ) -> Result<Answer, Failure> {
        let mut parameters = Vec::new();
        let international = [from, to].iter().any(|address| !AsRef::<str>::as_ref(*address).is_ascii());
        if international && smtp.server_info().supports_feature(Extension::SmtpUtfEight) {
            parameters.push(MailParameter::SmtpUtfEight);
        }
        smtp.command(Mail::new(Some(from.clone()), parameters)).map_err(Step::Sender.failed())?;
        smtp.command(Rcpt::new(to.clone(), Vec::new())).map_err(Step::Recipient.failed())?;
        smtp.command(Data).map_err(Step::Data.failed())?;
        self.set_timeout(smtp, self.settings.data_timeout_seconds);
        let response = smtp.command(OnTheWire(bytes)).map_err(Step::Mail.failed())?;
        self.set_timeout(smtp, self.settings.command_timeout_seconds);
        let text = response.message().collect::<Vec<_>>().join(" ");
        Ok(Answer {
            code: Some(response.code().into()),
            text: clean::line(&text, ANSWER_CHARS_MAX).into_owned(),
        })
    }

    fn set_timeout(&self, smtp: &mut SmtpConnection, timeout_seconds: u64) {
        // It fails for a socket that is closed already, which the next command says better.
        let _ = smtp.set_timeout(Some(seconds(timeout_seconds)));
    }
}

impl Drop for SmtpChannel {
    fn drop(&mut self) {
        self.close();
    }
}

impl Step {
    fn failed(self) -> impl Fn(smtp::Error) -> Failure {
        move |error| Failure { step: self, error }
    }

    fn describe(self) -> &'static str {
        match self {
            Self::Connect => "connecting to the mail server",
            Self::StartTls => "starting TLS",
            Self::LogIn => "logging in",
            Self::Sender => "naming the sender",
            Self::Recipient => "naming the recipient",
            Self::Data => "asking to send the mail",
            Self::Mail => "sending the mail",
        }
    }
}

impl Failure {
    /// No answer to the first command of a mail, or 421 (RFC 5321, 3.8).
    fn says_closed_when_idle(&self) -> bool {
        self.step == Step::Sender && self.error.status().is_none_or(|code| u16::from(code) == 421)
    }

    fn outcome(&self) -> Outcome {
        let code = self.error.status().map(u16::from);
        let mut text = self.error.to_string();
        let mut source = self.error.source();
        while let Some(cause) = source {
            let cause_text = cause.to_string();
            if !text.contains(&cause_text) {
                text = format!("{text}: {cause_text}");
            }
            source = cause.source();
        }
        let text = format!("{}: {}", self.step.describe(), clean::line(&text, ANSWER_CHARS_MAX));
        let answer = Answer { code, text };
        match (self.step, code) {
            // Without an answer to the mail itself nobody knows.
            (Step::Mail, None) => Outcome::Unknown(answer),
            (_, None) => Outcome::Temporary(answer),
            // Who refuses us, or asks us to log in (RFC 4954: 530, 534, 535, 538), may be put right by an operator while the mail waits.
            (Step::Connect | Step::StartTls | Step::LogIn | Step::Sender, Some(_)) => {
                Outcome::Temporary(answer)
            }
            (_, Some(530..=539)) => Outcome::Temporary(answer),
            (_, Some(500..)) => Outcome::Permanent(answer),
            (_, Some(_)) => Outcome::Temporary(answer),
        }
    }
}

/// A mail as it goes over the wire: dots at the start of a line doubled, a dot alone at the end (RFC 5321, 4.5.2).
///
/// It is sent as one "command", because lettre's own way sends that last dot apart, and the network then holds it back for
/// 40 ms (Nagle's algorithm and delayed acknowledgements): 21 mails a second instead of hundreds.
struct OnTheWire<'a>(&'a [u8]);

impl fmt::Display for OnTheWire<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = String::from_utf8_lossy(self.0);
        for line in text.strip_suffix("\r\n").unwrap_or(&text).split("\r\n") {
            if line.starts_with('.') {
                f.write_str(".")?;
            }
            f.write_str(line)?;
            f.write_str("\r\n")?;
        }
        f.write_str(".\r\n")
    }
}

/// A mistake of ours, to be put right while the mail waits.
fn ours(text: String) -> Outcome {
    Outcome::Temporary(Answer { code: None, text })
}

fn seconds(seconds: u64) -> Duration {
    // Zero would mean "for ever".
    Duration::from_secs(seconds.max(1))
}

fn is_this_machine(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

fn tls(settings: &SmtpSettings) -> Result<TlsParameters, OpenError> {
    let mut builder = TlsParameters::builder(settings.host.clone());
    if !settings.ca_file.as_os_str().is_empty() {
        let pem = read("ca_file", &settings.ca_file)?;
        let certificate = Certificate::from_pem(&pem)
            .map_err(|source| OpenError::Certificate { path: settings.ca_file.clone(), source })?;
        builder = builder.add_root_certificate(certificate);
    }
    builder.build().map_err(|source| OpenError::Tls { host: settings.host.clone(), source })
}

fn credentials(settings: &SmtpSettings) -> Result<Option<Credentials>, OpenError> {
    if settings.username.is_empty() {
        return Ok(None);
    }
    let password = if !settings.password_file.as_os_str().is_empty() {
        let bytes = read("password_file", &settings.password_file)?;
        String::from_utf8(bytes).map_err(|_| OpenError::NoPassword)?
    } else {
        std::env::var(&settings.password_env).map_err(|_| OpenError::NoPassword)?
    };
    match password.trim_end_matches(['\r', '\n']) {
        "" => Err(OpenError::NoPassword),
        password if password.len() > PASSWORD_BYTES_MAX => Err(OpenError::NoPassword),
        password => Ok(Some(Credentials::new(settings.username.clone(), password.to_owned()))),
    }
}

fn read(key: &'static str, path: &Path) -> Result<Vec<u8>, OpenError> {
    fs::read(path).map_err(|source| OpenError::File { key, path: path.to_path_buf(), source })
}
