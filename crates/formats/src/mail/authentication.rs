//! What our own mail server found out about the sender (RFC 8601): SPF, DKIM, DMARC, ARC.
//!
//! Anybody can write the field into a mail. It counts only under the name of a server that the configuration trusts, and only
//! the topmost ones: what came in from outside stands below the `Received` line that our server put above it.

use super::MailDocument;
use crate::register::registrable::registrable;

/// The outcome of one check.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Outcome {
    /// Nobody checked, or there was nothing to check.
    #[default]
    None,
    /// In order.
    Pass,
    /// Not in order.
    Fail,
    /// SPF: probably not in order.
    SoftFail,
    /// The domain says nothing of it.
    Neutral,
    /// Could not be checked just then.
    TemporaryError,
    /// What is published cannot be read.
    PermanentError,
}

impl Outcome {
    fn named(word: &str) -> Self {
        match word.to_ascii_lowercase().as_str() {
            "pass" => Self::Pass,
            "fail" | "hardfail" => Self::Fail,
            "softfail" => Self::SoftFail,
            "neutral" | "policy" => Self::Neutral,
            "temperror" => Self::TemporaryError,
            "permerror" => Self::PermanentError,
            _ => Self::None,
        }
    }

    /// The word of RFC 8601.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::SoftFail => "softfail",
            Self::Neutral => "neutral",
            Self::TemporaryError => "temperror",
            Self::PermanentError => "permerror",
        }
    }
}

/// What was found out about the sender.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Authentication {
    /// May the server that brought it send for the domain of the envelope?
    pub spf: Outcome,
    /// Is there a good signature? Of several the best.
    pub dkim: Outcome,
    /// Does the domain in `From` stand behind it?
    pub dmarc: Outcome,
    /// Is the chain of forwarders whole?
    pub arc: Outcome,
    /// The domain in `From`, when it is proven: by DMARC, or by a signature or SPF of the same registered domain where nobody
    /// said that DMARC failed. A receipt is sent to nobody else.
    pub aligned_domain: Option<String>,
    /// The server that says all this; empty when none did.
    pub checked_by: String,
}

/// What the topmost fields of a trusted server say. `trusted` are the names under which our servers write the field.
pub fn authentication(mail: &MailDocument, trusted: &[String]) -> Authentication {
    let mut found = Authentication::default();
    let from = mail.sender_domain();
    let mut aligned = false;
    for field in mail.fields.iter() {
        if !found.checked_by.is_empty() && field.name.eq_ignore_ascii_case("Received") {
            break;
        }
        if !field.name.eq_ignore_ascii_case("Authentication-Results") {
            continue;
        }
        let text = without_comments(&field.raw);
        let mut results = text.split(';');
        // `mx.example 1; spf=pass …`: the name, and perhaps a version.
        let server = results.next().and_then(|name| name.split_ascii_whitespace().next()).unwrap_or_default();
        let Some(server) = trusted.iter().find(|name| name.eq_ignore_ascii_case(server)) else { continue };
        found.checked_by.clone_from(server);
        for result in results {
            aligned |= found.take(result, from);
        }
    }
    // A mail with two senders shows people another than the one that was checked.
    let one_sender = mail.from.len() == 1 && mail.fields.all("From").count() == 1;
    if aligned && one_sender && found.dmarc != Outcome::Fail {
        found.aligned_domain = Some(from.to_owned());
    }
    found
}

impl Authentication {
    /// One `method=result property=value …`; does it prove `from`?
    fn take(&mut self, result: &str, from: &str) -> bool {
        let mut words = result.split_ascii_whitespace().filter_map(|word| word.split_once('='));
        let Some((method, outcome)) = words.next() else { return false };
        let outcome = Outcome::named(outcome);
        let properties: Vec<(&str, &str)> = words.collect();
        let domain_of = |names: &[&str]| {
            let is_wanted = |name: &str| names.iter().any(|wanted| wanted.eq_ignore_ascii_case(name));
            let (_, value) = properties.iter().find(|(name, _)| is_wanted(name))?;
            let value = value.trim_matches('"');
            Some(value.rsplit('@').next().unwrap_or(value))
        };
        let is_from = |domain: &str| same(domain, from);
        // `dkim/1=pass`: the method may bear a version.
        let method = method.split('/').next().unwrap_or_default().to_ascii_lowercase();
        let (kept, proof) = match method.as_str() {
            "spf" => (&mut self.spf, domain_of(&["smtp.mailfrom", "smtp.mail"]).is_some_and(is_from)),
            "dkim" => (&mut self.dkim, domain_of(&["header.d", "header.i"]).is_some_and(is_from)),
            // Some leave out the domain; it is always the one in `From`.
            "dmarc" => (&mut self.dmarc, domain_of(&["header.from"]).is_none_or(is_from)),
            "arc" => (&mut self.arc, false),
            _ => return false,
        };
        *kept = match (*kept, outcome) {
            (Outcome::Pass, _) | (_, Outcome::Pass) => Outcome::Pass,
            (Outcome::None, other) => other,
            (before, _) => before,
        };
        outcome == Outcome::Pass && proof
    }
}

