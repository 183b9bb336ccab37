//! A URL as a key: what makes two spellings of a URL the same, and where its path may be cut.

use std::ops::Range;

use super::host::{Host, read_host};

/// Where the parts of a key stand in the buffer it was written to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UrlKey {
    /// The whole key.
    pub whole: Range<usize>,
    /// The host's name; empty when the host is an address.
    pub host: Range<usize>,
    /// The host.
    pub host_is: Host,
    /// Where the path starts; it may be empty.
    pub path: usize,
}

/// Appends the key of a URL to the buffer: `host[:port]/path?query`, with the scheme in front when it is neither `http`
/// nor `https`. These two count as one, their default ports and a slash at the end are left out, user and password too.
/// No scheme means `http`. `None` when there is no host; the buffer is then as it was.
pub fn url_key(text: &str, out: &mut String) -> Option<UrlKey> {
    let text = text.trim();
    let start = out.len();
    let (scheme, rest) = split_scheme(text);
    let authority_len = rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(authority_len);
    let authority = authority.rsplit_once('@').map_or(authority, |(_user, host)| host);
    let web = is_web(scheme);
    if !web {
        out.push_str(scheme);
        out[start..].make_ascii_lowercase();
        out.push_str("://");
    }
    let host_start = out.len();
    let Some(host_is) = read_host(authority, out) else {
        out.truncate(start);
        return None;
    };
    let host = host_start..out.len();
    if let Host::Address(ip) = host_is {
        out.push_str(&ip.to_string());
    }
    if let Some(port) = port_of(authority).filter(|&port| !(web && port == default_port(scheme))) {
        out.push(':');
        out.push_str(&port.to_string());
    }
    let path_start = out.len();
    if needs_resolving(path) {
        // As browsers read it: `\` is `/`, `.` and `..` are resolved, tabs and line ends go.
        let joined = format!("{scheme}://h{path}");
        match ::url::Url::parse(&joined) {
            Ok(url) => out.push_str(&url[::url::Position::BeforePath..]),
            Err(_) => out.push_str(path),
        }
    } else {
        out.push_str(path);
    }
    while out.len() > path_start && out.ends_with('/') {
        out.pop();
    }
    Some(UrlKey { whole: start..out.len(), host, host_is, path: path_start })
}

/// The places in a key's path where a shorter key may end, longest first: the end, and before each `/`, `?`, `&`, `#`.
/// No more than [`BORDERS_MAX`], counted from the host.
pub fn path_borders(key: &str, path: usize) -> impl Iterator<Item = usize> {
    let borders =
        key.bytes().enumerate().skip(path).filter(|(_, byte)| matches!(byte, b'/' | b'?' | b'&' | b'#'));
    let mut cuts: [usize; BORDERS_MAX] = [0; BORDERS_MAX];
    let mut count = 0;
    for (at, _) in borders.take(BORDERS_MAX - 1) {
        cuts[count] = at;
        count += 1;
    }
    if count == 0 || cuts[count - 1] != key.len() {
        cuts[count] = key.len();
        count += 1;
    }
    (0..count).rev().map(move |at| cuts[at])
}

/// How deep into a URL's path assets are looked for. Honest URLs have a dozen borders; a report may hold one with
/// thousands.
pub const BORDERS_MAX: usize = 64;

fn split_scheme(text: &str) -> (&str, &str) {
    match text.split_once("://") {
        Some((scheme, rest)) if is_scheme(scheme) => (scheme, rest),
        _ => ("http", text.strip_prefix("//").unwrap_or(text)),
    }
}

fn is_scheme(scheme: &str) -> bool {
    scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))
}

fn is_web(scheme: &str) -> bool {
    scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https")
}

fn default_port(scheme: &str) -> u16 {
    if scheme.eq_ignore_ascii_case("https") { 443 } else { 80 }
}

fn port_of(authority: &str) -> Option<u16> {
    let (host, port) = authority.rsplit_once(':')?;
    if host.contains(':') && !host.ends_with(']') {
        return None;
    }
    port.parse().ok()
}

fn needs_resolving(path: &str) -> bool {
    path.contains("/.") || path.bytes().any(|b| b == b'\\' || b.is_ascii_control())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> String {
        let mut out = String::from("kept");
        match url_key(text, &mut out) {
            Some(parts) => {
                assert_eq!(parts.whole, 4..out.len());
                if parts.host_is == Host::Name {
                    assert!(out[parts.host.clone()].contains("example"), "{text:?}");
                }
                out[4..].to_owned()
            }
            None => {
                assert_eq!(out, "kept");
                "-".to_owned()
            }
        }
    }

    #[test]
    fn spellings_of_one_url_have_one_key() {
        for (text, expected) in [
            ("https://www.example.nl/shop", "www.example.nl/shop"),
            ("HTTP://WWW.Example.nl:80/shop/", "www.example.nl/shop"),
            ("https://www.example.nl:443", "www.example.nl"),
            ("https://www.example.nl:8443/", "www.example.nl:8443"),
            ("http://user:p@ss@www.example.nl/x?y=1#z", "www.example.nl/x?y=1#z"),
            ("www.example.nl/x", "www.example.nl/x"),
            ("//www.example.nl/x", "www.example.nl/x"),
            ("ftp://ftp.example.nl:21/pub", "ftp://ftp.example.nl:21/pub"),
            ("https://bücher.example/ü", "xn--bcher-kva.example/ü"),
            ("http://192.0.2.1:8080/Mozi.m", "192.0.2.1:8080/Mozi.m"),
            ("http://[::ffff:192.0.2.1]/", "192.0.2.1"),
            ("https://www.example.nl/a/../b/./c", "www.example.nl/b/c"),
            ("https://www.example.nl\\a\\b", "www.example.nl/a/b"),
            ("http://h.example.com//41.86.0.0:50008/Mozi.m", "h.example.com//41.86.0.0:50008/Mozi.m"),
            ("https:///nothing", "-"),
            ("", "-"),
        ] {
            assert_eq!(key(text), expected, "{text:?}");
        }
    }

    #[test]
    fn a_path_is_cut_at_its_borders_only() {
        let mut out = String::new();
        let parts = url_key("https://example.nl/shop/cart?item=1&n=2#top", &mut out).unwrap();
        let cuts: Vec<_> = path_borders(&out, parts.path).map(|at| &out[..at]).collect();
        assert_eq!(
            cuts,
            [
                "example.nl/shop/cart?item=1&n=2#top",
                "example.nl/shop/cart?item=1&n=2",
                "example.nl/shop/cart?item=1",
                "example.nl/shop/cart",
                "example.nl/shop",
                "example.nl",
            ]
        );
        assert_eq!(path_borders("example.nl", 10).collect::<Vec<_>>(), [10]);
        let deep = format!("example.nl{}", "/".repeat(10_000));
        assert_eq!(path_borders(&deep, 10).count(), BORDERS_MAX);
    }
}
