//! Every candidate owner, and why.

use std::fmt;

use schakel_model::{announced::Origin, asset::AssetKind, assignment::End, observation::ObservedAt};

use crate::{
    Snapshot,
    announced::Announcement,
    candidate::{Candidate, Input, Query, Rule},
    contest::{Match, Scratch, Verdict},
    selectors::{Group, Selector, Selectors},
    snapshot::RANK_LENGTH_MASK,
};

impl Snapshot {
    /// Every asset that meets an input, whether it won, and the rule that decided: by end, in the order of the inputs,
    /// the more specific first.
    pub fn explain(&self, query: &Query) -> Vec<Candidate> {
        let mut scratch = Scratch::default();
        let at = u32::try_from(query.at.max(0)).unwrap_or(u32::MAX);
        let mut candidates = Vec::new();
        for (end, inputs) in [(End::Source, &query.inputs), (End::Target, &query.target)] {
            scratch.selectors.gather_inputs(inputs);
            self.judge(at, query.kind, &mut scratch);
            explain_end(self, end, inputs, at, &scratch, &mut candidates);
        }
        candidates
    }
}

fn explain_end(
    snapshot: &Snapshot,
    end: End,
    inputs: &[Input],
    at: u32,
    scratch: &Scratch,
    candidates: &mut Vec<Candidate>,
) {
    let mut found: Vec<(u16, u32, usize)> = Vec::new(); // Input, match, group.
    for (number, group) in scratch.selectors.groups.iter().enumerate() {
        let aliases = scratch.selectors.aliases.iter().filter(|(group, _)| usize::from(*group) == number);
        for index in group.matches.clone() {
            found.push((group.input, index, number));
            // Another input that names the same thing meets the same assets, but a name meets no URL.
            for (_, input) in aliases.clone() {
                if !scratch.matches[index as usize].entry.is(AssetKind::Url) {
                    found.push((*input, index, number));
                }
            }
        }
    }
    found.sort_by_key(|&(input, index, _)| {
        (input, std::cmp::Reverse(scratch.matches[index as usize].rank), index)
    });
    for (input, index, group) in found {
        let one = scratch.matches[index as usize];
        let (won, rule, by) = match one.verdict {
            Verdict::Won(rule) => (true, rule, None),
            Verdict::Lost { rule, by } => (false, rule, by),
            Verdict::Open => continue, // Never: every match is judged.
        };
        candidates.push(Candidate {
            input: inputs[usize::from(input)].clone(),
            organisation: one.entry.organisation,
            asset: one.entry.asset,
            role: one.entry.role(),
            end,
            won,
            rule,
            decided_by: by.map(|by| scratch.matches[by as usize].entry.asset),
            why: as_sentence(why(snapshot, scratch, &scratch.selectors.groups[group], &one, at)),
        });
    }
}

fn as_sentence(mut text: String) -> String {
    if let Some(first) = text.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    text
}

/// The sentence, without its capital.
fn why(snapshot: &Snapshot, scratch: &Scratch, group: &Group, one: &Match, at: u32) -> String {
    let selectors = &scratch.selectors;
    let role = one.entry.role();
    let it = Shown { snapshot, group, one, selectors };
    let other = |by: Option<u32>| {
        by.and_then(|by| {
            let one = &scratch.matches[by as usize];
            let group = scratch.selectors.groups.iter().find(|group| group.matches.contains(&by))?;
            Some(Shown { snapshot, group, one, selectors }.to_string())
        })
        .unwrap_or_else(|| "an asset of the same organisation".to_owned())
    };
    if let (Selector::Announced(ip), Some(announcement)) = (group.selector, it.announcement()) {
        let named = &announcement.origin;
        match one.verdict {
            Verdict::Won(_) => {
                let how = announced(snapshot, &announcement);
                return format!(
                    "No address or name in the register matches as {role}. The address is {how}."
                );
            }
            Verdict::Lost { rule: Rule::LongestPrefix, by: None } => {
                if let Some(inner) = snapshot.announced.most_specific(ip, named) {
                    return format!(
                        "The address is {}, which is more specific than {it}.",
                        announced(snapshot, &inner)
                    );
                }
            }
            Verdict::Lost { rule: Rule::NameOverAsn, by: None }
                if selectors.states_asn && one.entry.is(AssetKind::Asn) =>
            {
                return format!("The event states an AS number itself, so {it} does not count.");
            }
            _ => {}
        }
    }
    match one.verdict {
        Verdict::Open => String::new(),
        Verdict::Won(Rule::LongestPrefix) => {
            format!("{it} is the most specific that holds this address, as {role}.")
        }
        Verdict::Won(Rule::HostOverDomain) => {
            format!("{it} is the most specific that matches this name, as {role}.")
        }
        Verdict::Won(Rule::NameOverAsn) => {
            format!("No address or name in the register matches as {role}, so {it} counts.")
        }
        Verdict::Won(Rule::Country) => {
            format!("Nothing else in the register matches as {role}, so {it} counts.")
        }
        Verdict::Won(_) => format!("{it} is proven, and others only assert that they have it as {role}."),
        Verdict::Lost { rule, by } => match rule {
            Rule::LongestPrefix => format!("{} is more specific than {it}, as {role}.", other(by)),
            Rule::HostOverDomain => format!("{} is more specific than {it}, as {role}.", other(by)),
            Rule::NameOverAsn if by.is_none() => {
                format!("This kind of event goes by names only, so {it} does not count.")
            }
            Rule::NameOverAsn => format!("{} matches already as {role}, so {it} does not count.", other(by)),
            Rule::Country => format!("{} matches already as {role}, so {it} does not count.", other(by)),
            Rule::Proven => {
                format!("{it} is only asserted, and another organisation has proven it, as {role}.")
            }
            Rule::NotValidThen => format!("{it} did not hold on {}.", ObservedAt(at).timestamp()),
            Rule::SharedHosting if by.is_some() => format!(
                "{} is shared hosting of the same organisation, so {it} says nothing about this name.",
                other(by)
            ),
            Rule::SharedHosting if one.entry.shared_hosting() => {
                format!("{it} is shared hosting: the address says nothing about whose this name is.")
            }
            Rule::SharedHosting => {
                format!(
                    "This kind of event goes by names only, so {it} says nothing about whose this name is."
                )
            }
            Rule::Excluded if by.is_some() => {
                format!("{} is excluded: what falls in it is not this organisation's as {role}.", other(by))
            }
            Rule::Excluded => {
                format!("{it} is excluded: what falls in it is not this organisation's as {role}.")
            }
        },
    }
}

