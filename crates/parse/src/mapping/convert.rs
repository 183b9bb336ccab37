//! What can be done to a value before it becomes a field.

use std::borrow::Cow;

/// A conversion by its name in a mapping.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Conversion {
    /// As it is.
    None,
    /// In lower case.
    Lowercase,
    /// In upper case.
    Uppercase,
    /// Undoes what makes addresses harmless to click on: `hxxp`, `[.]`, `[:]`.
    Refang,
    /// The address or name of `host:port`, `[2001:db8::1]:443` or a URL.
    Host,
    /// The port of the same.
    Port,
    /// The number of `AS64500`.
    Asn,
    /// The first of a list: of JSON, or with `;`, `,` or spaces between.
    First,
}

impl Conversion {
    const ALL: [(&str, Self); 7] = [
        ("lowercase", Self::Lowercase),
        ("uppercase", Self::Uppercase),
        ("refang", Self::Refang),
        ("host", Self::Host),
        ("port", Self::Port),
        ("asn", Self::Asn),
        ("first", Self::First),
    ];

    /// The conversion with this name.
    pub fn named(name: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|(known, _)| *known == name).map(|(_, conversion)| conversion).ok_or_else(
            || {
                let known: Vec<_> = Self::ALL.iter().map(|(known, _)| *known).collect();
                format!("`{name}` is no conversion: use {}", known.join(", "))
            },
        )
    }

    /// The value after it; `None` when there is nothing of the kind in it.
    pub fn apply(self, text: &str) -> Option<Cow<'_, str>> {
        match self {
            Self::None => Some(text.into()),
            Self::Lowercase => Some(text.to_lowercase().into()),
            Self::Uppercase => Some(text.to_uppercase().into()),
            Self::Refang => Some(refang(text).into()),
            Self::Host => host_and_port(text).map(|(host, _)| host.into()),
            Self::Port => host_and_port(text).and_then(|(_, port)| port).map(Cow::from),
            Self::Asn => {
                let number = text.trim().trim_start_matches(['A', 'a', 'S', 's']);
                number.bytes().all(|byte| byte.is_ascii_digit()).then(|| number.into())
            }
            Self::First => {
                text.split([';', ',', ' ', '|']).map(str::trim).find(|item| !item.is_empty()).map(Cow::from)
            }
        }
    }
}

fn refang(text: &str) -> String {
    let text = text.replace("[.]", ".").replace("(.)", ".").replace("[:]", ":").replace("[://]", "://");
    match text.get(..4) {
        Some(scheme) if scheme.eq_ignore_ascii_case("hxxp") => format!("http{}", &text[4..]),
        _ => text,
    }
}

/// The host and the port of a URL or a `host:port`.
fn host_and_port(text: &str) -> Option<(&str, Option<&str>)> {
    let (scheme, rest) = match text.split_once("://") {
        Some((scheme, rest)) => (Some(scheme), rest),
        None => (None, text),
    };
    let authority = rest.split(['/', '?', '#']).next()?;
    let authority = authority.rsplit('@').next()?;
    let (host, port) = if let Some(inner) = authority.strip_prefix('[') {
        let (host, after) = inner.split_once(']')?;
        (host, after.strip_prefix(':'))
    } else {
        match authority.split_once(':') {
            // More colons and no brackets: an IPv6 address by itself.
            Some((_, after)) if after.contains(':') => (authority, None),
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        }
    };
    let port = port.or(match scheme {
        Some("http") => Some("80"),
        Some("https") => Some("443"),
        _ => None,
    });
    (!host.is_empty()).then_some((host, port.filter(|port| !port.is_empty())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conversions_do_what_their_name_says() {
        for (name, text, expected) in [
            ("lowercase", "ABC", Some("abc")),
            ("uppercase", "nl", Some("NL")),
            ("refang", "hxxps://evil[.]example/a", Some("https://evil.example/a")),
            ("refang", "192[.]0[.]2[.]1", Some("192.0.2.1")),
            ("refang", "é", Some("é")),
            ("host", "192.0.2.1:443", Some("192.0.2.1")),
            ("host", "[2001:db8::1]:443", Some("2001:db8::1")),
            ("host", "2001:db8::1", Some("2001:db8::1")),
            ("host", "https://u:p@h.example:8443/x?y", Some("h.example")),
            ("host", ":443", None),
            ("port", "192.0.2.1:443", Some("443")),
            ("port", "[2001:db8::1]:443", Some("443")),
            ("port", "2001:db8::1", None),
            ("port", "http://h.example/", Some("80")),
            ("port", "h.example", None),
            ("asn", "AS64500", Some("64500")),
            ("asn", "64500", Some("64500")),
            ("asn", "AS?", None),
            ("first", "CVE-1;CVE-2", Some("CVE-1")),
            ("first", " ", None),
        ] {
            assert_eq!(Conversion::named(name).unwrap().apply(text).as_deref(), expected, "{name} {text}");
        }
        assert!(Conversion::named("rot13").is_err());
    }
}
