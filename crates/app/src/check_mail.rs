//! What the DNS has to say about our mail so that it is believed, and what it says: SPF, DKIM, DMARC for what we send; MTA-STS, TLS-RPT and DANE
//! for what we receive; and whether the domains with which protected connections are agreed keep to that.

use schakel_deliver::mail::address;
use schakel_lookup::{Lookup, dns::DnsError};
use schakel_rules::mail_records::{self, Judged, State, Texts, Tlsa};
use serde::Serialize;

use crate::{
    config::Config,
    dkim::{self, domain},
};

/// Levels above a domain at which DMARC is looked for: more labels than a domain of ours has.
const PARENTS_MAX: usize = 5;

/// One record. The names of the fields are a contract.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Line {
    /// `SPF`, `DKIM` and so on.
    pub about: &'static str,
    /// Where it stands in the DNS.
    pub name: String,
    /// right, missing, wrong, unknown.
    pub state: &'static str,
    /// Why, when it is not right.
    pub why: String,
    /// What to publish there, as in a zone file; empty when it is right or not ours to publish.
    pub publish: String,
}

/// Looks at everything.
pub fn check(config: &Config, lookup: &Lookup) -> anyhow::Result<Vec<Line>> {
    let (from, envelope) = senders(config)?;
    let mut lines = vec![aligned(&from, &envelope, &domain(config)?)];
    for sender in [&from, &envelope].into_iter().take(if from == envelope { 1 } else { 2 }) {
        let judged = mail_records::spf(&texts(lookup, sender));
        lines.push(line("SPF", sender, judged, || "\"v=spf1 mx -all\"".to_owned()));
    }
    lines.extend(dkim_lines(config, lookup)?);
    lines.push(dmarc(lookup, &from));
    lines.extend(receiving(lookup, &from));
    if envelope != from {
        let (servers, _) = mail_servers(lookup, &envelope);
        if servers.as_ref().is_ok_and(Vec::is_empty) {
            let judged = Judged { state: State::Missing, why: "failures cannot come back".to_owned() };
            lines.push(line("MX", &envelope, judged, || format!("10 mail.{from}.")));
        }
    }
    lines.extend(config.mail.tls_domains.iter().map(|domain| agreed(lookup, domain)));
    Ok(lines)
}

/// The domains of From and of the envelope.
fn senders(config: &Config) -> anyhow::Result<(String, String)> {
    let mail = &config.mail;
    let from = host(&address("mail.from", &mail.from)?);
    let envelope = match (mail.return_path_host.as_str(), mail.envelope_from.as_str()) {
        ("", "") => from.clone(),
        ("", configured) => host(&address("mail.envelope_from", configured)?),
        (host, _) => host.to_ascii_lowercase(),
    };
    Ok((from, envelope))
}

/// Whether From, envelope and DKIM belong together, which the configuration alone says.
pub fn alignment(config: &Config) -> anyhow::Result<Line> {
    let (from, envelope) = senders(config)?;
    Ok(aligned(&from, &envelope, &domain(config)?))
}

/// From, envelope and DKIM have to be of one domain, or one below the other, for DMARC to count them (RFC 7489 section 3.1).
fn aligned(from: &str, envelope: &str, signs: &str) -> Line {
    let is_kin = |other: &str| {
        let below = |one: &str, above: &str| one == above || one.ends_with(&format!(".{above}"));
        below(other, from) || below(from, other)
    };
    let why = match (is_kin(envelope), is_kin(signs)) {
        (true, true) => String::new(),
        (_, false) => format!(
            "DKIM signs for {signs}: set mail.dkim.domain to {from}, or DMARC does not count the signature"
        ),
        (false, true) => {
            format!("failures come back to {envelope}: DMARC does not count its SPF, so DKIM alone has to do")
        }
    };
    let state = if why.is_empty() { State::Right } else { State::Wrong };
    line("alignment", from, Judged { state, why }, String::new)
}

