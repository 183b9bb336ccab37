//! A notification as mail text and CSV, in the language of the reader.
//!
//! [`notice::Notice`] is what is told; [`templates::Templates::render`] makes a [`message::Message`] of it. A [`letter::Letter`] tells no
//! findings. Whatever a
//! source sent (host names, tags, accounts) is untrusted and passes [`clean`] before a person or a mail program sees it.
//! Texts live in `templates/` (which an operator may replace) and `locales/`, none in code.

pub mod advice;
pub mod answer_page;
pub mod call_script;
pub mod check_code;
pub mod clean;
pub mod contact_page;
pub mod csv;
pub mod hub_mail;
pub mod letter;
pub mod message;
pub mod notice;
pub mod portal;
pub mod templates;
pub mod verify_page;
pub mod weekly;

mod attachment;
mod context;
mod explanation;
mod kind;
mod page;
mod sample;
mod table;
mod times;
mod words;
mod wrap;
