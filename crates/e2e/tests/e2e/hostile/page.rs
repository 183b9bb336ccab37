//! A page taken apart, to see that nothing in it was made by what strangers wrote. Our templates quote every attribute and escape every `<`; what is
//! not so is a fault by itself.

/// Elements that our pages have.
const ELEMENTS: [&str; 58] = [
    "html",
    "head",
    "meta",
    "title",
    "link",
    "script",
    "body",
    "header",
    "nav",
    "main",
    "footer",
    "aside",
    "section",
    "div",
    "span",
    "p",
    "a",
    "h1",
    "h2",
    "h3",
    "ul",
    "ol",
    "li",
    "dl",
    "dt",
    "dd",
    "table",
    "caption",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
    "form",
    "fieldset",
    "legend",
    "label",
    "input",
    "select",
    "option",
    "textarea",
    "button",
    "details",
    "summary",
    "strong",
    "b",
    "em",
    "code",
    "pre",
    "kbd",
    "blockquote",
    "figure",
    "figcaption",
    "svg",
    "path",
    "rect",
    "br",
    "time",
];

/// Attributes that hold an address.
const ADDRESSES: [&str; 5] = ["href", "src", "action", "formaction", "xlink:href"];

/// What is wrong with a page.
pub fn faults(html: &str) -> Vec<String> {
    let mut faults = Vec::new();
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        rest = &rest[at + 1..];
        let tag = rest.strip_prefix('/').unwrap_or(rest);
        if rest.get(..8).is_some_and(|begin| begin.eq_ignore_ascii_case("!doctype")) {
            continue;
        }
        let name: String = tag.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
        if !ELEMENTS.contains(&name.as_str()) {
            faults.push(format!("an element that is none of ours: {}", shortened(rest)));
            continue;
        }
        match attributes(&tag[name.len()..]) {
            Ok((found, behind)) => {
                let is_own =
                    name == "script" && !rest.starts_with('/') && !found.iter().any(|(key, _)| *key == "src");
                faults.extend(is_own.then(|| format!("a script in the page: {}", shortened(rest))));
                faults.extend(found.iter().filter_map(|(key, value)| wrong(&name, key, value)));
                rest = behind;
            }
            Err(why) => faults.push(format!("{why}: {}", shortened(rest))),
        }
    }
    let is_hidden = |c: char| {
        (c.is_control() && !c.is_whitespace())
            || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    if let Some(at) = html.find(is_hidden) {
        let behind = html[at..].chars().take(40).collect::<String>();
        faults.push(format!("a sign that nobody sees: {behind:?}"));
    }
    faults
}

fn shortened(text: &str) -> String {
    text.chars().take(80).collect()
}

type Attributes<'a> = Vec<(&'a str, &'a str)>;

/// The attributes of a tag, each with its value in quotes or with none, and what stands behind the tag.
fn attributes(mut rest: &str) -> Result<(Attributes<'_>, &str), &'static str> {
    let mut found = Vec::new();
    loop {
        rest = rest.trim_start();
        if let Some(behind) = rest.strip_prefix("/>").or_else(|| rest.strip_prefix('>')) {
            return Ok((found, behind));
        }
        let end = rest.find(['=', '>', ' ', '\n', '/']).ok_or("a tag that does not end")?;
        let (key, behind) = rest.split_at(end);
        if key.is_empty()
            || !key.bytes().all(|b| {
                b.is_ascii_lowercase() || b.is_ascii_digit() || b"-:_A".contains(&b) || b.is_ascii_uppercase()
            })
        {
            return Err("an attribute with a strange name");
        }
        let quoted = ['"', '\'']
            .iter()
            .find_map(|quote| Some((*quote, behind.strip_prefix('=')?.strip_prefix(*quote)?)));
        match quoted {
            Some((quote, value)) => {
                let end = value.find(quote).ok_or("a value that does not end")?;
                found.push((key, &value[..end]));
                rest = &value[end + 1..];
                if !rest.starts_with([' ', '\n', '>', '/']) {
                    return Err("something stands right behind a value");
                }
            }
            None if behind.starts_with('=') => return Err("a value without quotes"),
            None => {
                found.push((key, ""));
                rest = behind;
            }
        }
    }
}

fn wrong(element: &str, key: &str, value: &str) -> Option<String> {
    let shown = || Some(format!("<{element} {key}=\"{}\">", shortened(value)));
    if key.starts_with("on") || ["style", "srcdoc", "http-equiv"].contains(&key) || key.contains("zqx") {
        return shown();
    }
    let value = decoded(value);
    let leads_to_us = value.is_empty()
        || (value.starts_with('/') && !value.starts_with("//") && !value.contains('\\'))
        || value.starts_with(['#', '?']);
    let is_known = ["mailto:", "tel:", "https://www.first.org/"].iter().any(|begin| value.starts_with(begin));
    let is_own = element == "script" || element == "link";
    match ADDRESSES.contains(&key) {
        true if is_own && !value.starts_with("/assets/") => shown(),
        true if !leads_to_us && !is_known => shown(),
        _ => None,
    }
}

/// What a browser makes of the references that our escaping writes.
pub fn decoded(text: &str) -> String {
    [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#x27;", "'"),
        ("&#39;", "'"),
        ("&#x2f;", "/"),
        ("&amp;", "&"),
    ]
    .iter()
    .fold(text.to_owned(), |text, (reference, sign)| text.replace(reference, sign))
}

#[test]
fn what_a_stranger_made_is_found() {
    for page in [
        "<p><script>zqx(1)</script></p>",
        "<p><img src=x onerror=zqx(2)></p>",
        "<a href=\"javascript:zqx(3)\">x</a>",
        "<a href=\"//zqx.example\">x</a>",
        "<a href=\"/x\" onmouseover=\"zqx(4)\">x</a>",
        "<a href=/x>x</a>",
        "<a href=\"/x\"zqx=\"\">x</a>",
        "<p style=\"x\">x</p>",
        "<iframe></iframe>",
        "<!-- x -->",
        "<p>a\u{202e}b</p>",
        "<p>a\0b</p>",
        "<p>a < b</p>",
    ] {
        assert!(!faults(page).is_empty(), "{page}");
    }
    let good = "<!doctype html><html lang=\"nl\"><p class=\"a b\">&lt;script&gt; é</p><a href=\"&#x2f;x?q=1\">x</a><input checked></html>";
    assert_eq!(faults(good), [""; 0]);
}
