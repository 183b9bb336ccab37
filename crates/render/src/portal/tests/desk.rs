//! Conversations, the desk's mail and breaches: samples, and words of the model in their keys.

use serde_json::{Value as Json, json};

use super::{WHAT, happened};

pub(super) fn samples() -> Vec<(&'static str, Json)> {
    vec![
        (
            "conversation",
            json!({ "number": 17, "subject": "s", "tlp": "AMBER", "organisation": "GM1", "organisation_name": "Gouda", "line": WHAT.map(happened), "chars_max": 6000,
                "readers": [{ "address": "j@a.example", "name": "", "role": "vcib", "chosen": true, "not": "" },
                    { "address": "k@a.example", "name": "K", "role": "acib", "chosen": false, "not": "clearance" }],
                "preview": { "typed": "t", "to": ["j@a.example"], "subject": "Re: s", "text": "t" } }),
        ),
        (
            "outbox",
            json!({ "state": "withheld", "counts": [["withheld", 1], ["given_up", 2], ["waiting", 3], ["accepted", 4]], "paused": "restored", "messages": [message()] }),
        ),
        (
            "outbox_message",
            json!({ "message": message(), "tlp": "RED", "mail": "From: a@b.example\n\n<b>", "more": true, "erased": false }),
        ),
        ("incoming", json!({ "which": "", "mails": [came("held"), came("refused")] })),
        (
            "mailboxes",
            json!({ "mailboxes": [{ "address": "j@a.example", "contacts": [["GM1", "Gouda", "vcib"]], "usable": false, "accepted_at": null, "failures": 2, "failure": "550",
                "states": [["compromised", 5], ["failed", 6], ["complained", 7]], "finding": 3 }] }),
        ),
        (
            "breaches",
            json!({ "breaches": [breach("open")], "asked": { "what": "F1", "organisation": "", "wrong": "", "received": [received()] } }),
        ),
        ("breach", {
            let mut one = breach("open");
            one["number"] = json!(1);
            one["received"] = json!([received()]);
            one
        }),
    ]
}

fn came(became: &str) -> Json {
    json!({ "receipt": "R1", "door": "mail", "at": 5, "sender": "a@b.example", "name": "a.eml", "size": 9, "became": became, "why": "w", "report": 3, "is_kept": true })
}

fn message() -> Json {
    json!({ "id": 5, "notification": 17, "subject": "s", "organisation": "GM1", "organisation_name": "Gouda", "recipient": "j@a.example", "state": "withheld",
        "attempts": 2, "at": 5, "next_at": 9, "outcome": "450" })
}

fn breach(decision: &str) -> Json {
    json!({ "breach": "B1", "subject": "F1", "reason": "r", "discovered_at": "2026-01-01T00:00:00Z", "opened_at": "2026-01-01T00:00:00Z", "opened_by": "jan",
        "deadline": "2026-01-04T00:00:00Z", "seconds_left": 7_200, "overdue": false, "decision": decision, "closed_at": null, "closed_by": null, "closed_reason": null })
}

fn received() -> Json {
    json!({ "notification": "N1", "organisation": "GM1", "recipient": "j@a.example", "role": "vcib", "message_id": "<1>", "state": "accepted",
        "received_at": "2026-01-01T00:00:00Z", "findings": 2, "organisation_name": "Gouda", "taken_back": [["N2", 1, 1]] })
}

/// Words of the model that stand in keys.
pub(super) fn words(add: &mut impl FnMut(&str, &str)) {
    for word in ["no_address", "clearance", "no_named_person", "circle", "source", "closed"] {
        add("reply-not", word);
    }
    for word in ["withheld", "given_up", "waiting", "accepted"] {
        add("outbox", word);
    }
    for word in ["waiting", "held", "taken", "known", "refused", "no_report"] {
        add("became", word);
    }
    for word in ["all", "aside", "taken"] {
        add("incoming-which", word);
    }
    for word in ["compromised", "failed", "complained"] {
        add("mailbox", word);
    }
    for word in ["reported", "not_reported"] {
        add("breach", word);
    }
}
