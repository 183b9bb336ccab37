//! Whether the DNS says of our mail what it should: each record right, missing or wrong, with the one to publish. What stands in the DNS was
//! looked up before.

/// How a record stands.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum State {
    /// As it should be.
    Right,
    /// Not there.
    Missing,
    /// There, and not as it should be.
    Wrong,
    /// It could not be looked up.
    Unknown,
}

impl State {
    /// The word in JSON and in tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Right => "right",
            Self::Missing => "missing",
            Self::Wrong => "wrong",
            Self::Unknown => "unknown",
        }
    }
}

/// What was found about one record.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Judged {
    /// How it stands.
    pub state: State,
    /// Why, for a person; empty when it is right.
    pub why: String,
}

/// What a look-up gave: texts, none when there are none, or why it failed.
pub type Texts = Result<Vec<String>, String>;

fn judged(state: State, why: impl Into<String>) -> Judged {
    Judged { state, why: why.into() }
}

fn right() -> Judged {
    judged(State::Right, "")
}

/// The one text that begins with this, without regard to case.
fn only<'t>(texts: &'t Texts, start: &str) -> Result<&'t str, Judged> {
    let texts = texts.as_ref().map_err(|error| judged(State::Unknown, error.clone()))?;
    let begins =
        |text: &&String| text.get(..start.len()).is_some_and(|front| front.eq_ignore_ascii_case(start));
    let mut found: Vec<&String> = texts.iter().filter(begins).collect();
    found.sort();
    found.dedup();
    // A record of several strings is there twice: whole, and its first string by itself.
    let whole = found.clone();
    found.retain(|one| !whole.iter().any(|other| other.len() > one.len() && other.starts_with(one.as_str())));
    match found.as_slice() {
        [] => Err(judged(State::Missing, "")),
        [one] => Ok(one),
        _ => Err(judged(State::Wrong, "there is more than one, so none counts")),
    }
}

/// The value of a tag in `v=X; tag=value`.
fn tag<'t>(record: &'t str, name: &str) -> Option<&'t str> {
    let tags = record.split(';').filter_map(|tag| tag.split_once('='));
    tags.map(|(name, value)| (name.trim(), value.trim()))
        .find(|(found, _)| found.eq_ignore_ascii_case(name))
        .map(|(_, value)| value)
}

fn without_spaces(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_whitespace()).collect()
}

/// SPF (RFC 7208): who may send for the domain of the envelope.
pub fn spf(texts: &Texts) -> Judged {
    let record = match only(texts, "v=spf1") {
        Ok(record) => record,
        Err(judged) => return judged,
    };
    let words: Vec<String> = record.split_ascii_whitespace().map(str::to_ascii_lowercase).collect();
    match words.last().map(String::as_str) {
        _ if words.iter().any(|word| matches!(word.as_str(), "+all" | "all" | "?all")) => {
            judged(State::Wrong, "it lets anybody send for the domain")
        }
        _ if words.iter().any(|word| word.starts_with("redirect=")) => right(),
        Some("-all" | "~all") => right(),
        _ => judged(State::Wrong, "it does not end with -all: it does not say that nobody else may send"),
    }
}

/// DKIM (RFC 6376): the key that our signatures are checked with. `expected`: the record of our key.
pub fn dkim(texts: &Texts, expected: &str) -> Judged {
    let texts = match texts {
        Ok(texts) => texts,
        Err(error) => return judged(State::Unknown, error.clone()),
    };
    let key = |record: &str| tag(record, "p").map(without_spaces);
    let keys: Vec<String> = texts.iter().filter_map(|text| key(text)).collect();
    match key(expected) {
        Some(ours) if keys.contains(&ours) => right(),
        _ if keys.iter().any(String::is_empty) => {
            judged(State::Wrong, "the key was taken back (p= is empty)")
        }
        _ if texts.is_empty() => judged(State::Missing, ""),
        _ => judged(State::Wrong, "it is another key than ours"),
    }
}

