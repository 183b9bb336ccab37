//! Samples of the pages of a member.

use serde_json::{Value as Json, json};

fn head() -> Json {
    json!({ "code": "GM1", "name": "Gouda", "others": [{ "code": "GM2", "name": "Lindeveen" }] })
}

fn row() -> Json {
    json!({ "id": "F1", "severity": "high", "classification": "potentially-unwanted-accessible", "feed": "scan_rdp", "identifier": "open-rdp",
        "target": "192.0.2.1:3389", "state": "told", "state_at": 1, "until": 5, "deadline": 2, "overdue": true, "told_at": 1, "last_seen": 3,
        "closed": false })
}

pub fn samples() -> Vec<(&'static str, Json)> {
    let sent = json!({ "number": 7, "at": 4, "kind": "findings", "subject": "1 finding", "findings": 1, "confidential": false });
    vec![
        (
            "own/asset",
            json!({ "head": head(), "asset": { "id": 4, "asked": null, "claim": 1, "kind": "prefix", "value": "192.0.2.0/24", "role": "owner", "proof": "dns" } }),
        ),
        ("own/claim_new", json!({ "head": head(), "kinds": ["domain"], "roles": ["owner"] })),
        (
            "own/claim",
            json!({ "head": head(), "id": 1, "kind": "domain", "value": "a.example", "role": "owner", "state": "open", "note": "n", "at": 1, "is_over": false,
                "disputed": false, "counts": false, "proven_by": "", "proven_until": null, "failing_since": null, "token": "tok", "record": "_x.a.example",
                "file": "https://a.example/x.txt", "by_registry": true, "mailboxes": [["security", "security@a.example"]],
                "code": { "address": "security@a.example", "until": 9, "tries_left": 5 },
                "attempts": [{ "at": 5, "means": "dns", "found": false, "detail": "no TXT record" }] }),
        ),
        (
            "own/contact",
            json!({ "head": head(), "contact": 3, "roles": ["vcib"], "may_leave": true,
                "standing": { "role": "vcib", "name": "Jan", "email": "j@a.example", "phone": "1", "language": "nl" } }),
        ),
        (
            "own/people",
            json!({ "head": head(), "roles": ["acib", "viewer"], "nobody": true, "administrators_max": 2, "people": [{ "name": "jan", "display_name": "Jan",
                "roles": ["acib"], "role": "acib", "disabled_at": null, "invited_until": 9, "ready": false, "is_you": true,
                "may": ["invite", "role", "disable", "sessions", "add", "hand_over", "lay_down"], "sessions": [{ "id": "0a", "agent": "Firefox", "used_at": 5 }] }] }),
        ),
        ("own/invited", json!({ "head": head(), "name": "jan", "link": "https://a.example/invitation/x" })),
        (
            "own/front",
            json!({ "head": head(), "open": 30, "overdue": 1, "silent": 2, "confidential": 1, "trusted": ["Jan"], "findings": [row()], "sent": [sent] }),
        ),
        (
            "own/findings",
            json!({ "head": head(), "count": 60, "confidential": 1, "severities": ["high"], "states": ["told"], "findings": [row()], "next": 2,
                "wanted": { "what": "a", "severity": "high", "state": "told", "open": "no", "page": "" } }),
        ),
        (
            "own/finding",
            json!({ "head": head(), "row": row(), "place": [["place-address", "192.0.2.1"], ["place-seen", "2026-01-01T00:00:00Z"]],
                "assets": [["prefix", "192.0.2.0/24", "owner"]], "cves": ["CVE-2024-0001"], "tellings": 2,
                "advice": { "what": ["a"], "why": ["b"], "check": ["c"], "fix": ["d", "e"], "keep": ["f"] },
                "told": [{ "number": 7, "kind": "reminder", "at": 4 }], "may_answer": ["fixed"],
                "answers": [{ "number": 1, "at": 5, "kind": "in_progress", "standing": "proposed", "sender": "jan", "text": "t", "until": 9, "may_take_back": true }] }),
        ),
        ("own/sent", json!({ "head": head(), "sent": [sent], "next": 7 })),
        (
            "own/message",
            json!({ "head": head(), "sent": sent, "tlp": "AMBER", "to": [["vcib", "accepted", 9], ["webhook", "waiting", null]],
                "findings": [{ "id": "F1", "target": "192.0.2.1", "state": "fixed", "closed": true }], "answers": [[5, "fixed", "proposed"]] }),
        ),
        (
            "own/weekly",
            json!({ "head": head(), "since": 1, "until": 604_801, "before": 1, "after": 9, "confidential": 2,
                "sent": [sent], "not_told": [{ "fate": "suppressed", "reason": "rule 1", "count": 3, "new": 1 }],
                "open": [{ "severity": "high", "classification": "other", "feed": "scan_rdp", "identifier": "open-rdp", "count": 3, "silent": 1, "days_max": 1 }] }),
        ),
        (
            "own/register",
            json!({ "head": head(), "waiting": [{ "id": 3, "role": "vcib", "name": "Jan", "email": "j@a.example", "phone": "", "at": 5 }], "closed": ["2026-12-24"],
                "contacts": [{ "id": 3, "role": "vcib", "name": "Jan", "email": "j@a.example", "phone": "+31 20 000" }],
                "assets": [{ "id": 4, "asked": { "id": 1, "wish": "give_up", "text": "t", "at": 5 }, "claim": 1, "kind": "prefix", "value": "192.0.2.0/24", "role": "owner", "proof": "dns", "valid_from": "2026-01-01", "valid_until": null }],
                "claims": [{ "id": 1, "kind": "domain", "value": "a.example", "role": "owner", "state": "open", "disputed": false, "at": 1 }],
                "relations": [{ "kind": "serves", "side": "to", "other_name": "Solido", "mandate": null }] }),
        ),
    ]
}
