//! Would a mail about this go to somebody who should not read it? When what is found is that a contact's own account, or the server their mail
//! passes, is in somebody else's hands, a mail to that contact warns whoever took it.

use schakel_model::classification::ClassificationType;

/// Accounts that rule over all mail of a domain.
const RULING_ACCOUNTS: [&str; 10] = [
    "admin",
    "administrator",
    "beheer",
    "beheerder",
    "domainadmin",
    "hostmaster",
    "postmaster",
    "root",
    "sysadmin",
    "systeembeheer",
];

/// How names of servers begin that mail passes, with or without a number behind them.
const MAIL_HOSTS: [&str; 14] = [
    "autodiscover",
    "email",
    "exch",
    "exchange",
    "imap",
    "mail",
    "mailgate",
    "mailrelay",
    "mta",
    "mx",
    "owa",
    "pop",
    "smtp",
    "webmail",
];

/// What a finding is about, as far as it matters here.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// What kind of thing it is.
    pub classification: ClassificationType,
    /// The account; may be empty.
    pub account: &'a str,
    /// The name of the host, or empty.
    pub host: &'a str,
}

/// Does it mean that mail to this address may be read by somebody else?
pub fn endangers(subject: Subject<'_>, address: &str) -> bool {
    if !subject.classification.means_compromised() {
        return false;
    }
    let Some((_, domain)) = address.trim().rsplit_once('@') else { return false };
    // The account of the contact, or one that rules over their domain. A part of it may be masked: then it may be any.
    if let Some((user, at)) = subject.account.trim().rsplit_once('@')
        && same(at, domain)
    {
        let user = user.to_lowercase();
        return same(subject.account.trim(), address.trim())
            || RULING_ACCOUNTS.contains(&user.as_str())
            || user.contains('*')
            || user.is_empty();
    }
    // The server that their mail passes.
    let host = subject.host.trim().trim_end_matches('.').to_lowercase();
    let Some((first, rest)) = host.split_once('.') else { return false };
    let first = first.trim_end_matches(|c: char| c.is_ascii_digit() || c == '-');
    MAIL_HOSTS.contains(&first) && (same(rest, domain) || is_below(domain, rest))
}

/// Are two addresses at different domains, so that one does not fall with the other?
pub fn is_apart(one: &str, other: &str) -> bool {
    let domain = |address: &str| address.trim().rsplit_once('@').map(|(_, domain)| domain.to_lowercase());
    match (domain(one), domain(other)) {
        (Some(one), Some(other)) => one != other && !is_below(&one, &other) && !is_below(&other, &one),
        _ => false,
    }
}

fn is_below(name: &str, domain: &str) -> bool {
    let (name, domain) = (name.to_lowercase(), domain.to_lowercase());
    name.strip_suffix(&domain).is_some_and(|rest| rest.ends_with('.'))
}

fn same(one: &str, other: &str) -> bool {
    one.trim_end_matches('.').eq_ignore_ascii_case(other.trim_end_matches('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_opens_their_own_mail_endangers_a_contact() {
        use ClassificationType::{DataLeak, InfectedSystem, VulnerableSystem};
        let me = "els@gemeente.example";
        for (classification, account, host, expected) in [
            (DataLeak, "els@gemeente.example", "", true),
            (DataLeak, "ELS@Gemeente.example", "", true),
            (DataLeak, "postmaster@gemeente.example", "", true),
            (DataLeak, "e**@gemeente.example", "", true),
            // Somebody else there: they are told by whoever keeps watch.
            (DataLeak, "jan@gemeente.example", "", false),
            (DataLeak, "els@else.example", "", false),
            (InfectedSystem, "", "mail.gemeente.example", true),
            (InfectedSystem, "", "mx02.gemeente.example.", true),
            (InfectedSystem, "", "exchange-1.gemeente.example", true),
            (InfectedSystem, "", "www.gemeente.example", false),
            (InfectedSystem, "", "mail.else.example", false),
            // Open is not taken.
            (VulnerableSystem, "", "mail.gemeente.example", false),
        ] {
            let subject = Subject { classification, account, host };
            assert_eq!(endangers(subject, me), expected, "{subject:?}");
        }
        let above = Subject { classification: InfectedSystem, account: "", host: "mail.gemeente.example" };
        assert!(endangers(above, "els@cert.gemeente.example"));
        assert!(!endangers(above, "no address"));
    }

    #[test]
    fn another_address_is_apart_only_at_another_domain() {
        assert!(is_apart("a@one.example", "a@two.example"));
        assert!(!is_apart("a@one.example", "b@ONE.example"));
        assert!(!is_apart("a@cert.one.example", "b@one.example"));
        assert!(!is_apart("a", "b@one.example"));
    }
}
