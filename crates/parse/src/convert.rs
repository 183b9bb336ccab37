//! What the text of a column becomes: the eighteen conversions that Shadowserver's schema names, by what the reference
//! gives for them.

use base64::{Engine, engine::general_purpose::STANDARD};
use schakel_model::event::Value;

use crate::{address, hostname, idf_field, number, time};

macro_rules! conversions {
    ($($(#[$doc:meta])* $variant:ident $word:literal $official:literal,)*) => {
        /// A conversion.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        pub(crate) enum Convert { $($(#[$doc])* $variant,)* }

        impl Convert {
            /// By the word in our own tables.
            pub(crate) fn from_word(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)* _ => None }
            }

            /// The word in our own tables.
            pub(crate) fn word(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }

            /// By the function's name in the official schema.
            pub(crate) fn from_official(name: &str) -> Option<Self> {
                match name { $($official => Some(Self::$variant),)* _ => None }
            }
        }
    };
}

conversions! {
    /// The text as it is.
    AsIs "as_is" "",
    /// The text as it is; nothing when empty. No function of the schema: for columns it does not name.
    Kept "kept" "-",
    /// Text; nothing when empty, `0` or `unknown`.
    Text "text" "validate_to_none",
    /// A whole number.
    Int "int" "convert_int",
    /// A whole number; 0 says nothing.
    Nonzero "nonzero" "invalidate_zero",
    /// True or false; other words say nothing.
    Flag "flag" "convert_bool",
    /// A number with a fraction.
    Float "float" "convert_float",
    /// An IP address; `0.0.0.0` and what is none say nothing.
    Ip "ip" "validate_ip",
    /// A prefix with its length; what is none says nothing.
    Network "network" "validate_network",
    /// A host name; what is none says nothing.
    Name "name" "validate_fqdn",
    /// A time; what is none says nothing.
    Date "date" "convert_date",
    /// A time in UTC whatever offset it shows; what is none says nothing.
    DateUtc "date_utc" "convert_date_utc",
    /// The time of the observation.
    Time "time" "add_UTC_to_timestamp",
    /// The CVE numbers among tags.
    Cve "cve" "extract_cve_from_tag",
    /// A URL, made whole with the row's host.
    Url "url" "convert_http_host_and_url",
    /// The row's category, else its detail.
    Category "category" "category_or_detail",
    /// Base64; text that is none is encoded.
    Base64 "base64" "force_base64",
    /// Taxonomy by the tag: is it a web shell?
    WebshellTaxonomy "webshell_taxonomy" "scan_exchange_taxonomy",
    /// Type by the tag.
    WebshellType "webshell_type" "scan_exchange_type",
    /// Identifier by the tag.
    WebshellIdentifier "webshell_identifier" "scan_exchange_identifier",
}

/// What came of it.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Converted {
    /// A value.
    Value(Value),
    /// The text says nothing.
    Nothing,
    /// The text is not what it should be: it is kept as it came.
    Failed,
}

/// The other columns of the row, for conversions that look at them.
pub(crate) trait Row {
    /// The text of a column, empty when it is not there.
    fn text(&self, column: &str) -> &str;
}

