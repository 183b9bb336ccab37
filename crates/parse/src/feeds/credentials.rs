//! Lists of leaked credentials: `user:password`, `url:user:password`, the same with `;`, `|` or a tab.
//!
//! The secret itself never leaves the document: an event says that there was one, a reject shows no bytes. Two may have to
//! be told: the one whose account it is (the source) and the one whose service it opens (the destination).
//! Such a list looks like any text, so it is read only when it is named.

use schakel_model::{classification::ClassificationType, event::Value, reject::Reject};

use super::{
    Format, Given, How, Markings, Rejects, Sink,
    draft::{Draft, End, host_of, is_host},
    not_a_record,
};
use crate::{
    masking::{Masker, Masking},
    text,
};

pub(super) const FORMAT: Format = Format {
    name: "credentials",
    recognise: |_, _| false,
    how: How::Lines { read, rejects: Rejects::WithoutBytes },
    markings: Markings::None,
};

/// What may stand between the parts.
const DELIMITERS: [char; 4] = ['\t', ';', '|', ':'];

/// Ports of web sites, which are nobody's name.
const USUAL_PORTS: [&str; 4] = ["80", "443", "8080", "8443"];

fn read(line: &[u8], given: &Given, sink: &mut dyn Sink) -> Result<(), Reject> {
    let line = text::decode(line);
    if line.starts_with('#') {
        return Ok(());
    }
    let found = split(&line).ok_or_else(|| {
        not_a_record("it is not `user:password` or `url:user:password` (or with `;`, `|` or a tab between)")
    })?;
    let mut draft = Draft::new(FORMAT.name);
    draft
        .received(given)
        .kind(ClassificationType::DataLeak)
        .text("classification.identifier", "leaked-credentials");
    draft.account(End::Source, found.account);
    // The account may be a host, and the name of the account be in what stands where the secret should.
    if is_host(found.account) {
        draft.machine(End::Source, found.account);
    }
    if let Some(service) = found.service {
        draft.machine(End::Destination, &without_user(service));
        // An account that is no mail address belongs to who runs the service.
        if !found.account.contains('@') {
            draft.machine(End::Source, host_of(service));
        }
    }
    let mask = given.secret.map(|key| Masker::new(Masking::default(), &key).mask(found.secret));
    draft.value("extra.secret", Value::Text(mask.unwrap_or_else(|| "masked".to_owned())));
    sink.event(draft.event());
    Ok(())
}

struct Found<'l> {
    service: Option<&'l str>,
    account: &'l str,
    secret: &'l str,
}

/// The parts of a line. A password may hold any delimiter, so the account is looked for from the left.
fn split(line: &str) -> Option<Found<'_>> {
    // A URL holds colons of its own: the parts begin behind its host and way.
    if let Some((scheme, rest)) = line.split_once("://").filter(|(scheme, _)| is_scheme(scheme)) {
        let end = end_of_service(rest)?;
        let (account, secret) = rest[end + 1..].split_once(DELIMITERS)?;
        // What has a slash may be the end of a password in the URL.
        let is_account = fits(account) && !account.contains(['/', '?', '#']) && !secret.is_empty();
        return is_account.then(|| Found { service: Some(&line[..scheme.len() + 3 + end]), account, secret });
    }
    let (first, rest) = line.split_once(DELIMITERS)?;
    // Behind a host that has no scheme only a mail address is surely an account: of `jan.jansen:ab:cd` the rest is a secret.
    if is_host(first)
        && let Some((account, secret)) = rest.split_once(DELIMITERS)
        && account.rsplit_once('@').is_some_and(|(_, domain)| is_host(domain))
        && fits(account)
        && !secret.is_empty()
    {
        return Some(Found { service: Some(first), account, secret });
    }
    (fits(first) && !rest.is_empty()).then_some(Found { service: None, account: first, secret: rest })
}

fn is_scheme(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+.-".contains(&byte))
}

/// Where a URL ends of which this stands behind the scheme, and a delimiter follows. Without a machine in it there is no
/// telling its parts from the secret.
fn end_of_service(rest: &str) -> Option<usize> {
    let authority = &rest[..rest.find(['/', '?', '#']).unwrap_or(rest.len())];
    // `user:password@host/`: here a way must follow, or it is a mail address behind the host.
    let host = match authority.rfind('@') {
        Some(at) if authority.len() < rest.len() && is_machine(without_port(&authority[at + 1..])) => at + 1,
        _ => 0,
    };
    let mut end = host + end_of_host(&rest[host..])?;
    if !is_machine(&rest[host..end]) {
        return None;
    }
    if let Some(after) = rest[end..].strip_prefix(':') {
        let digits = after.bytes().take_while(u8::is_ascii_digit).count();
        // A number that no way follows may as well be the name of an account.
        let is_port = after[digits..].starts_with(['/', '?']) || USUAL_PORTS.contains(&&after[..digits]);
        if (1..=5).contains(&digits) && is_port {
            end += 1 + digits;
        }
    }
    Some(end + rest[end..].find(DELIMITERS)?)
}

fn end_of_host(rest: &str) -> Option<usize> {
    if rest.starts_with('[') {
        return Some(rest.find(']')? + 1);
    }
    Some(rest.find(|c| DELIMITERS.contains(&c) || "/?#".contains(c)).unwrap_or(rest.len()))
}

