//! Shadowserver's API for reports (<https://github.com/The-Shadowserver-Foundation/api_utils/wiki>): which there are, and their files.
//!
//! A question is a JSON object with our key, and a header `HMAC2` with the HMAC-SHA256 of its bytes under our secret. A file is fetched by
//! its id, which nobody can guess, and without a key.

use std::io::Write;

use ring::hmac;
use serde::{Deserialize, Serialize};

use crate::{
    https::{Asked, FetchError},
    poll::{PollError, Poller},
};

/// Where the API is.
pub const URL: &str = "https://transform.shadowserver.org/api2/";

/// Where the files are.
pub const FILES_URL: &str = "https://dl.shadowserver.org/";

/// A list of reports: a few hundred bytes for each.
const LIST_BYTES_MAX: u64 = 16 << 20;

/// Whom we ask, and as whom.
#[derive(Clone, Debug)]
pub struct Account<'a> {
    /// Where the API is, with a slash at its end.
    pub url: &'a str,
    /// Where the files are, with a slash at its end.
    pub files_url: &'a str,
    /// Our key.
    pub key: &'a str,
    /// Our secret.
    pub secret: &'a str,
}

/// Which reports are wanted.
#[derive(Clone, Debug, Serialize)]
pub struct Wanted<'a> {
    /// The days, as `2026-11-18:2026-11-21`.
    pub date: &'a str,
    /// The lists they go to; empty: all of ours.
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    pub reports: &'a [String],
}

/// A report that can be fetched.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
pub struct Listed {
    /// What it is fetched by.
    pub id: String,
    /// The name of its file, which says its day and type.
    pub file: String,
    /// Its type.
    #[serde(default, rename = "type")]
    pub type_name: String,
}

impl Listed {
    /// Is its id one that may stand in a URL?
    pub fn is_sound(&self) -> bool {
        !self.id.is_empty() && self.id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
    }
}

/// The signature of a question.
pub fn signature(secret: &str, question: &[u8]) -> String {
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()), question);
    tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[derive(Serialize)]
struct Question<'a> {
    apikey: &'a str,
    #[serde(flatten)]
    wanted: &'a Wanted<'a>,
}

impl Poller {
    /// The reports that there are.
    pub fn shadowserver_list(
        &self,
        account: &Account<'_>,
        wanted: &Wanted<'_>,
    ) -> Result<Vec<Listed>, PollError> {
        let url = format!("{}reports/list", account.url);
        let failed = |why: String| FetchError::Failed { url: url.clone(), why };
        let question = serde_json::to_vec(&Question { apikey: account.key, wanted })
            .map_err(|error| failed(error.to_string()))?;
        let signature = signature(account.secret, &question);
        let headers = [("HMAC2", signature.as_str()), ("content-type", "application/json")];
        let asked = Asked { url: &url, accept: "application/json", headers: &headers, body: Some(&question) };
        let mut answer = Vec::new();
        self.fetch(&asked, LIST_BYTES_MAX, &mut answer)?;
        // Errors are said in an object, with status 200 as well.
        serde_json::from_slice(&answer)
            .map_err(|_| failed(format!("the answer is no list: {}", beginning(&answer))).into())
    }

    /// Writes the file of a report.
    pub fn shadowserver_file(
        &self,
        account: &Account<'_>,
        report: &Listed,
        most: u64,
        to: &mut dyn Write,
    ) -> Result<(), PollError> {
        let url = format!("{}{}", account.files_url, report.id);
        let asked = Asked { url: &url, accept: "text/csv", headers: &[], body: None };
        // The id opens the file: it stands in no log.
        self.fetch(&asked, most, to).map(|_| ()).map_err(|error| match error {
            PollError::Fetch(error) => FetchError::Failed {
                url: report.file.clone(),
                why: error.to_string().replace(&report.id, "ID"),
            }
            .into(),
            error => error,
        })
    }
}

/// The beginning of an answer, for our log.
fn beginning(answer: &[u8]) -> String {
    String::from_utf8_lossy(answer).chars().filter(|c| !c.is_control()).take(100).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_is_signed() {
        // RFC 4231, test case 2.
        assert_eq!(
            signature("Jefe", b"what do ya want for nothing?"),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }

    #[test]
    fn an_id_is_a_word_that_can_stand_in_a_url() {
        let listed = |id: &str| Listed { id: id.into(), file: String::new(), type_name: String::new() };
        assert!(listed("aB3_-x").is_sound());
        for id in ["", "../x", "a/b", "a?b", "a b"] {
            assert!(!listed(id).is_sound(), "{id}");
        }
    }
}
