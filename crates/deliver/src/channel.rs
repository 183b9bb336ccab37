//! The ways out. A new one is a variant here, a module of its own, and a run of the contract in `tests/`.

use std::{io, path::PathBuf};

use jiff::Timestamp;

use crate::{
    folder::FolderChannel,
    message_id::MessageId,
    outcome::Outcome,
    settings::{ChannelKind, MailSettings},
    smtp::SmtpChannel,
    webhook::WebhookChannel,
};

/// One mail to one recipient.
#[derive(Clone, Copy, Debug)]
pub struct Delivery<'a> {
    /// Where failures are reported to: an address without name.
    pub envelope_from: &'a str,
    /// The recipient: an address without name.
    pub to: &'a str,
    /// The mail's own name.
    pub message_id: &'a MessageId,
    /// The frozen bytes.
    pub bytes: &'a [u8],
    /// The time of the attempt.
    pub now: Timestamp,
}

/// A way out. Each thread that sends opens its own.
#[derive(Debug)]
pub enum Channel {
    /// To a mail server.
    Smtp(Box<SmtpChannel>),
    /// Into a folder.
    Folder(FolderChannel),
    /// To a web address of a member.
    Webhook(Box<WebhookChannel>),
}

/// Why a channel cannot be opened: the settings do not allow it. No connection is made yet.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The folder for mails.
    #[error("the folder for mails {path} cannot be made")]
    Folder {
        /// Which.
        path: PathBuf,
        /// What went wrong.
        #[source]
        source: io::Error,
    },
    /// A file that the settings name.
    #[error("{key} = {path}: the file cannot be read")]
    File {
        /// The setting.
        key: &'static str,
        /// The file.
        path: PathBuf,
        /// What went wrong.
        #[source]
        source: io::Error,
    },
    /// Without protection over a network.
    #[error(
        "encryption = \"none\" is for a mail server on this machine only, and {0} is another: use \"starttls\""
    )]
    Unprotected(String),
    /// A name to log in with, and no password.
    #[error("there is a username but no password: name a password_file or a password_env that holds one")]
    NoPassword,
    /// Certificates that are none.
    #[error("ca_file = {path}: there is no certificate in it that can be used")]
    Certificate {
        /// The file.
        path: PathBuf,
        /// What went wrong.
        #[source]
        source: lettre::transport::smtp::Error,
    },
    /// A host name TLS cannot check.
    #[error("TLS cannot be set up for `{host}`")]
    Tls {
        /// The mail server.
        host: String,
        /// What went wrong.
        #[source]
        source: lettre::transport::smtp::Error,
    },
}

impl Channel {
    /// The channel that the settings name. Nothing is sent yet and no server is asked.
    pub fn open(settings: &MailSettings) -> Result<Self, OpenError> {
        match settings.channel {
            ChannelKind::Folder => Ok(Self::Folder(FolderChannel::open(&settings.folder.path)?)),
            ChannelKind::Smtp => Ok(Self::Smtp(Box::new(SmtpChannel::open(&settings.smtp)?))),
        }
    }

    /// Sends a mail to one recipient and waits until it is clear how that ended. A connection is kept for the next one.
    pub fn deliver(&mut self, delivery: &Delivery<'_>) -> Outcome {
        match self {
            Self::Smtp(smtp) => smtp.deliver(delivery),
            Self::Folder(folder) => folder.deliver(delivery),
            Self::Webhook(webhook) => webhook.deliver(delivery),
        }
    }

    /// Ends the connection, politely, when a batch is done.
    pub fn close(&mut self) {
        match self {
            Self::Smtp(smtp) => smtp.close(),
            Self::Folder(_) | Self::Webhook(_) => {}
        }
    }
}