/// DMARC (RFC 7489): what others are to do with mail that is not signed by us. `of_parent`: the record stands at a domain above.
pub fn dmarc(texts: &Texts, of_parent: bool) -> Judged {
    let record = match only(texts, "v=dmarc1") {
        Ok(record) => record,
        Err(judged) => return judged,
    };
    let policy = match of_parent {
        true => tag(record, "sp").or_else(|| tag(record, "p")),
        false => tag(record, "p"),
    };
    match policy.map(str::to_ascii_lowercase).as_deref() {
        Some("reject" | "quarantine") if tag(record, "pct").is_some_and(|pct| pct != "100") => {
            judged(State::Wrong, "it counts for a part of the mails only (pct)")
        }
        Some("reject" | "quarantine") => right(),
        Some("none") => judged(State::Wrong, "p=none: others may write in our name and it is delivered"),
        _ => judged(State::Wrong, "it says no policy (p=)"),
    }
}

/// MTA-STS (RFC 8461): the record, and the policy that stands on the web.
pub fn mta_sts(texts: &Texts, policy: &Result<String, String>) -> Judged {
    let record = match only(texts, "v=stsv1") {
        Ok(record) => record,
        Err(judged) => return judged,
    };
    if tag(record, "id").is_none_or(str::is_empty) {
        return judged(State::Wrong, "it has no id=, by which others see that the policy has changed");
    }
    let policy = match policy {
        Ok(policy) => policy,
        Err(error) => return judged(State::Wrong, format!("the policy cannot be fetched: {error}")),
    };
    let value = |name: &str| {
        let lines = policy.lines().filter_map(|line| line.split_once(':'));
        lines
            .map(|(key, value)| (key.trim(), value.trim()))
            .find(|(key, _)| *key == name)
            .map(|(_, value)| value)
    };
    match value("mode") {
        Some("enforce") if value("mx").is_some() => right(),
        Some("enforce") => judged(State::Wrong, "the policy names no mail server (mx:)"),
        Some(mode) => judged(State::Wrong, format!("the policy says mode: {mode}, so nothing is enforced")),
        None => judged(State::Wrong, "the policy says no mode"),
    }
}

/// TLS-RPT (RFC 8460): where others report that their mail could not be delivered over TLS.
pub fn tls_rpt(texts: &Texts) -> Judged {
    match only(texts, "v=tlsrptv1") {
        Err(judged) => judged,
        Ok(record)
            if tag(record, "rua")
                .is_some_and(|rua| rua.starts_with("mailto:") || rua.starts_with("https:")) =>
        {
            right()
        }
        Ok(_) => judged(State::Wrong, "it says no address for reports (rua=)"),
    }
}

/// A record for DANE, as far as it matters.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Tlsa {
    /// 2 or 3 for mail (RFC 7672).
    pub usage: u8,
    /// 1: SHA-256, with 32 bytes; 2: SHA-512, with 64.
    pub matching: u8,
    /// Bytes of what is compared.
    pub data_bytes: usize,
}

