//! What of an end of an event is asked for: its values, normalised, each once.

use std::{net::IpAddr, ops::Range};

use schakel_formats::register::{
    host::{Host, read_host},
    url::{UrlKey, url_key},
};
use schakel_model::observation::Endpoint;

/// A value as it was given.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Raw<'a> {
    Ip(IpAddr),
    Name(&'a str),
    ReverseDns(&'a str),
    Url(&'a str),
    Account(&'a str),
    Asn(u32),
    Country([u8; 2]),
}

impl<'a> Raw<'a> {
    /// What an end holds, in a list of its own length.
    pub fn of_endpoint(endpoint: &'a Endpoint<'_>) -> ([Self; 7], usize) {
        let mut raw = [Self::Asn(0); 7];
        let mut count = 0;
        let mut push = |value| {
            raw[count] = value;
            count += 1;
        };
        if let Some(ip) = endpoint.ip {
            push(Self::Ip(ip));
        }
        for (text, make) in [
            (&endpoint.fqdn, Self::Name as fn(&'a str) -> Self),
            (&endpoint.reverse_dns, Self::ReverseDns),
            (&endpoint.url, Self::Url),
            (&endpoint.account, Self::Account),
        ] {
            if !text.is_empty() {
                push(make(text));
            }
        }
        if endpoint.asn != 0 {
            push(Self::Asn(endpoint.asn));
        }
        if endpoint.country != [0, 0] {
            push(Self::Country(endpoint.country));
        }
        (raw, count)
    }
}

/// A value to look up. Texts stand in [`Selectors::text`].
#[derive(Clone, Debug)]
pub(crate) enum Selector {
    Address(IpAddr),
    Name {
        text: Range<usize>,
        source: NameSource,
    },
    Url(UrlKey),
    /// The host of an account.
    Account(Range<usize>),
    Asn(u32),
    Country([u8; 2]),
}

/// Where a name comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum NameSource {
    /// The event is about this name.
    Stated,
    /// The name of the address by reverse DNS.
    ReverseDns,
}

/// A selector, the first input that gave it, and what the tables hold for it (a range of the matches).
#[derive(Clone, Debug)]
pub(crate) struct Group {
    pub selector: Selector,
    pub input: u16,
    pub matches: Range<usize>,
}

/// All selectors of one end.
#[derive(Default)]
pub(crate) struct Selectors {
    pub text: String,
    pub groups: Vec<Group>,
    /// Further inputs that gave a selector which was there already: group and input.
    pub aliases: Vec<(u16, u16)>,
    /// Does the end have a name of its own, beside that of its address?
    pub named: bool,
}

impl Selectors {
    /// Takes in what an end holds; forgets what was there.
    pub fn gather(&mut self, inputs: &[Raw<'_>]) {
        self.text.clear();
        self.groups.clear();
        self.aliases.clear();
        self.named = false;
        let numbered =
            || inputs.iter().take(usize::from(u16::MAX)).enumerate().map(|(at, raw)| (at as u16, raw));
        // URLs come before names, because a name that is a URL's host is asked for together with it; stated names
        // before those of reverse DNS; the fallbacks last, in their order.
        for (input, raw) in numbered() {
            match raw {
                Raw::Ip(ip) => self.add_address(*ip, input),
                Raw::Url(url) => self.add_url(url, input),
                _ => {}
            }
        }
        for (input, raw) in numbered() {
            match raw {
                Raw::Name(name) => self.add_name(name, NameSource::Stated, input),
                Raw::Account(account) => self.add_account(account, input),
                _ => {}
            }
        }
        for (input, raw) in numbered() {
            if let Raw::ReverseDns(name) = raw {
                self.add_name(name, NameSource::ReverseDns, input);
            }
        }
        for (input, raw) in numbered() {
            if let Raw::Asn(asn) = raw {
                self.push(Selector::Asn(*asn), input);
            }
        }
        for (input, raw) in numbered() {
            if let Raw::Country(country) = raw {
                self.push(Selector::Country(country.map(|c| c.to_ascii_uppercase())), input);
            }
        }
    }

    fn push(&mut self, selector: Selector, input: u16) {
        self.groups.push(Group { selector, input, matches: 0..0 });
    }

    fn add_address(&mut self, ip: IpAddr, input: u16) {
        let ip = ip.to_canonical();
        let known = |group: &Group| matches!(group.selector, Selector::Address(known) if known == ip);
        match self.groups.iter().position(known) {
            Some(group) => self.aliases.push((group as u16, input)),
            None => self.push(Selector::Address(ip), input),
        }
    }

    fn add_url(&mut self, url: &str, input: u16) {
        let Some(key) = url_key(url, &mut self.text) else { return };
        match key.host_is {
            Host::Name => self.named = true,
            Host::Address(ip) => self.add_address(ip, input),
        }
        self.push(Selector::Url(key), input);
    }

    fn add_name(&mut self, name: &str, source: NameSource, input: u16) {
        let from = self.text.len();
        match read_host(name, &mut self.text) {
            Some(Host::Name) => {}
            Some(Host::Address(ip)) => return self.add_address(ip, input),
            None => return,
        }
        self.named |= source == NameSource::Stated;
        let text = from..self.text.len();
        let same = |known: &Range<usize>| self.text[known.clone()] == self.text[text.clone()];
        let known = self.groups.iter().position(|group| match &group.selector {
            Selector::Name { text, .. } => same(text),
            Selector::Url(key) => same(&key.host),
            _ => false,
        });
        match known {
            Some(group) => self.aliases.push((group as u16, input)),
            None => self.push(Selector::Name { text, source }, input),
        }
    }

    fn add_account(&mut self, account: &str, input: u16) {
        let Some((_user, host)) = account.rsplit_once('@') else { return };
        let from = self.text.len();
        match read_host(host, &mut self.text) {
            Some(Host::Name) => {
                self.named = true;
                self.push(Selector::Account(from..self.text.len()), input);
            }
            Some(Host::Address(ip)) => self.add_address(ip, input),
            None => {}
        }
    }
}
