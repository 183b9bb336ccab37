//! What a notifier hears: that their report came in, and later what was decided. By mail only to a sender who is certain: anybody else could
//! make us write to somebody who never wrote to us.

use jiff::Timestamp;
use schakel_model::{arrival::Receipt, source::SourceKind, tlp::Tlp};
use schakel_render::{letter::About, templates::Templates};
use schakel_store::{Store, spool::Kept};

use crate::{
    arrivals::Sender,
    config::Config,
    letters::{Addressed, language_of, post},
};

/// What a notifier hears.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum News {
    /// It came in and is dealt with.
    Received,
    /// It came in and waits for a person.
    Held,
    /// A person has accepted it.
    Accepted,
    /// A person has rejected it.
    Rejected,
}

/// Tells the notifier, when they may be told. Was something put into the outbox?
pub fn tell(
    store: &mut Store,
    config: &Config,
    templates: &Templates,
    kept: &Kept,
    sender: &Sender,
    news: News,
    now: Timestamp,
) -> anyhow::Result<bool> {
    if !hears(kept, sender) {
        return Ok(false);
    }
    // Whoever encrypts learns nothing of whether it could be opened.
    let (news, title) = match sender.encrypted {
        true if news == News::Received => (News::Held, ""),
        true => (news, ""),
        false => (news, sender.title.as_str()),
    };
    let letter = Addressed {
        organisation: None,
        language: language_of(&sender.address),
        tlp: Tlp::Green,
        to_name: "",
        to: &sender.address,
        role: "notifier",
        about: about(kept.receipt, title, kept.envelope.received_at, news)?,
        thread: None,
    };
    post(store, config, templates, now, &[letter])?;
    Ok(true)
}

/// Machines that send a hundred reports a day are not written to; whoever wrote a mail is.
fn hears(kept: &Kept, sender: &Sender) -> bool {
    let is_machine = |kind| matches!(kind, SourceKind::Feed | SourceKind::Own);
    kept.envelope.door.is_mail()
        && sender.aligned
        && !sender.address.is_empty()
        && !sender.source.as_ref().is_some_and(|source| is_machine(source.kind))
}

fn about(receipt: Receipt, title: &str, received_at: i64, news: News) -> anyhow::Result<About<'_>> {
    let received_at = Timestamp::from_second(received_at)?;
    Ok(match news {
        News::Received => About::Received { receipt, title, received_at, held: false },
        News::Held => About::Received { receipt, title, received_at, held: true },
        News::Accepted => About::Decided { receipt, title, received_at, accepted: true },
        News::Rejected => About::Decided { receipt, title, received_at, accepted: false },
    })
}

#[cfg(test)]
mod tests {
    use schakel_model::{
        arrival::{Door, Envelope},
        source::Source,
    };
    use schakel_store::spool::State;

    use super::*;

    #[test]
    fn only_a_certain_sender_of_a_mail_hears_anything() {
        let kept = |door| Kept {
            receipt: Receipt(1),
            state: State::Held,
            envelope: Envelope {
                door,
                source: String::new(),
                received_at: 0,
                name: String::new(),
                sender: String::new(),
                peer: None,
            },
            size: 0,
            reason: String::new(),
            file: None,
        };
        let certain = Sender { address: "m@x.example".into(), aligned: true, ..Sender::default() };
        let feed = Source { kind: SourceKind::Feed, ..Source::new("feed") };
        assert!(hears(&kept(Door::Mail), &certain) && hears(&kept(Door::Imap), &certain));
        assert!(!hears(&kept(Door::Api), &certain));
        assert!(!hears(&kept(Door::Mail), &Sender { aligned: false, ..certain.clone() }));
        assert!(!hears(&kept(Door::Mail), &Sender { source: Some(feed), ..certain.clone() }));
    }
}