/// DANE of a mail server (RFC 7672); `is_authentic`: the resolver says that DNSSEC vouches for it.
pub fn dane(records: &Result<Vec<Tlsa>, String>, is_authentic: bool) -> Judged {
    let records = match records {
        Ok(records) => records,
        Err(error) => return judged(State::Unknown, error.clone()),
    };
    let is_good = |one: &Tlsa| {
        matches!(one.usage, 2 | 3)
            && match one.matching {
                1 => one.data_bytes == 32,
                2 => one.data_bytes == 64,
                _ => one.data_bytes > 0,
            }
    };
    match records.as_slice() {
        [] => judged(State::Missing, ""),
        records if !records.iter().any(is_good) => {
            judged(State::Wrong, "none of the records is one that mail servers use (3 1 1 with a SHA-256)")
        }
        _ if !is_authentic => judged(
            State::Wrong,
            "the resolver does not say that DNSSEC vouches for it: without that it does not count",
        ),
        _ => right(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(texts: &[&str]) -> Texts {
        Ok(texts.iter().map(|text| (*text).to_owned()).collect())
    }

    #[test]
    fn spf_has_to_say_that_nobody_else_may_send() {
        for (found, state) in [
            (&[][..], State::Missing),
            (&["google-site-verification=x"], State::Missing),
            (&["v=spf1 mx -all"], State::Right),
            (&["V=SPF1 ip4:192.0.2.1 ~ALL"], State::Right),
            (&["v=spf1 redirect=_spf.example"], State::Right),
            (&["v=spf1 mx"], State::Wrong),
            (&["v=spf1 +all"], State::Wrong),
            (&["v=spf1 mx ?all"], State::Wrong),
            (&["v=spf1 mx -all", "v=spf1 a -all"], State::Wrong),
            // One record of two strings.
            (&["v=spf1 mx -all", "v=spf1 mx"], State::Right),
        ] {
            assert_eq!(spf(&texts(found)).state, state, "{found:?}");
        }
        assert_eq!(spf(&Err("timeout".into())).state, State::Unknown);
    }

    #[test]
    fn dkim_is_compared_by_its_key() {
        let ours = "v=DKIM1; k=rsa; p=AAAA";
        for (found, state) in [
            (&[][..], State::Missing),
            (&["v=DKIM1;k=rsa;p=AA AA"], State::Right),
            (&["v=DKIM1; p=BBBB"], State::Wrong),
            (&["v=DKIM1; p="], State::Wrong),
            (&["hello"], State::Wrong),
        ] {
            assert_eq!(dkim(&texts(found), ours).state, state, "{found:?}");
        }
    }

    #[test]
    fn dmarc_has_to_ask_for_something() {
        for (found, of_parent, state) in [
            (&[][..], false, State::Missing),
            (&["v=DMARC1; p=reject; rua=mailto:a@b.example"], false, State::Right),
            (&["v=DMARC1; p=quarantine"], false, State::Right),
            (&["v=DMARC1; p=none"], false, State::Wrong),
            (&["v=DMARC1; p=reject; pct=10"], false, State::Wrong),
            (&["v=DMARC1; rua=mailto:a@b.example"], false, State::Wrong),
            (&["v=DMARC1; p=reject; sp=none"], true, State::Wrong),
            (&["v=DMARC1; p=reject; sp=none"], false, State::Right),
            (&["v=DMARC1; p=reject"], true, State::Right),
        ] {
            assert_eq!(dmarc(&texts(found), of_parent).state, state, "{found:?}");
        }
    }

    #[test]
    fn mta_sts_counts_when_its_policy_enforces() {
        let record = texts(&["v=STSv1; id=20261122"]);
        let policy = |mode: &str| {
            Ok(format!("version: STSv1\r\nmode: {mode}\r\nmx: mx.example\r\nmax_age: 604800\r\n"))
        };
        assert_eq!(mta_sts(&record, &policy("enforce")).state, State::Right);
        assert_eq!(mta_sts(&record, &policy("testing")).state, State::Wrong);
        assert_eq!(mta_sts(&record, &Ok("mode: enforce".into())).state, State::Wrong);
        assert_eq!(mta_sts(&record, &Err("404".into())).state, State::Wrong);
        assert_eq!(mta_sts(&texts(&["v=STSv1"]), &policy("enforce")).state, State::Wrong);
        assert_eq!(mta_sts(&texts(&[]), &policy("enforce")).state, State::Missing);
    }

    #[test]
    fn reports_about_tls_need_an_address() {
        assert_eq!(tls_rpt(&texts(&["v=TLSRPTv1; rua=mailto:a@b.example"])).state, State::Right);
        assert_eq!(tls_rpt(&texts(&["v=TLSRPTv1"])).state, State::Wrong);
        assert_eq!(tls_rpt(&texts(&[])).state, State::Missing);
    }

    #[test]
    fn dane_counts_with_dnssec_only() {
        let good = Tlsa { usage: 3, matching: 1, data_bytes: 32 };
        assert_eq!(dane(&Ok(vec![good]), true).state, State::Right);
        assert_eq!(dane(&Ok(vec![good]), false).state, State::Wrong);
        assert_eq!(dane(&Ok(Vec::new()), true).state, State::Missing);
        for bad in [Tlsa { usage: 1, ..good }, Tlsa { data_bytes: 20, ..good }, Tlsa { matching: 2, ..good }]
        {
            assert_eq!(dane(&Ok(vec![bad]), true).state, State::Wrong, "{bad:?}");
        }
    }
}