/// Relaxed alignment (RFC 7489, 3.1): the same registered domain.
fn same(one: &str, other: &str) -> bool {
    let (one, other) = (one.to_ascii_lowercase(), other.to_ascii_lowercase());
    !one.is_empty()
        && (one == other
            || registrable(&one).zip(registrable(&other)).is_some_and(|(one, other)| one == other))
}

/// Without what stands in brackets: that is for people, and may say anything.
fn without_comments(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut depth = 0_u32;
    let mut quoted = false;
    let mut escaped = false;
    for c in text.chars() {
        let is_escaped = escaped;
        escaped = c == '\\' && !is_escaped;
        if !is_escaped {
            match c {
                '"' if depth == 0 => quoted = !quoted,
                '(' if !quoted => depth += 1,
                ')' if !quoted && depth > 0 => {
                    depth -= 1;
                    out.push(' ');
                    continue;
                }
                _ => {}
            }
        }
        if depth == 0 {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(head: &str) -> Authentication {
        let raw = format!("{head}From: A <a@news.feed.co.uk>\nTo: b@c.example\n\nx\n");
        authentication(&MailDocument::read(raw.as_bytes()), &["mx.example".to_owned()])
    }

    #[test]
    fn only_a_trusted_server_is_believed() {
        use Outcome::{Fail, None as Unchecked, Pass, SoftFail};
        for (results, spf, dkim, dmarc, aligned) in [
            ("evil.example; dmarc=pass header.from=news.feed.co.uk", Unchecked, Unchecked, Unchecked, false),
            (
                "MX.example 1; dmarc=pass (p=none) header.from=news.feed.co.uk",
                Unchecked,
                Unchecked,
                Pass,
                true,
            ),
            (
                "mx.example;\n dkim=pass header.d=feed.co.uk; spf=fail smtp.mailfrom=x@y.example",
                Fail,
                Pass,
                Unchecked,
                true,
            ),
            ("mx.example; dkim=pass header.d=feed.co.uk; dmarc=fail", Unchecked, Pass, Fail, false),
            ("mx.example; dkim=pass header.d=other.co.uk", Unchecked, Pass, Unchecked, false),
            ("mx.example; dkim=pass header.d=co.uk", Unchecked, Pass, Unchecked, false),
            ("mx.example; spf=pass smtp.mailfrom=bounce@feed.co.uk", Pass, Unchecked, Unchecked, true),
            (
                "mx.example; spf=softfail (ok; dmarc=pass header.from=news.feed.co.uk) smtp.mailfrom=feed.co.uk",
                SoftFail,
                Unchecked,
                Unchecked,
                false,
            ),
            // Two fields of our server, one after the other.
            (
                "mx.example; dkim=fail header.d=feed.co.uk\nAuthentication-Results: mx.example; dmarc=pass",
                Unchecked,
                Fail,
                Pass,
                true,
            ),
            // What came in with the mail stands below our server's line.
            (
                "mx.example; dkim=none\nReceived: from x by mx.example; today\n\
                 Authentication-Results: mx.example; dmarc=pass header.from=news.feed.co.uk",
                Unchecked,
                Unchecked,
                Unchecked,
                false,
            ),
        ] {
            let found = check(&format!("Authentication-Results: {results}\n"));
            assert_eq!((found.spf, found.dkim, found.dmarc), (spf, dkim, dmarc), "{results}");
            assert_eq!(found.aligned_domain.is_some(), aligned, "{results}");
        }
        assert_eq!(check(""), Authentication::default());
    }

    #[test]
    fn two_senders_prove_nothing() {
        let raw = "Authentication-Results: mx.example; dmarc=pass; arc=pass\nFrom: a@b.example\nFrom: c@d.example\n\nx";
        let found = authentication(&MailDocument::read(raw.as_bytes()), &["mx.example".to_owned()]);
        assert_eq!((found.dmarc, found.arc, found.aligned_domain), (Outcome::Pass, Outcome::Pass, None));
    }
}
