//! Masking: what must not be seen is taken out of an event before it is shown or sent. Only the sealed raw report still has it.
//!
//! A value is recognised by the name of its field ([`names`]) or by its shape ([`shapes`]). In its place stands `[masked 1a2b3c4d5e6f]`: a keyed hash, so
//! that the same secret is the same everywhere and nobody can try passwords without the key.
//!
//! A password in a URL (`https://user:password@host/`) is taken out of observations too, always and without a trace, so that it stands in no finding.

mod names;
mod shapes;

use std::{borrow::Cow, collections::HashMap};

use schakel_model::event::{Event, Value};

use self::names::Meaning;
use crate::json::{Json, reader};

/// What is done with values of a kind.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Treatment {
    /// They are masked.
    Hide,
    /// They stay.
    Keep,
}

/// Which values are masked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Masking {
    /// Passwords, session cookies, tokens and private keys.
    pub secrets: Treatment,
    /// Numbers of payment cards, and Dutch citizen service numbers (BSN) in fields that say so.
    pub numbers: Treatment,
    /// The part before the `@` of mail addresses, and names of users. Whose account it is cannot be told when these are hidden.
    pub personal: Treatment,
}

impl Default for Masking {
    /// Secrets and numbers help nobody. Whose account was leaked does.
    fn default() -> Self {
        Self { secrets: Treatment::Hide, numbers: Treatment::Hide, personal: Treatment::Keep }
    }
}

/// Hexadecimal digits of the hash in a mask: enough to tell the secrets of one store apart.
const HASH_DIGITS: usize = 12;

/// Lists and objects within each other that are looked into. What lies deeper is masked whole.
const DEPTH_MAX: usize = 32;

/// Masks by a policy, with a key.
#[derive(Clone, PartialEq, Eq)]
pub struct Masker {
    masking: Masking,
    key: [u8; 32],
    /// What fields hold that every row has, found out once.
    known: HashMap<String, Meaning>,
}

impl std::fmt::Debug for Masker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Masker").field("masking", &self.masking).finish_non_exhaustive()
    }
}

impl Masker {
    /// `secret` is that of the installation; the key of masks is derived from it.
    pub fn new(masking: Masking, secret: &[u8; 32]) -> Self {
        let key = blake3::derive_key("schakel 2026 masks of sensitive values", secret);
        Self { masking, key, known: HashMap::new() }
    }

    /// The same, for rows of which these are the fields: masks no more and no less, but sooner.
    pub(crate) fn of_fields(self, fields: impl Iterator<Item = String>) -> Self {
        Self { known: fields.map(|field| (field.clone(), names::meaning(&field))).collect(), ..self }
    }

    fn meaning(&self, field: &str) -> Meaning {
        self.known.get(field).copied().unwrap_or_else(|| names::meaning(field))
    }

    /// What stands in the place of this text.
    pub fn mask(&self, text: &str) -> String {
        let hash = blake3::keyed_hash(&self.key, text.as_bytes()).to_hex();
        format!("[masked {}]", &hash[..HASH_DIGITS])
    }

    /// The event as it may be seen.
    pub fn event(&self, mut event: Event) -> Event {
        for (field, value) in event.values_mut() {
            self.value(field, value, 0);
        }
        event
    }

