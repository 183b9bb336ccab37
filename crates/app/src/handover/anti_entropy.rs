//! Once a day a hub tells another how many parcels it took, hour by hour, with a digest of their names. What differs is looked at more closely, half by
//! half, until it is so little that it is sent again. So a hub that was restored from a backup gets what it lost; what it has is a duplicate.

use jiff::{Timestamp, tz::TimeZone};
use schakel_formats::hub::{
    digest::{self, DigestAsk, Span, WINDOWS_MAX, Window},
    message::Kind,
};
use schakel_model::hub::Link;
use schakel_rules::anti_entropy::{Next, halves, next};
use schakel_store::{
    Store,
    digests::{self, Way},
    hub_status::{self, Told},
    outbox,
};
use serde_json::Value;

use crate::hub::ours::{Ours, new_id_text};

const HOUR: i64 = 3_600;

/// Days that are compared: a backup is younger.
const DAYS: i64 = 30;

/// What was made this long ago is on neither side still under way.
const SETTLED_SECONDS: i64 = HOUR;

/// Tells each hub once a day what it took, and asks each once after we were restored. Gives how many messages were queued.
pub fn turn(store: &mut Store, ours: &Ours, links: &[Link], now: i64) -> anyhow::Result<u64> {
    let today = Timestamp::from_second(now)?.to_zoned(TimeZone::UTC).date().to_string();
    let epoch = store.read(outbox::epoch)?.to_string();
    let mut queued = 0;
    for link in links {
        let told = format!("hub_digest:{}", link.id);
        if link.terms.direction.sends()
            && store.read(|connection| hub_status::mark(connection, &told))? != today
        {
            queued += tell(store, ours, link, whole(now), (told, today.clone()), now)?;
        }
        let asked = format!("hub_epoch:{}", link.id);
        let known = store.read(|connection| hub_status::mark(connection, &asked))?;
        if link.terms.direction.receives() && known != epoch {
            // A link that begins has nothing to have lost.
            let ask = match known.is_empty() && epoch == "0" {
                true => DigestAsk::default(),
                false => DigestAsk { narrow: vec![whole(now)], send_again: Vec::new() },
            };
            queued += queue(store, ours, link, ask_of(&ask), vec![(asked, epoch.clone())], now)?;
        }
    }
    Ok(queued)
}

/// The time that is compared, of whole hours.
fn whole(now: i64) -> Span {
    let until = (now - SETTLED_SECONDS).div_euclid(HOUR) * HOUR;
    Span { from: until - DAYS * 24 * HOUR, until }
}

fn tell(
    store: &mut Store,
    ours: &Ours,
    link: &Link,
    span: Span,
    mark: (String, String),
    now: i64,
) -> anyhow::Result<u64> {
    let windows = windows(store, link, span, HOUR)?;
    let message = (!windows.is_empty()).then(|| (Kind::Digest, digest::to_data(&windows)));
    queue(store, ours, link, message, vec![mark], now)
}

fn windows(store: &Store, link: &Link, span: Span, seconds: i64) -> anyhow::Result<Vec<Window>> {
    let sums = store
        .read(|connection| digests::sums(connection, link.id, Way::Sent, (span.from, span.until), seconds))?;
    let window = |(from, (count, digest)): (i64, digests::Sum)| Window {
        span: Span { from, until: (from + seconds).min(span.until) },
        count,
        digest,
    };
    Ok(sums.into_iter().map(window).take(WINDOWS_MAX).collect())
}

/// Compares what another hub says that we took with what we have, and asks for what differs.
pub(super) fn hear_digest(
    store: &mut Store,
    ours: &Ours,
    link: &Link,
    data: &Value,
    now: i64,
) -> anyhow::Result<Result<(), String>> {
    let windows = match digest::read(data) {
        Ok(windows) => windows,
        Err(why) => return Ok(Err(why)),
    };
    let mut ask = DigestAsk::default();
    for Window { span, count, digest } in windows {
        let here = store
            .read(|connection| digests::sum(connection, link.id, Way::Received, (span.from, span.until)))?;
        match next((count, digest), here, span.until - span.from) {
            Next::Nothing => {}
            Next::Narrow => ask.narrow.push(span),
            Next::SendAgain => ask.send_again.push(span),
        }
    }
    if ask != DigestAsk::default() {
        tracing::warn!(hub = %link.peer, times = ask.narrow.len() + ask.send_again.len(), "something that came over the link is lost here, and asked for again");
    }
    queue(store, ours, link, ask_of(&ask), Vec::new(), now)?;
    Ok(Ok(()))
}

/// Answers what another hub asks: halves of times, and parcels again.
pub(super) fn hear_ask(
    store: &mut Store,
    ours: &Ours,
    link: &Link,
    data: &Value,
    now: i64,
) -> anyhow::Result<Result<(), String>> {
    let ask = match DigestAsk::read(data) {
        Ok(ask) => ask,
        Err(why) => return Ok(Err(why)),
    };
    let mut again = 0;
    for span in ask.send_again {
        again += store.send_parcels_again(link.id, (span.from, span.until), now)?;
    }
    if again > 0 {
        tracing::warn!(hub = %link.peer, parcels = again, "sent again, for a hub that lost some");
    }
    let mut closer = Vec::new();
    for span in ask.narrow {
        if span.until - span.from > HOUR {
            closer.extend(windows(store, link, span, HOUR)?);
            continue;
        }
        for (from, until) in halves(span.from, span.until) {
            closer.extend(windows(store, link, Span { from, until }, until - from)?);
        }
    }
    closer.truncate(WINDOWS_MAX);
    let message = (!closer.is_empty()).then(|| (Kind::Digest, digest::to_data(&closer)));
    queue(store, ours, link, message, Vec::new(), now)?;
    Ok(Ok(()))
}

fn ask_of(ask: &DigestAsk) -> Option<(Kind, Value)> {
    (*ask != DigestAsk::default()).then(|| (Kind::DigestAsk, ask.to_data()))
}

fn queue(
    store: &mut Store,
    ours: &Ours,
    link: &Link,
    message: Option<(Kind, Value)>,
    marks: Vec<(String, String)>,
    now: i64,
) -> anyhow::Result<u64> {
    let line = match message {
        Some((kind, data)) => {
            Some((kind.as_str(), ours.line(&link.peer, kind, &new_id_text()?, None, data, now)?))
        }
        None => None,
    };
    if line.is_none() && marks.is_empty() {
        return Ok(0);
    }
    let queued = u64::from(line.is_some());
    store.tell_hubs(now, &[Told { link: link.id, line, statuses: Vec::new() }], &marks)?;
    Ok(queued)
}