fn without_port(authority: &str) -> &str {
    match authority.rsplit_once(':') {
        Some((host, port)) if port.parse::<u16>().is_ok() => host,
        _ => authority,
    }
}

fn is_machine(text: &str) -> bool {
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    is_host(bare) || bare.parse::<std::net::IpAddr>().is_ok()
}

/// Can this be the name of an account?
fn fits(account: &str) -> bool {
    (1..=320).contains(&account.len()) && !account.contains(char::is_whitespace)
}

/// A URL without the user and password that may stand in it.
fn without_user(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let host = rest[..end].rsplit_once('@').map_or(&rest[..end], |(_, host)| host);
    format!("{scheme}://{host}{}", &rest[end..])
}

#[cfg(test)]
mod tests {
    use crate::feeds::{Feed, Given, Transcription, recognise, testing, testing::RECEIVED};

    const SECRET: &str = "s3cr:t|x";

    #[test]
    fn who_has_the_account_and_whose_service_it_opens_are_told_apart() {
        for (line, expected) in [
            ("jan@example.nl:SECRET", &["source.account=jan@example.nl", "source.fqdn=example.nl"][..]),
            ("jan@example.nl;SECRET", &["source.account=jan@example.nl"]),
            ("jan@example.nl|SECRET", &["source.account=jan@example.nl"]),
            ("jan@example.nl\tSECRET", &["source.account=jan@example.nl"]),
            ("jan:SECRET", &["source.account=jan"]),
            (
                "https://mail.example.org:8443/login:jan@example.nl:SECRET",
                &[
                    "source.account=jan@example.nl",
                    "source.fqdn=example.nl",
                    "destination.url=https://mail.example.org:8443/login",
                    "destination.fqdn=mail.example.org",
                ],
            ),
            (
                "https://jan:SECRET@mail.example.org/:jan@example.nl:SECRET",
                &["source.account=jan@example.nl", "destination.url=https://mail.example.org/"],
            ),
            (
                "https://jan.nl:SECRET@mail.example.org:8443/a:jan:SECRET",
                &["source.account=jan", "destination.url=https://mail.example.org:8443/a"],
            ),
            (
                "https://mail.example.org:jan@example.nl:SECRET",
                &["source.account=jan@example.nl", "destination.url=https://mail.example.org"],
            ),
            (
                "https://[2001:db8::1]:443:jan:SECRET",
                &["source.account=jan", "source.ip=2001:db8::1", "destination.ip=2001:db8::1"],
            ),
            (
                "http://192.0.2.1:12345:SECRET",
                &["source.account=12345", "source.ip=192.0.2.1", "destination.ip=192.0.2.1"],
            ),
            (
                "mail.example.org:jan@example.nl:SECRET",
                &["source.account=jan@example.nl", "destination.fqdn=mail.example.org"],
            ),
            ("mail.example.org:SECRET", &["source.fqdn=mail.example.org"]),
        ] {
            let event = testing::one_event(Feed::Credentials, line.replace("SECRET", SECRET).as_bytes());
            event.has(expected);
            event.has(&[
                RECEIVED,
                "classification.type=data-leak",
                "classification.identifier=leaked-credentials",
                "extra.secret=masked",
            ]);
            assert!(!event.line().contains("s3cr"), "{}", event.line());
        }
    }

    #[test]
    fn the_same_secret_is_recognised_without_being_kept() {
        let mask = |line: &str, secret| {
            let given = Given { secret: Some(secret), ..Given::default() };
            let mut lines = String::new();
            let document = Box::new(std::io::Cursor::new(line.as_bytes().to_vec()));
            let mut read = Transcription::start(Feed::Credentials, document, given);
            std::io::Read::read_to_string(&mut read, &mut lines).unwrap();
            let (_, mask) = lines.split_once("[masked ").unwrap();
            mask.split(']').next().unwrap().to_owned()
        };
        let one = mask("jan@example.nl:hunter2\n", [1; 32]);
        assert_eq!(one, mask("els@example.org:hunter2\n", [1; 32]));
        assert_ne!(one, mask("jan@example.nl:hunter3\n", [1; 32]));
        assert_ne!(one, mask("jan@example.nl:hunter2\n", [2; 32]));
    }

    #[test]
    fn a_secret_is_not_in_a_reject_either() {
        let rejected = [
            "s3cret-without-a-name",
            "jan@example.nl:",
            ":s3cret",
            "https://jan:s3cret",
            "https://jan:s3/cr@mail.example.org/:jan:s3cret",
            "https://jan.nl:s3#cr@mail.example.org/:jan:s3cret",
        ];
        let document = format!("# a remark\n\n{}\n", rejected.join("\n"));
        assert_eq!(recognise("leak.txt", document.as_bytes()), None);
        let (lines, found) = testing::lines(Feed::Credentials, document.as_bytes());
        assert_eq!(found.len(), rejected.len());
        assert!(found.iter().all(Result::is_err), "{found:?}");
        // The bytes of a reject stand in its line as base64.
        assert_eq!(lines.matches("\"raw_base64\":\"\"").count(), rejected.len(), "{lines}");
        assert!(!lines.contains("s3"), "{lines}");
    }
}