    /// A text of this field as it may be seen; the same when nothing in it must be masked.
    pub fn text<'t>(&self, field: &str, text: &'t str) -> Cow<'t, str> {
        let hides = |treatment| treatment == Treatment::Hide;
        match self.meaning(field) {
            _ if text.is_empty() || is_masked(text) => Cow::Borrowed(text),
            Meaning::Secret if hides(self.masking.secrets) && !says_whether(text) => {
                Cow::Owned(self.mask(text))
            }
            Meaning::Bsn if hides(self.masking.numbers) && shapes::is_bsn(text) => {
                Cow::Owned(self.mask(text))
            }
            Meaning::Person if hides(self.masking.personal) => Cow::Owned(self.person(text)),
            Meaning::Fixed => Cow::Borrowed(text),
            Meaning::Secret | Meaning::Bsn | Meaning::Person | Meaning::Other => {
                shapes::replace(text, self.masking, &|found| self.mask(found))
            }
        }
    }

    /// A text that is JSON, or was to be. What is none cannot be told from what it holds, so of a text with a secret's name in it nothing is
    /// shown.
    pub(crate) fn json(&self, text: &str) -> String {
        match reader::read(text.as_bytes()) {
            Ok(json @ Json::Object(_)) => {
                let before = json.into_value();
                let mut after = before.clone();
                self.value("", &mut after, 0);
                if after == before { text.to_owned() } else { crate::idf::json_value(&after).to_string() }
            }
            _ if names::has_name_of_secret(text) && self.masking.secrets == Treatment::Hide => {
                self.mask(text)
            }
            _ => self.text("", text).into_owned(),
        }
    }

    fn value(&self, field: &str, value: &mut Value, depth: usize) {
        match value {
            Value::Text(text) => {
                if let Cow::Owned(masked) = self.text(field, text) {
                    *text = masked;
                }
            }
            Value::Int(number) => {
                let is_hidden = match self.meaning(field) {
                    // 0 and 1 say whether there is one.
                    Meaning::Secret => self.masking.secrets == Treatment::Hide && *number > 1,
                    Meaning::Bsn => {
                        self.masking.numbers == Treatment::Hide && shapes::is_bsn(&number.to_string())
                    }
                    Meaning::Person | Meaning::Fixed | Meaning::Other => false,
                };
                if is_hidden {
                    *value = Value::Text(self.mask(&number.to_string()));
                }
            }
            Value::List(_) | Value::Object(_) if depth == DEPTH_MAX => {
                *value = Value::Text("[masked: nested too deeply to look into]".to_owned());
            }
            Value::List(values) => values.iter_mut().for_each(|value| self.value(field, value, depth + 1)),
            Value::Object(members) => {
                // Below a secret everything is one.
                let above = self.meaning(field) == Meaning::Secret;
                for (name, value) in members {
                    self.value(if above { field } else { name.as_str() }, value, depth + 1);
                }
            }
            Value::Null | Value::Bool(_) | Value::Float(_) => {}
        }
    }

    /// The name of a person, or what stands before the `@`, masked.
    fn person(&self, text: &str) -> String {
        match text.rsplit_once('@') {
            Some((name, domain)) if !name.is_empty() => format!("{}@{domain}", self.mask(name)),
            _ => self.mask(text),
        }
    }
}

/// Was it masked before?
fn is_masked(text: &str) -> bool {
    text == "masked" || (text.starts_with("[masked") && text.ends_with(']') && text.len() <= 64)
}

/// Does it only say whether there is one?
fn says_whether(text: &str) -> bool {
    let text = text.trim();
    text.is_empty()
        || ["y", "n", "yes", "no", "true", "false", "0", "1", "none", "-"]
            .iter()
            .any(|word| word.eq_ignore_ascii_case(text))
}

