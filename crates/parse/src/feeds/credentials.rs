//! Lists of leaked credentials: `user:password`, `url:user:password`, the same with `;`, `|` or a tab.
//!
//! The secret itself never leaves the document: an event says that there was one, a reject shows no bytes. Two may have to
//! be told: the one whose account it is (the source) and the one whose service it opens (the destination).
//! Such a list looks like any text, so it is read only when it is named.

use schakel_model::{classification::ClassificationType, event::Value, reject::Reject};

use super::{
    Format, Given, How, Markings, Rejects, Sink,
    draft::{Draft, End, host_of},
    not_a_record,
};
use crate::{hostname, text};

pub(super) const FORMAT: Format = Format {
    name: "credentials",
    recognise: |_, _| false,
    how: How::Lines { read, rejects: Rejects::WithoutBytes },
    markings: Markings::None,
};

/// What may stand between the parts.
const DELIMITERS: [char; 4] = ['\t', ';', '|', ':'];

fn read(line: &[u8], given: &Given, sink: &mut dyn Sink) -> Result<(), Reject> {
    let line = text::decode(line);
    if line.starts_with('#') {
        return Ok(());
    }
    let found = split(&line).ok_or_else(|| {
        not_a_record("it is not `user:password` or `url:user:password` (or with `;`, `|` or a tab between)")
    })?;
    let mut draft = Draft::new(FORMAT.name);
    draft
        .received(given)
        .kind(ClassificationType::DataLeak)
        .text("classification.identifier", "leaked-credentials");
    draft.account(End::Source, found.account);
    if let Some(service) = found.service {
        if service.contains("://") {
            draft.url(End::Destination, without_user(service).as_str());
        } else {
            draft.machine(End::Destination, service.split('/').next().unwrap_or_default());
        }
        // An account that is no mail address belongs to who runs the service.
        if !found.account.contains('@') {
            let host = if service.contains("://") {
                host_of(service)
            } else {
                service.split(['/', ':']).next().unwrap_or_default()
            };
            draft.machine(End::Source, host);
        }
    }
    draft.value("extra.secret", Value::Text("masked".to_owned()));
    sink.event(draft.event());
    Ok(())
}

struct Found<'l> {
    service: Option<&'l str>,
    account: &'l str,
}

/// The parts of a line. A password may hold any delimiter, so the account is looked for from the left.
fn split(line: &str) -> Option<Found<'_>> {
    // A URL holds colons of its own: the parts begin behind its host and way.
    if let Some((service, rest)) = split_service(line) {
        let (account, _) =
            rest.split_once(DELIMITERS).filter(|(account, secret)| fits(account) && !secret.is_empty())?;
        return Some(Found { service: Some(service), account });
    }
    let (first, rest) = line.split_once(DELIMITERS)?;
    if !first.contains('@')
        && first.contains('.')
        && hostname::read(first).is_some()
        && let Some((account, secret)) = rest.split_once(DELIMITERS)
        && fits(account)
        && !secret.is_empty()
    {
        return Some(Found { service: Some(first), account });
    }
    (fits(first) && !rest.is_empty()).then_some(Found { service: None, account: first })
}

/// A URL in front, and what stands behind its delimiter.
fn split_service(line: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = line.split_once("://")?;
    if scheme.is_empty() || !scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+.-".contains(&byte))
    {
        return None;
    }
    let from = scheme.len() + 3;
    let mut at = 0;
    // A port is a part of the URL: digits up to the way or the next delimiter.
    while let Some(found) = rest[at..].find(DELIMITERS) {
        let end = at + found;
        let after = &rest[end + 1..];
        let digits = after.bytes().take_while(u8::is_ascii_digit).count();
        let is_port = rest[end..].starts_with(':')
            && (1..=5).contains(&digits)
            && !rest[..end].contains('/')
            && after[digits..].starts_with(['/', '?', '\t', ';', '|', ':'])
            && after[digits..].trim_start_matches(|c| !DELIMITERS.contains(&c)).len() > 1;
        if !is_port {
            return Some((&line[..from + end], after));
        }
        at = end + 1;
    }
    None
}

/// Can this be the name of an account?
fn fits(account: &str) -> bool {
    (1..=320).contains(&account.len()) && !account.contains(char::is_whitespace)
}

/// A URL without the user and password that may stand in it.
fn without_user(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let host = rest[..end].rsplit_once('@').map_or(&rest[..end], |(_, host)| host);
    format!("{scheme}://{host}{}", &rest[end..])
}
