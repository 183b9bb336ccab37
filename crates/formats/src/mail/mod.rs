//! A mail as a reader of reports needs it: its fields, its texts, what is attached, what it reports on.
//!
//! [`MailDocument::read`] takes raw bytes and gives what can be read of them, however broken, with a list of
//! [problems](MailProblem). [`kind`](kind::kind) says what sort of mail it is, [`authentication`](authentication::authentication)
//! what our own mail server found out about its sender. Nothing is opened, resolved or decrypted here.

pub mod answer_text;
mod attachment;
pub mod authentication;
pub mod delivery_status;
mod document;
mod fields;
pub mod kind;
pub mod mime;
mod text;
pub mod written;

pub use self::{
    attachment::{Attachment, AttachmentKind},
    document::{MailDocument, MailProblem, PARTS_MAX, Protection, TEXT_BYTES_MAX},
    fields::{Field, Fields, Mailbox},
    text::{Text, TextKind},
};