fn dkim_lines(config: &Config, lookup: &Lookup) -> anyhow::Result<Vec<Line>> {
    let keys = dkim::list(config);
    if keys.is_empty() {
        let why = "there is no key. `schakel key dkim generate` makes one".to_owned();
        return Ok(vec![line("DKIM", &domain(config)?, Judged { state: State::Missing, why }, String::new)]);
    }
    let mut lines = Vec::new();
    for listed in keys {
        let name = dkim::record_name(config, &listed.selector)?;
        match listed.key {
            Ok(key) => {
                let record = key.record();
                let mut judged = mail_records::dkim(&texts(lookup, &name), &record);
                if judged.state == State::Right && !listed.signs {
                    judged.why = "it does not sign: mail.dkim.selectors does not name it".to_owned();
                }
                lines.push(line("DKIM", &name, judged, || strings(&record)));
            }
            Err(error) => {
                let judged = Judged { state: State::Wrong, why: format!("{error:#}") };
                lines.push(line("DKIM", &name, judged, String::new));
            }
        }
    }
    Ok(lines)
}

/// The record at the domain, or at the nearest one above that has one.
fn dmarc(lookup: &Lookup, from: &str) -> Line {
    let publish = || format!("\"v=DMARC1; p=reject; rua=mailto:dmarc@{from}\"");
    let own = texts(lookup, &format!("_dmarc.{from}"));
    let judged = mail_records::dmarc(&own, false);
    if judged.state == State::Missing {
        let mut above = from;
        for _ in 0..PARENTS_MAX {
            let Some((_, parent)) = above.split_once('.').filter(|(_, parent)| parent.contains('.')) else {
                break;
            };
            let judged = mail_records::dmarc(&texts(lookup, &format!("_dmarc.{parent}")), true);
            if judged.state != State::Missing {
                return line("DMARC", &format!("_dmarc.{parent}"), judged, publish);
            }
            above = parent;
        }
    }
    line("DMARC", &format!("_dmarc.{from}"), judged, publish)
}

/// How others reach us.
fn receiving(lookup: &Lookup, domain: &str) -> Vec<Line> {
    let mut lines = Vec::new();
    let sts = mail_records::mta_sts(&texts(lookup, &format!("_mta-sts.{domain}")), &policy(lookup, domain));
    let today = || "\"v=STSv1; id=1\"".to_owned();
    lines.push(line("MTA-STS", &format!("_mta-sts.{domain}"), sts, today));
    let name = format!("_smtp._tls.{domain}");
    let judged = mail_records::tls_rpt(&texts(lookup, &name));
    lines.push(line("TLS-RPT", &name, judged, || format!("\"v=TLSRPTv1; rua=mailto:tls@{domain}\"")));
    let (servers, is_authentic) = mail_servers(lookup, domain);
    match servers {
        Ok(servers) if servers.is_empty() => {
            let judged = Judged { state: State::Missing, why: "answers cannot arrive".to_owned() };
            lines.push(line("MX", domain, judged, || format!("10 mail.{domain}.")));
        }
        Ok(servers) => lines.extend(servers.iter().map(|server| dane(lookup, server, is_authentic))),
        Err(why) => lines.push(line("MX", domain, Judged { state: State::Unknown, why }, String::new)),
    }
    lines
}

fn dane(lookup: &Lookup, server: &str, servers_are_authentic: bool) -> Line {
    let name = format!("_25._tcp.{}", server.trim_end_matches('.'));
    let (records, is_authentic) = tlsa(lookup, &name);
    let judged = mail_records::dane(&records, is_authentic && servers_are_authentic);
    line("DANE", &name, judged, || "3 1 1 (SHA-256 of the key of its certificate)".to_owned())
}