impl Convert {
    /// The value of this text.
    pub(crate) fn apply(self, text: &str, row: &impl Row) -> Converted {
        use Converted::{Nothing, Value as Is};
        let text_or_nothing = |text: Option<String>| text.map_or(Nothing, |text| Is(Value::Text(text)));
        let number = |number: Option<i64>| number.map_or(Converted::Failed, |number| Is(Value::Int(number)));
        match self {
            Self::AsIs => Is(Value::Text(text.to_owned())),
            Self::Text if says_nothing(text) => Nothing,
            Self::Text => Is(Value::Text(text.to_owned())),
            _ if text.is_empty() && !self.looks_at_empty() => Nothing,
            Self::Kept => Is(Value::Text(text.to_owned())),
            Self::Int => number(number::whole(text)),
            Self::Nonzero => match number::whole(text) {
                Some(0) => Nothing,
                other => number(other),
            },
            Self::Flag => match text.to_ascii_lowercase().as_str() {
                "y" | "yes" | "true" | "enabled" | "1" => Is(Value::Bool(true)),
                "n" | "no" | "false" | "disabled" | "0" => Is(Value::Bool(false)),
                _ => Nothing,
            },
            Self::Float => match number::fractional(text) {
                Some(number) => Is(Value::Float(number)),
                None => Converted::Failed,
            },
            Self::Ip => match address::reference_address(text) {
                Some(shown) if shown != "0.0.0.0" => Is(Value::Text(text.to_owned())),
                _ => Nothing,
            },
            Self::Network => match address::reference_network(text) {
                Some(_) => Is(Value::Text(text.to_owned())),
                None => Nothing,
            },
            Self::Name => match hostname::read(text) {
                Some(_) => Is(Value::Text(text.to_owned())),
                None => Nothing,
            },
            Self::Date => text_or_nothing(time::read(text, time::Zone::Counts).map(time::Moment::to_idf)),
            Self::DateUtc => {
                text_or_nothing(time::read(text, time::Zone::AlwaysUtc).map(time::Moment::to_idf))
            }
            Self::Time => match time::read(text, time::Zone::Counts) {
                Some(moment) => Is(Value::Text(moment.to_idf())),
                None => Converted::Failed,
            },
            Self::Cve => text_or_nothing(cves(text)),
            Self::Url => Is(Value::Text(absolute_url(text, row))),
            Self::Category => {
                let text =
                    [row.text("category"), row.text("detail")].into_iter().find(|text| !text.is_empty());
                text_or_nothing(text.map(str::to_owned))
            }
            Self::Base64 => Is(Value::Text(base64_of(text))),
            Self::WebshellTaxonomy => {
                Is(Value::Text(if is_webshell(text) { "intrusions" } else { "vulnerable" }.to_owned()))
            }
            Self::WebshellType => Is(Value::Text(
                if is_webshell(text) { "system-compromise" } else { "vulnerable-system" }.to_owned(),
            )),
            Self::WebshellIdentifier => Is(Value::Text(webshell_identifier(text).to_owned())),
        }
    }

    /// Is what comes of it words, and not a number, a time or an encoding?
    pub(crate) fn gives_words(self) -> bool {
        use Convert::{AsIs, Category, Cve, Ip, Kept, Name, Network, Text, Url};
        matches!(self, AsIs | Category | Cve | Ip | Kept | Name | Network | Text | Url)
    }

    /// Does an empty column still mean something to it?
    fn looks_at_empty(self) -> bool {
        matches!(
            self,
            Self::Category
                | Self::WebshellTaxonomy
                | Self::WebshellType
                | Self::WebshellIdentifier
                | Self::Time
        )
    }
}

/// What [`Convert::Text`] takes for nothing.
#[inline]
pub(crate) fn says_nothing(text: &str) -> bool {
    matches!(text, "" | "0" | "unknown")
}

/// Is the Exchange server's tag that of a web shell somebody left there?
#[inline]
pub(crate) fn is_webshell(tag: &str) -> bool {
    tag.contains("webshell")
}

/// The classification identifier of an Exchange server by its tag.
pub(crate) fn webshell_identifier(tag: &str) -> &'static str {
    if is_webshell(tag) { "exchange-server-webshell" } else { "vulnerable-exchange-server" }
}

