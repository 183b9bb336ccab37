//! Who reports to us: settings as the desk changes them, and the record behind the trust.

use anyhow::ensure;
use schakel_model::source::{Source, is_code};
use schakel_store::{Reader, Store, act::Act, sources};
use serde_json::{Value, json};

/// The longest name, contact or licence of a source, in characters: it stands in lists and mails.
const TEXT_CHARS_MAX: usize = 500;

/// Senders of one source beyond this are a mistake.
const SENDERS_MAX: usize = 1_000;

/// The source of this code.
pub fn standing(reader: &Reader, code: &str) -> anyhow::Result<Source> {
    let found = reader.read(|connection| sources::by_code(connection, code))?;
    found.ok_or_else(|| anyhow::anyhow!("no source is called `{code}`. `schakel source list` names them"))
}

/// Adds a source.
pub fn add(store: &mut Store, act: Act<'_>, source: &Source) -> anyhow::Result<Source> {
    let code = &source.code;
    ensure!(is_code(code), "`{code}` is no code of a source: use lower-case letters, digits, - and .");
    let known = store.read(|connection| sources::by_code(connection, code))?;
    ensure!(known.is_none(), "a source `{code}` is there already: `schakel source change {code}` changes it");
    put(store, act, None, source)
}

/// Changes a source.
pub fn change(store: &mut Store, act: Act<'_>, before: &Source, after: &Source) -> anyhow::Result<Source> {
    put(store, act, Some(before), after)
}

fn put(store: &mut Store, act: Act<'_>, before: Option<&Source>, after: &Source) -> anyhow::Result<Source> {
    for text in [&after.name, &after.contact, &after.licence] {
        ensure!(text.chars().count() <= TEXT_CHARS_MAX, "a text is longer than {TEXT_CHARS_MAX} characters");
        ensure!(!text.contains(char::is_control), "a text has a control character in it");
    }
    ensure!(after.senders.len() <= SENDERS_MAX, "more than {SENDERS_MAX} senders");
    for sender in &after.senders {
        let domain = sender.rsplit_once('@').map_or(sender.as_str(), |(_, domain)| domain);
        ensure!(
            domain.contains('.') && !sender.contains(char::is_whitespace),
            "`{sender}` is neither a mail address nor a domain"
        );
    }
    let others = store.read(sources::list)?;
    for sender in &after.senders {
        let taken = others.iter().find(|one| one.code != after.code && one.senders.contains(sender));
        if let Some(other) = taken {
            anyhow::bail!("{sender} is already a sender of {}: take it away there first", other.code);
        }
    }
    let detail = json!({ "before": before.map(settings), "after": settings(after) }).to_string();
    let id = store.put_source(act, after, &detail)?;
    Ok(Source { id, ..after.clone() })
}

/// All settings, under the names of the command line.
pub fn settings(source: &Source) -> Value {
    json!({
        "code": source.code,
        "name": source.name,
        "kind": source.kind.as_str(),
        "contact": source.contact,
        "trust": source.trust.as_str(),
        "reliability": source.reliability.as_str(),
        "credibility": source.credibility.0,
        "tlp": source.tlp.map(|tlp| tlp.as_str()),
        "may_notify": source.may_notify,
        "may_look_up": source.may_look_up,
        "shown_as": source.shown_as.to_string(),
        "rhythm_seconds": source.rhythm_seconds,
        "formats": source.formats,
        "bytes_max": source.bytes_max,
        "reports_per_hour_max": source.reports_per_hour_max,
        "critical": source.critical,
        "licence": source.licence,
        "senders": source.senders,
    })
}
