//! Which addresses and names may be looked up outside, and when again.

use schakel_model::enrichment::LookUp;

/// What was asked is not asked again within a day: names change seldom, and whoever is asked can see that we ask.
pub const KEPT_SECONDS: i64 = 86_400;

/// Names that do not stand in the public DNS (RFC 6761, 6762, 7686, 8375, 9476; `internal`: ICANN, 2024).
const NOT_IN_THE_DNS: &[&str] = &[
    "alt",
    "example",
    "home.arpa",
    "internal",
    "invalid",
    "local",
    "localhost",
    "onion",
    "test",
    "in-addr.arpa",
    "ip6.arpa",
];

/// Can this name stand in the public DNS? Others are nobody's business outside.
pub fn is_public_name(name: &str) -> bool {
    let letters = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    let ends_in = |suffix: &str| {
        name.strip_suffix(suffix).is_some_and(|before| before.is_empty() || before.ends_with('.'))
    };
    name.contains('.') && name.bytes().all(letters) && !NOT_IN_THE_DNS.iter().any(|suffix| ends_in(suffix))
}

/// Is it time to ask? At first sight; and again when it was seen since the last answer, or nobody answered, and a day has passed.
pub fn is_due(look_up: Option<&LookUp>, last_seen: i64, now: i64) -> bool {
    let Some(look_up) = look_up else { return true };
    let unanswered = look_up.looked_at > look_up.answered_at || !look_up.answer.is_known();
    may_ask_again(look_up, now) && (unanswered || last_seen > look_up.answered_at)
}

/// Has a day passed since it was asked? A clock that was put back is no reason to wait.
pub fn may_ask_again(look_up: &LookUp, now: i64) -> bool {
    now < look_up.looked_at || now - look_up.looked_at >= KEPT_SECONDS
}

#[cfg(test)]
mod tests {
    use schakel_model::enrichment::DnsAnswer;

    use super::*;

    #[test]
    fn only_names_of_the_public_dns_are_asked_for() {
        for name in
            ["www.berkendal.nl", "berkendal.nl", "_dmarc.berkendal.nl", "xn--bcher-kva.nl", "localhost.nl"]
        {
            assert!(is_public_name(name), "{name}");
        }
        for name in [
            "",
            "server01",
            "printer.local",
            "a.internal",
            "local",
            "x.onion",
            "nas.home.arpa",
            "a b.nl",
            "bücher.nl",
            "a.nl/x",
            "1.2.0.192.in-addr.arpa",
            "www.eikendam.example",
        ] {
            assert!(!is_public_name(name), "{name}");
        }
    }

    #[test]
    fn a_subject_is_asked_at_first_sight_and_at_most_once_a_day() {
        const DAY: i64 = KEPT_SECONDS;
        let said = |answered_at, looked_at| LookUp { looked_at, answer: DnsAnswer::Nothing, answered_at };
        let silent = LookUp { looked_at: 100, answer: DnsAnswer::Unknown, answered_at: 100 };
        let cases = [
            ("never asked", None, 0, 100, true),
            ("asked today, seen since", Some(said(100, 100)), 200, 99 + DAY, false),
            ("asked yesterday, seen since", Some(said(100, 100)), 200, 100 + DAY, true),
            ("asked yesterday, not seen since", Some(said(100, 100)), 50, 100 + DAY, false),
            ("nobody ever answered, a day ago", Some(silent.clone()), 50, 100 + DAY, true),
            ("nobody ever answered, today", Some(silent), 500, 99 + DAY, false),
            ("nobody answered the last time", Some(said(100, 200)), 50, 200 + DAY, true),
            ("the clock was put back", Some(said(500, 500)), 600, 100, true),
        ];
        for (what, look_up, last_seen, now, expected) in cases {
            assert_eq!(is_due(look_up.as_ref(), last_seen, now), expected, "{what}");
        }
    }
}