/// The CVE numbers among tags separated by `;`, each once, sorted.
fn cves(tags: &str) -> Option<String> {
    let is_cve = |tag: &&str| {
        let numbers = tag.strip_prefix("cve-").and_then(|rest| rest.split_once('-'));
        numbers.is_some_and(|(year, number)| is_digits(year) && is_digits(number))
    };
    let mut found: Vec<&str> = tags.split(';').filter(is_cve).collect();
    found.sort_unstable();
    found.dedup();
    (!found.is_empty()).then(|| found.join(";"))
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The URL of a row. An absolute one stays as it is; the reference would mangle it. Of anything else the part from the first
/// slash is the path on the row's host (`http_host`, else `hostname`, else `ip`). Without a host the text stays as it is.
pub(crate) fn absolute_url(text: &str, row: &impl Row) -> String {
    if idf_field::url(text).is_some() {
        return text.trim().to_owned();
    }
    let hosts = ["http_host", "hostname", "ip"].map(|column| row.text(column));
    let Some(host) = hosts.into_iter().find(|host| !host.is_empty()) else { return text.to_owned() };
    let scheme = if row.text("application") == "https" { "https" } else { "http" };
    let path = text.find('/').map_or("", |at| &text[at..]);
    let path = path.split(char::is_whitespace).next().unwrap_or("");
    format!("{scheme}://{host}{path}")
}

/// Text that is Base64 already stays; other text is encoded.
fn base64_of(text: &str) -> String {
    if STANDARD_ANY_TAIL.decode(text).is_ok() { text.to_owned() } else { STANDARD.encode(text) }
}

/// Base64 that must be padded but may have bits left over behind its last byte.
const STANDARD_ANY_TAIL: base64::engine::GeneralPurpose = base64::engine::GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    base64::engine::GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true),
);

#[cfg(test)]
mod tests {
    use super::*;

