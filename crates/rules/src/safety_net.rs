//! The safety net (vangnet): what of that which is nobody's is told to whoever the outside world names, and to whom.

use std::collections::BTreeSet;

use schakel_model::{
    abuse_contact::{AbuseContact, Means, NotTold},
    classification::ClassificationType,
    severity::Severity,
    tlp::{Terms, Tlp},
};

use crate::tlp_gate::Circle;

/// The same finding is not told again within this time, whoever is named by then.
pub const AGAIN_SECONDS: i64 = 30 * 86_400;

/// One abuse desk gets one mail in this time.
pub const DESK_SECONDS: i64 = 86_400;

/// What was found is asked again after this time: registries change seldom.
pub const KEPT_SECONDS: i64 = 7 * 86_400;

/// Whoever did not answer is asked again after this time.
pub const RETRY_SECONDS: i64 = 86_400;

/// What the safety net does, as the configuration says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Net {
    /// It waits so long after a finding became nobody's: the register may catch up.
    pub delay_seconds: i64,
    /// RSIT types and identifiers of kinds that are told; none: all.
    pub kinds: Vec<String>,
    /// What is milder is not told.
    pub severity_min: Severity,
    /// What is marked higher is not told.
    pub tlp_max: Tlp,
}

/// A finding that is nobody's.
#[derive(Clone, Copy, Debug)]
pub struct Candidate<'a> {
    /// What it is.
    pub classification: ClassificationType,
    /// Its identifier.
    pub identifier: &'a str,
    /// How bad.
    pub severity: Severity,
    /// Does its name hold an account?
    pub names_account: bool,
    /// The strictest terms under which it came.
    pub terms: Terms,
    /// Does every source that shows it permit that it is looked up outside?
    pub may_look_up: bool,
    /// Since when it is nobody's, in seconds since 1970.
    pub since: i64,
    /// When the safety net told it last.
    pub told_at: Option<i64>,
}

/// May this finding be told by the safety net?
pub fn may_be_told(candidate: &Candidate<'_>, net: &Net, now: i64) -> Result<(), NotTold> {
    let kinds = [candidate.classification.as_str(), candidate.identifier];
    let is_of_kind = net.kinds.is_empty() || net.kinds.iter().any(|kind| kinds.contains(&kind.as_str()));
    let is_credential = candidate.names_account
        || matches!(
            candidate.classification,
            ClassificationType::DataLeak
                | ClassificationType::PrivilegedAccountCompromise
                | ClassificationType::UnprivilegedAccountCompromise
        );
    if !candidate.terms.may_notify {
        Err(NotTold::Source)
    } else if !candidate.may_look_up {
        Err(NotTold::LookUp)
    } else if candidate.terms.tlp > net.tlp_max.min(Circle::Provider.marking_max()) {
        Err(NotTold::Marking)
    } else if is_credential {
        Err(NotTold::Credentials)
    } else if !is_of_kind {
        Err(NotTold::Kind)
    } else if candidate.severity < net.severity_min {
        Err(NotTold::Severity)
    } else if now < candidate.since.saturating_add(net.delay_seconds) {
        Err(NotTold::TooEarly)
    } else if candidate.told_at.is_some_and(|at| now < at.saturating_add(AGAIN_SECONDS)) {
        Err(NotTold::Told)
    } else {
        Ok(())
    }
}

/// Does what was found still count?
pub fn is_fresh(contact: &AbuseContact, now: i64) -> bool {
    let answered = contact.answered_at.is_some_and(|at| (at..at.saturating_add(KEPT_SECONDS)).contains(&now));
    answered && contact.until.is_none_or(|until| now < until)
}

/// Is it time to ask?
pub fn is_due(contact: Option<&AbuseContact>, now: i64) -> bool {
    contact.is_none_or(|contact| {
        let tried = (contact.asked_at..contact.asked_at.saturating_add(RETRY_SECONDS)).contains(&now);
        !is_fresh(contact, now) && !tried
    })
}

/// Whom not to write to.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Guard {
    /// Our own addresses and domains.
    pub ours: BTreeSet<String>,
    /// Addresses and domains of other hubs.
    pub hubs: BTreeSet<String>,
    /// Addresses and domains that asked not to be written to.
    pub do_not_contact: BTreeSet<String>,
}

/// Whoever is written to.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Desk {
    /// The mail address.
    pub address: String,
    /// How it was found.
    pub means: Means,
    /// About what.
    pub subject: String,
}