/// A URL without the password in it.
pub fn url_without_password(url: &str) -> Cow<'_, str> {
    shapes::without_password(url)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Plan, PlanOptions, Records};

    const SECRET: &str = "s3cr3t-of-jan";

    fn masker(masking: Masking) -> Masker {
        Masker::new(masking, &[7; 32])
    }

    fn shown(field: &str, text: &str) -> String {
        masker(Masking::default()).text(field, text).into_owned()
    }

    #[test]
    fn a_secret_is_known_by_its_field() {
        let mask = masker(Masking::default()).mask(SECRET);
        assert_eq!(mask.len(), "[masked ]".len() + HASH_DIGITS);
        for field in [
            "extra.password",
            "extra.Passwd",
            "extra.user-password",
            "extra.pwd",
            "extra.http.set-cookie",
            "extra.Cookie",
            "extra.session",
            "extra.Authorization",
            "extra.token",
            "extra.x_api_key",
            "extra.apiKey",
            "extra.accessToken",
            "extra.wachtwoord",
            "extra.badsecret_secret",
            "password_patterns",
        ] {
            assert_eq!(shown(field, SECRET), mask, "{field}");
        }
        for field in [
            "extra.has_password",
            "extra.magic_cookie",
            "extra.tokens_total",
            "extra.path",
            "extra.session_count",
            "source.fqdn",
        ] {
            assert_eq!(shown(field, SECRET), SECRET, "{field}");
        }
        for whether in ["Y", "false", "0"] {
            assert_eq!(shown("extra.password", whether), whether);
        }
    }

    #[test]
    fn the_same_secret_has_the_same_mask_under_one_key_only() {
        let one = masker(Masking::default());
        assert_eq!(one.mask("a"), one.mask("a"));
        assert_ne!(one.mask("a"), one.mask("b"));
        assert_ne!(one.mask("a"), Masker::new(Masking::default(), &[8; 32]).mask("a"));
        assert_eq!(shown("extra.password", &one.mask("a")), one.mask("a"), "masked once");
    }

    #[test]
    fn all_of_an_event_is_looked_into() {
        let text = |text: &str| Value::Text(text.to_owned());
        let mut event = Event::default();
        event.set("source.ip", text("192.0.2.1"));
        event.set("source.account", text("jan@example.nl"));
        event.set("source.url", text("https://jan:s3cr3t@www.example.nl/"));
        event.set(
            "extra.login",
            Value::Object(vec![("passwd".into(), text(SECRET)), ("port".into(), Value::Int(22))]),
        );
        event.set("extra.password", Value::List(vec![text(SECRET), Value::Int(123_456), Value::Bool(true)]));
        event.set("extra.cookies", Value::Object(vec![("sid".into(), text(SECRET))]));
        let masked = masker(Masking::default()).event(event.clone());
        let line = crate::idf::to_json(&masked);
        assert!(!line.contains("s3cr3t") && !line.contains("123456"), "{line}");
        assert_eq!(masked.text("source.ip"), "192.0.2.1");
        assert_eq!(masked.text("source.account"), "jan@example.nl");
        assert!(line.contains("\"port\":22"), "{line}");
        assert!(masked.text("source.url").starts_with("https://jan:[masked "), "{line}");
        // Twice is once.
        assert_eq!(masker(Masking::default()).event(masked.clone()), masked);
        let kept = Masking { secrets: Treatment::Keep, numbers: Treatment::Keep, personal: Treatment::Keep };
        assert_eq!(masker(kept).event(event.clone()), event);
    }

    /// What is seen of the rows of a file: the event or the reject's code, and the text.
    fn seen(name: &str, file: &str) -> Vec<(String, String)> {
        let plan = Plan::for_file(name, file.as_bytes(), &PlanOptions::default()).unwrap();
        let plan = plan.with_masking(masker(Masking::default()));
        let body = &file.as_bytes()[plan.body_offset()..];
        let mut records = Records::new();
        assert_eq!(plan.cutter().cut(body, true, usize::MAX, &mut records), body.len());
        let event = |record| match plan.event(record) {
            Ok(event) => crate::idf::to_json(&event),
            Err(reject) => reject.code.as_str().to_owned(),
        };
        records.iter(body).map(|record| (event(record), plan.text(record))).collect()
    }

    #[test]
    fn a_row_is_seen_masked_and_else_as_it_came() {
        let csv = "timestamp,ip,port,password,http_raw,tag\n\
            2026-03-01 05:07:57,192.0.2.1,22,\"s3cr3t,1\",\"a, \"\"b\"\"\",x\n\
            never,192.0.2.1,22,s3cr3t,\"Cookie: s3cr3t\",x\n";
        let found = seen("2026-03-01-event4_honeypot_brute_force-x.csv", csv);
        let mask = |text: &str| masker(Masking::default()).mask(text);
        assert!(found[0].0.contains(&mask("s3cr3t,1")), "{}", found[0].0);
        assert_eq!(
            found[0].1,
            format!("2026-03-01 05:07:57,192.0.2.1,22,{},\"a, \"\"b\"\"\",x", mask("s3cr3t,1"))
        );
        let second = (mask("s3cr3t"), format!("Cookie: {}", mask("s3cr3t")));
        assert_eq!(found[1].0, "bad_time");
        assert_eq!(found[1].1, format!("never,192.0.2.1,22,{},{},x", second.0, second.1));
        let json = concat!(
            r#"{"time.source":"2026-03-01T05:07:57Z","extra":{"password":"s3cr3t"},"source.ip":"192.0.2.1"}"#,
            "\n",
            r#"{"time.source": "2026-03-01T05:07:57Z", "source.ip":"192.0.2.1"}"#,
            "\n",
            r#"{"time.source":"2026-03-01T05:07:57Z","password":"s3cr3t"#,
        );
        let found = seen("x.jsonl", json);
        assert_eq!(found.len(), 3);
        assert!(
            found.iter().all(|(event, text)| !event.contains("s3cr3t") && !text.contains("s3cr3t")),
            "{found:?}"
        );
        assert_eq!(found[1].1, json.lines().nth(1).unwrap());
    }

    #[test]
    fn the_words_of_a_row_are_those_of_its_event() {
        let csv = "timestamp,ip,port,password,http_raw,tag,hostname,pin\n\
            2026-03-01 05:07:57,192.0.2.1,22,\"s3cr3t,1\",\"Cookie: s3cr3t\",x;cve-2023-3519,a.example.nl,1234\n";
        let json = concat!(
            r#"{"time.source":"2026-03-01T05:07:57Z","classification.type":"phishing","extra":{"password":{"of":"s3cr3t"},"tag":["x",{"y":"z"}]},"#,
            r#""source.ip":"192.0.2.1"}"#
        );
        for (name, file, words) in [
            (
                "2026-03-01-event4_honeypot_brute_force-x.csv",
                csv,
                ["192.0.2.1", "x;cve-2023-3519", "a.example.nl"],
            ),
            ("x.jsonl", json, ["192.0.2.1", "x", "z"]),
        ] {
            let plan = Plan::for_file(name, file.as_bytes(), &PlanOptions::default()).unwrap();
            let plan = plan.with_masking(masker(Masking::default()));
            let body = &file.as_bytes()[plan.body_offset()..];
            let mut records = Records::new();
            plan.cutter().cut(body, true, usize::MAX, &mut records);
            let mut found = Vec::new();
            plan.for_each_text(records.get(body, 0), &mut |_, text| found.push(text.to_owned())).unwrap();
            for word in words {
                assert!(found.iter().any(|text| text == word), "{word}: {found:?}");
            }
            assert!(found.iter().any(|text| text.contains("[masked ")), "{found:?}");
            assert!(!found.iter().any(|text| text.contains("s3cr3t") || text.contains("1234")), "{found:?}");
        }
    }

    #[test]
    fn a_column_is_known_whatever_stands_before_it() {
        let mapping = crate::mapping::Mapping::parse(
            "name = \"x\"\nprovider = \"x\"\nformat = \"csv\"\nskip_spaces = true\n[columns]\nip = \"source.ip\"\n\
            [time]\ncolumn = \"seen\"\n[classification]\ntype = \"brute-force\"\n",
        )
        .unwrap();
        let file = "seen, ip, tags, passwd\n\"2026-03-01 05:07:57\", \"192.0.2.1\", \"a, b\", \"s3cr3t\"\n";
        let options = PlanOptions { mapping: Some(&mapping), ..PlanOptions::default() };
        let plan = Plan::for_file("x.csv", file.as_bytes(), &options).unwrap();
        let plan = plan.with_masking(masker(Masking::default()));
        let body = &file.as_bytes()[plan.body_offset()..];
        let mut records = Records::new();
        plan.cutter().cut(body, true, usize::MAX, &mut records);
        let record = records.get(body, 0);
        let mask = masker(Masking::default()).mask("s3cr3t");
        assert_eq!(plan.text(record), format!("\"2026-03-01 05:07:57\",\"192.0.2.1\",\"a, b\",{mask}"));
        assert_eq!(plan.event(record).unwrap().text("extra.passwd"), mask);
    }

    #[test]
    fn no_password_of_a_url_stands_in_an_observation() {
        let json = r#"{"time.source":"2026-03-01T05:07:57Z","classification.type":"phishing","source.url":"https://jan:s3cr3t@www.example.nl/"}"#;
        let plan = Plan::for_file("x.jsonl", json.as_bytes(), &PlanOptions::default()).unwrap();
        let mut records = Records::new();
        plan.cutter().cut(json.as_bytes(), true, usize::MAX, &mut records);
        let observation = plan.observe(records.get(json.as_bytes(), 0)).unwrap();
        assert_eq!(observation.source.url, "https://jan@www.example.nl/");
    }

    #[test]
    fn persons_are_masked_when_the_policy_says_so() {
        let masker = masker(Masking { personal: Treatment::Hide, ..Masking::default() });
        let name = masker.mask("jan");
        for (field, text, expected) in [
            ("source.account", "jan@example.nl", format!("{name}@example.nl")),
            ("extra.username", "jan", name.clone()),
            ("extra.remark", "mail jan@example.nl, please", format!("mail {name}@example.nl, please")),
            ("extra.remark", "a @ b", "a @ b".to_owned()),
            ("source.url", "https://www.example.nl/@jan", "https://www.example.nl/@jan".to_owned()),
        ] {
            assert_eq!(masker.text(field, text), expected, "{field}");
        }
    }

    #[test]
    fn what_lies_too_deep_is_masked_whole() {
        let mut value = Value::Text(SECRET.to_owned());
        for _ in 0..100 {
            value = Value::List(vec![value]);
        }
        let mut event = Event::default();
        event.set("extra.deep", value);
        let line = crate::idf::to_json(&masker(Masking::default()).event(event));
        assert!(!line.contains(SECRET), "{line}");
    }
}