/// An asset as it stands in the register, told from what it matched.
struct Shown<'a> {
    snapshot: &'a Snapshot,
    group: &'a Group,
    one: &'a Match,
    selectors: &'a Selectors,
}

impl Shown<'_> {
    /// The announcement by which an asset is met, when that is how it is met.
    fn announcement(&self) -> Option<Announcement> {
        let Selector::Announced(ip) = self.group.selector else { return None };
        let Snapshot { announced, asns, .. } = self.snapshot;
        announced.announcement(ip, self.one.rank as u8, asns, &self.one.entry)
    }

    fn tail<'a>(&self, name: &'a str) -> &'a str {
        let length = (self.one.rank & RANK_LENGTH_MASK) as usize;
        name.get(name.len().saturating_sub(length)..).unwrap_or(name)
    }
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = &self.selectors.text;
        match self.group.selector {
            Selector::Address(ip) => match ipnet::IpNet::new(ip, self.one.rank as u8) {
                _ if self.one.entry.is(AssetKind::Address) => write!(f, "the address {ip}"),
                Ok(net) => write!(f, "the prefix {}", net.trunc()),
                Err(_) => write!(f, "the prefix of {ip}"),
            },
            Selector::Url(number) => {
                let key = &self.selectors.urls[usize::from(number)];
                if self.one.entry.is(AssetKind::Url) {
                    let whole = &text[key.whole.clone()];
                    let length = (self.one.rank & RANK_LENGTH_MASK) as usize;
                    write!(f, "the URL {}", whole.get(..length).unwrap_or(whole))
                } else {
                    write!(f, "{} {}", kind(self.one), self.tail(&text[key.host.clone()]))
                }
            }
            Selector::Name { text: name, .. } | Selector::Account(name) => {
                write!(f, "{} {}", kind(self.one), self.tail(name.of(text)))
            }
            Selector::Asn(asn) => write!(f, "AS{asn}"),
            Selector::Announced(ip) => match self.announcement() {
                Some(announcement) => {
                    let day = self.snapshot.announced.day(&announcement);
                    match &announcement.origin {
                        Origin::Asn(asn) => {
                            write!(f, "AS{asn} (announces {}, by the table of {day})", announcement.net)
                        }
                        Origin::Handle(handle) => {
                            write!(f, "{handle} (has {}, by the table of {day})", announcement.net)
                        }
                    }
                }
                None => write!(f, "who announces {ip}"),
            },
            Selector::Country(code) => {
                write!(f, "the country {}", std::str::from_utf8(&code).unwrap_or("??"))
            }
        }
    }
}

/// How an address is announced, to stand behind "is".
fn announced(snapshot: &Snapshot, announcement: &Announcement) -> String {
    let (net, day) = (announcement.net, snapshot.announced.day(announcement));
    match &announcement.origin {
        Origin::Asn(asn) => format!("announced by AS{asn} in {net}, by the table of {day}"),
        Origin::Handle(handle) => format!("listed under {handle} in {net}, by the table of {day}"),
    }
}

fn kind(one: &Match) -> &'static str {
    match one.entry.kind() {
        AssetKind::Hostname => "the host name",
        AssetKind::MailDomain => "the mail domain",
        _ => "the domain",
    }
}