/// Whom to write to, of what each means said about one finding; `asked`: the means that can say something about it, the surest first. A surer
/// means that was not asked yet is waited for, and one that names somebody who must not be written to ends it: nobody goes round them.
pub fn choose(
    asked: &[(Means, String)],
    known: impl Fn(Means, &str) -> Option<AbuseContact>,
    guard: &Guard,
    now: i64,
) -> Result<Desk, NotTold> {
    if asked.is_empty() {
        return Err(NotTold::NoSubject);
    }
    for (means, subject) in asked {
        let contact = match known(*means, subject) {
            Some(contact) if is_fresh(&contact, now) => contact,
            contact if is_due(contact.as_ref(), now) => return Err(NotTold::NotAsked),
            // It did not answer; a less sure means may.
            _ => continue,
        };
        let Some(address) = contact.found.first() else { continue };
        return match guard.refuses(address) {
            Some(why) => Err(why),
            None => Ok(Desk { address: address.clone(), means: *means, subject: subject.clone() }),
        };
    }
    Err(NotTold::Nobody)
}

impl Guard {
    /// Why this address is not written to.
    pub fn refuses(&self, address: &str) -> Option<NotTold> {
        [
            (&self.ours, NotTold::Ourselves),
            (&self.hubs, NotTold::Hub),
            (&self.do_not_contact, NotTold::DoNotContact),
        ]
        .into_iter()
        .find(|(list, _)| holds(list, address))
        .map(|(_, why)| why)
    }
}

/// Does a list of addresses and domains hold an address? A domain holds everything below it.
fn holds(list: &BTreeSet<String>, address: &str) -> bool {
    let address = address.trim().to_lowercase();
    let mut domain = address.rsplit_once('@').map_or(address.as_str(), |(_, domain)| domain);
    if list.contains(&address) {
        return true;
    }
    loop {
        if list.contains(domain) {
            return true;
        }
        match domain.split_once('.') {
            Some((_, above)) => domain = above,
            None => return false,
        }
    }
}

/// Lines of a reply that are looked at: who wants no more mail says so at once.
const LINES_MAX: usize = 8;

/// Words that ask for no more mail, in a line of their own or at its beginning.
const STOP: [&str; 14] = [
    "stop",
    "unsubscribe",
    "opt out",
    "opt-out",
    "do not contact",
    "don't contact",
    "please remove",
    "remove us",
    "remove me",
    "afmelden",
    "uitschrijven",
    "geen berichten meer",
    "stuur ons geen",
    "niet meer mailen",
];