/// Can a connection to the mail servers of a domain be protected so that nobody in between can undo it?
fn agreed(lookup: &Lookup, domain: &str) -> Line {
    let sts = mail_records::mta_sts(&texts(lookup, &format!("_mta-sts.{domain}")), &policy(lookup, domain));
    let (servers, are_authentic) = mail_servers(lookup, domain);
    let has_dane = servers.is_ok_and(|servers| {
        let protected = |server: &String| dane(lookup, server, are_authentic).state == State::Right.as_str();
        !servers.is_empty() && servers.iter().all(protected)
    });
    let judged = match sts.state == State::Right || has_dane {
        true => Judged { state: State::Right, why: String::new() },
        false => Judged {
            state: State::Wrong,
            why: "mail.tls_domains names it, and it has neither DANE at all its mail servers nor MTA-STS that enforces".to_owned(),
        },
    };
    line("agreed TLS", domain, judged, String::new)
}

fn policy(lookup: &Lookup, domain: &str) -> Result<String, String> {
    let url = format!("https://mta-sts.{domain}/.well-known/mta-sts.txt");
    let bytes = lookup.file(&url).map_err(|error| error.to_string())?;
    String::from_utf8(bytes).map_err(|_| "it is no text".to_owned())
}

fn texts(lookup: &Lookup, name: &str) -> Texts {
    match lookup.txt(name) {
        Err(DnsError::NoSuchName(_)) => Ok(Vec::new()),
        found => found.map_err(|error| error.to_string()),
    }
}

fn mail_servers(lookup: &Lookup, domain: &str) -> (Result<Vec<String>, String>, bool) {
    match lookup.mail_servers(domain) {
        Ok((servers, is_authentic)) => (Ok(servers), is_authentic),
        Err(DnsError::NoSuchName(_)) => (Ok(Vec::new()), false),
        Err(error) => (Err(error.to_string()), false),
    }
}

fn tlsa(lookup: &Lookup, name: &str) -> (Result<Vec<Tlsa>, String>, bool) {
    match lookup.tlsa(name) {
        Ok((records, is_authentic)) => {
            let read = |one: &schakel_lookup::dns::TlsaRecord| Tlsa {
                usage: one.usage,
                matching: one.matching,
                data_bytes: one.data_bytes,
            };
            (Ok(records.iter().map(read).collect()), is_authentic)
        }
        Err(DnsError::NoSuchName(_)) => (Ok(Vec::new()), false),
        Err(error) => (Err(error.to_string()), false),
    }
}

fn line(about: &'static str, name: &str, judged: Judged, publish: impl Fn() -> String) -> Line {
    let publish = match judged.state {
        State::Right | State::Unknown => String::new(),
        State::Missing | State::Wrong => publish(),
    };
    Line { about, name: name.to_owned(), state: judged.state.as_str(), why: judged.why, publish }
}

/// A text of a TXT record as a zone file has it: strings of at most 255 bytes (RFC 1035).
pub fn strings(record: &str) -> String {
    let pieces = record.as_bytes().chunks(250).map(|piece| format!("\"{}\"", String::from_utf8_lossy(piece)));
    pieces.collect::<Vec<_>>().join(" ")
}

fn host(address: &str) -> String {
    address.rsplit_once('@').map_or(address, |(_, host)| host).to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn from_envelope_and_signature_are_of_one_family() {
        for (from, envelope, signs, state) in [
            ("cert.example", "cert.example", "cert.example", "right"),
            ("cert.example", "bounces.cert.example", "cert.example", "right"),
            ("mail.cert.example", "cert.example", "cert.example", "right"),
            ("cert.example", "mailer.example", "cert.example", "wrong"),
            ("cert.example", "cert.example", "othercert.example", "wrong"),
            ("cert.example", "notcert.example", "cert.example", "wrong"),
        ] {
            assert_eq!(aligned(from, envelope, signs).state, state, "{from} {envelope} {signs}");
        }
    }

    #[test]
    fn a_long_record_is_cut_into_strings() {
        let record = "x".repeat(600);
        let strings = strings(&record);
        assert_eq!(strings.replace("\" \"", "").trim_matches('"'), record);
        assert!(strings.split(' ').all(|string| string.len() <= 257));
    }
}