    struct Columns(&'static [(&'static str, &'static str)]);

    impl Row for Columns {
        fn text(&self, column: &str) -> &str {
            self.0.iter().find(|(name, _)| *name == column).map_or("", |(_, text)| text)
        }
    }

    fn check(convert: Convert, cases: &[(&str, Converted)]) {
        for (text, expected) in cases {
            assert_eq!(convert.apply(text, &Columns(&[])), *expected, "{} of `{text}`", convert.word());
        }
    }

    fn text(text: &str) -> Converted {
        Converted::Value(Value::Text(text.to_owned()))
    }

    fn int(number: i64) -> Converted {
        Converted::Value(Value::Int(number))
    }

    use Converted::{Failed, Nothing};

    #[test]
    fn words() {
        check(Convert::AsIs, &[("", text("")), ("0", text("0")), (" x ", text(" x "))]);
        check(
            Convert::Text,
            &[
                ("", Nothing),
                ("0", Nothing),
                ("unknown", Nothing),
                ("Unknown", text("Unknown")),
                ("00", text("00")),
            ],
        );
        check(Convert::Kept, &[("", Nothing), ("0", text("0")), ("-", text("-"))]);
        check(Convert::Text, &[("-", text("-")), ("  ", text("  ")), ("null", text("null"))]);
    }

    #[test]
    fn numbers() {
        check(
            Convert::Int,
            &[("", Nothing), ("0", int(0)), (" 7 ", int(7)), ("-1", int(-1)), ("1.0", Failed)],
        );
        check(
            Convert::Nonzero,
            &[("", Nothing), ("0", Nothing), (" 0 ", Nothing), ("12", int(12)), ("AS1", Failed)],
        );
        check(Convert::Float, &[("", Nothing), ("1.5", Converted::Value(Value::Float(1.5))), ("x", Failed)]);
    }

    #[test]
    fn flags() {
        let flag = |flag| Converted::Value(Value::Bool(flag));
        check(
            Convert::Flag,
            &[("Y", flag(true)), ("tRue", flag(true)), ("1", flag(true)), ("enabled", flag(true))],
        );
        check(
            Convert::Flag,
            &[("N", flag(false)), ("no", flag(false)), ("0", flag(false)), ("FALSE", flag(false))],
        );
        check(
            Convert::Flag,
            &[("", Nothing), ("maybe", Nothing), (" Y", Nothing), ("t", Nothing), ("on", Nothing)],
        );
    }

    #[test]
    fn addresses_and_names() {
        check(
            Convert::Ip,
            &[("1.2.3.4", text("1.2.3.4")), ("0.0.0.0", Nothing), ("1.2.3", Nothing), ("", Nothing)],
        );
        check(
            Convert::Network,
            &[("1.2.3.4/24", text("1.2.3.4/24")), ("1.2.3.4", Nothing), ("0.0.0.0", Nothing)],
        );
        check(
            Convert::Name,
            &[("Example.COM", text("Example.COM")), ("1.2.3.4", Nothing), ("host:80", Nothing)],
        );
    }

    #[test]
    fn times() {
        check(
            Convert::Date,
            &[
                ("2019-09-04 15:45:51", text("2019-09-04T15:45:51+00:00")),
                ("Wed, 04 Sep 2019 15:45:51 GMT", text("2019-09-04T15:45:51+00:00")),
                ("2019-09-04T15:45:51+02:00", text("2019-09-04T13:45:51+00:00")),
                ("garbage", Nothing),
                ("", Nothing),
            ],
        );
        check(
            Convert::DateUtc,
            &[("2019-09-04T15:45:51+02:00", text("2019-09-04T15:45:51+00:00")), ("", Nothing)],
        );
        check(Convert::Time, &[("2019-09-04 15:45:51", text("2019-09-04T15:45:51+00:00")), ("", Failed)]);
    }

    #[test]
    fn tags() {
        check(
            Convert::Cve,
            &[
                ("cve-2021-1234;http", text("cve-2021-1234")),
                ("cve-2020-2;cve-2020-1;cve-2020-2", text("cve-2020-1;cve-2020-2")),
                ("CVE-2021-1", Nothing),
                ("x-cve-2021-44", Nothing),
                ("cve-2021-1,cve-2022-2", Nothing),
                ("cve-2021-", Nothing),
                (" cve-2020-1", Nothing),
                ("cve-20210-1", text("cve-20210-1")),
            ],
        );
        check(Convert::WebshellType, &[("exchange;webshell", text("system-compromise"))]);
        check(
            Convert::WebshellType,
            &[("", text("vulnerable-system")), ("WebShell", text("vulnerable-system"))],
        );
        check(Convert::WebshellTaxonomy, &[("webshell", text("intrusions")), ("x", text("vulnerable"))]);
        check(Convert::WebshellIdentifier, &[("webshell", text("exchange-server-webshell"))]);
        check(Convert::WebshellIdentifier, &[("", text("vulnerable-exchange-server"))]);
    }

    #[test]
    fn base64_is_left_alone_and_other_text_becomes_it() {
        check(
            Convert::Base64,
            &[
                ("", Nothing),
                ("YWJj", text("YWJj")),
                ("YWJ=", text("YWJ=")),
                ("YR==", text("YR==")),
                ("YWJjZA", text("WVdKalpB")),
                ("GET / HTTP/1.1", text("R0VUIC8gSFRUUC8xLjE=")),
                ("====", text("PT09PQ==")),
            ],
        );
    }

    #[test]
    fn urls_are_made_whole() {
        let host = &[("http_host", "h.nl"), ("ip", "192.0.2.1")][..];
        for (columns, given, made) in [
            (host, "/a?b=c#d", "http://h.nl/a?b=c#d"),
            (host, "a", "http://h.nl"),
            (host, "GET /a HTTP/1.1", "http://h.nl/a"),
            (host, "//x", "http://h.nl//x"),
            (host, "http://x.nl/y", "http://x.nl/y"),
            (&[("http_host", "h.nl"), ("application", "https")], "/a", "https://h.nl/a"),
            (&[("hostname", "n.nl"), ("ip", "192.0.2.1")], "/a", "http://n.nl/a"),
            (&[("ip", "192.0.2.1")], "/a", "http://192.0.2.1/a"),
            (&[], "/a", "/a"),
        ] {
            assert_eq!(Convert::Url.apply(given, &Columns(columns)), text(made), "{given}");
        }
        assert_eq!(Convert::Url.apply("", &Columns(host)), Nothing);
    }

    #[test]
    fn category_stands_in_for_detail() {
        let row = Columns(&[("category", ""), ("detail", "d")]);
        assert_eq!(Convert::Category.apply("", &row), text("d"));
        assert_eq!(Convert::Category.apply("", &Columns(&[])), Nothing);
    }

    #[test]
    fn every_word_reads_back() {
        for word in ["as_is", "text", "int", "url", "webshell_type"] {
            assert_eq!(Convert::from_word(word).map(Convert::word), Some(word));
        }
    }
}