/// Does a reply ask for no more mail? A person of the desk decides; this only finds it. `text`: without quoted lines.
pub fn asks_to_stop(subject: &str, text: &str) -> bool {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('>'));
    let subject = subject.rsplit(':').next().unwrap_or(subject);
    lines.take(LINES_MAX).chain([subject]).any(|line| {
        let line = line.trim().to_lowercase();
        STOP.iter().any(|word| {
            let rest = line.strip_prefix(word);
            rest.is_some_and(|rest| !rest.starts_with(char::is_alphanumeric))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 86_400;

    fn net() -> Net {
        Net { delay_seconds: 3 * DAY, kinds: Vec::new(), severity_min: Severity::Medium, tlp_max: Tlp::Green }
    }

    fn candidate() -> Candidate<'static> {
        Candidate {
            classification: ClassificationType::InfectedSystem,
            identifier: "avalanche",
            severity: Severity::High,
            names_account: false,
            terms: Tlp::Green.into(),
            may_look_up: true,
            since: 0,
            told_at: None,
        }
    }

    #[test]
    fn a_finding_is_told_when_nothing_stands_in_the_way() {
        let base = candidate();
        let terms = |tlp: Tlp| Terms { tlp, may_notify: true };
        let only = |kind: &str| Net { kinds: vec![kind.to_owned()], ..net() };
        let amber = Net { tlp_max: Tlp::Red, ..net() };
        let cases = [
            ("as it is", base, net(), Ok(())),
            ("after the delay", Candidate { since: DAY, ..base }, net(), Err(NotTold::TooEarly)),
            ("told 29 days ago", Candidate { told_at: Some(3 * DAY), ..base }, net(), Err(NotTold::Told)),
            ("told 30 days ago", Candidate { told_at: Some(3 * DAY - AGAIN_SECONDS), ..base }, net(), Ok(())),
            ("too mild", Candidate { severity: Severity::Low, ..base }, net(), Err(NotTold::Severity)),
            ("a kind that is told", base, only("avalanche"), Ok(())),
            ("a type that is told", base, only("infected-system"), Ok(())),
            ("another kind", base, only("open-rdp"), Err(NotTold::Kind)),
            ("an account", Candidate { names_account: true, ..base }, net(), Err(NotTold::Credentials)),
            (
                "a leak",
                Candidate { classification: ClassificationType::DataLeak, ..base },
                net(),
                Err(NotTold::Credentials),
            ),
            ("amber", Candidate { terms: terms(Tlp::Amber), ..base }, net(), Err(NotTold::Marking)),
            (
                "amber where it is allowed",
                Candidate { terms: terms(Tlp::Amber), ..base },
                amber.clone(),
                Ok(()),
            ),
            ("strict", Candidate { terms: terms(Tlp::AmberStrict), ..base }, amber, Err(NotTold::Marking)),
            ("no look-up", Candidate { may_look_up: false, ..base }, net(), Err(NotTold::LookUp)),
            (
                "not to be told",
                Candidate { terms: Terms { tlp: Tlp::Clear, may_notify: false }, ..base },
                net(),
                Err(NotTold::Source),
            ),
        ];
        for (what, candidate, net, expected) in cases {
            assert_eq!(may_be_told(&candidate, &net, 3 * DAY), expected, "{what}");
        }
    }

    fn contact(found: &[&str], asked_at: i64, answered_at: Option<i64>) -> AbuseContact {
        AbuseContact {
            subject: String::new(),
            means: Means::Network,
            found: found.iter().map(|one| (*one).to_owned()).collect(),
            holder: String::new(),
            asked_at,
            answered_at,
            until: None,
        }
    }

    #[test]
    fn an_answer_holds_a_week_and_silence_a_day() {
        let said = contact(&["a@b.example"], 100, Some(100));
        assert!(is_fresh(&said, 100 + KEPT_SECONDS - 1) && !is_due(Some(&said), 100 + KEPT_SECONDS - 1));
        assert!(!is_fresh(&said, 100 + KEPT_SECONDS) && is_due(Some(&said), 100 + KEPT_SECONDS));
        let silent = contact(&[], 100, None);
        assert!(!is_fresh(&silent, 100) && !is_due(Some(&silent), 100 + RETRY_SECONDS - 1));
        assert!(is_due(Some(&silent), 100 + RETRY_SECONDS) && is_due(None, 0));
        let ends = AbuseContact { until: Some(200), ..said };
        assert!(is_fresh(&ends, 199) && !is_fresh(&ends, 200));
        assert!(is_due(Some(&ends), 50), "the clock was put back");
    }

    #[test]
    fn the_surest_means_that_names_somebody_counts() {
        let guard = Guard {
            ours: BTreeSet::from(["cert.example".to_owned()]),
            hubs: BTreeSet::from(["desk@hub.example".to_owned()]),
            do_not_contact: BTreeSet::from(["stop.example".to_owned()]),
        };
        let asked = [(Means::SecurityTxt, "www".to_owned()), (Means::Network, "ip".to_owned())];
        let choose_of = |site: Option<AbuseContact>, network: Option<AbuseContact>| {
            let known = |means, _: &str| match means {
                Means::SecurityTxt => site.clone(),
                _ => network.clone(),
            };
            choose(&asked, known, &guard, 100).map(|desk| (desk.address, desk.means))
        };
        let says = |address: &str| Some(contact(&[address], 100, Some(100)));
        let nobody = || Some(contact(&[], 100, Some(100)));
        let silent = || Some(contact(&[], 100, None));
        let found = |address: &str, means| Ok((address.to_owned(), means));
        assert_eq!(choose_of(says("a@x.example"), None), found("a@x.example", Means::SecurityTxt));
        assert_eq!(choose_of(None, says("b@x.example")), Err(NotTold::NotAsked));
        assert_eq!(choose_of(nobody(), says("b@x.example")), found("b@x.example", Means::Network));
        assert_eq!(choose_of(silent(), says("b@x.example")), found("b@x.example", Means::Network));
        assert_eq!(choose_of(nobody(), None), Err(NotTold::NotAsked));
        assert_eq!(choose_of(nobody(), nobody()), Err(NotTold::Nobody));
        for (address, why) in [
            ("abuse@CERT.example", NotTold::Ourselves),
            ("x@mail.cert.example", NotTold::Ourselves),
            ("Desk@hub.example", NotTold::Hub),
            ("a@b.stop.example", NotTold::DoNotContact),
        ] {
            assert_eq!(choose_of(says(address), says("b@x.example")), Err(why), "{address}");
        }
        assert_eq!(
            choose_of(says("other@hub.example"), None),
            found("other@hub.example", Means::SecurityTxt)
        );
        assert_eq!(choose(&[], |_, _| None, &guard, 100), Err(NotTold::NoSubject));
    }

    #[test]
    fn a_reply_that_asks_for_no_more_mail_is_found() {
        for (subject, text) in [
            ("Re: x", "STOP"),
            ("Re: x", "\n  Stop.\n> you wrote"),
            ("Re: [Schakel #1]: unsubscribe", "hello"),
            ("", "Afmelden graag"),
            ("", "Please remove this address from your list."),
        ] {
            assert!(asks_to_stop(subject, text), "{subject} {text}");
        }
        for (subject, text) in [
            ("Re: x", "We stopped the machine."),
            ("", "stopgezet"),
            ("", "> STOP"),
            ("Re: x", "Thank you, fixed."),
        ] {
            assert!(!asks_to_stop(subject, text), "{subject} {text}");
        }
    }
}
