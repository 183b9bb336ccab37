//! What of an end of an event is asked for: its values, normalised, each once.

use std::{net::IpAddr, ops::Range};

use schakel_formats::register::{
    host::{Host, read_host},
    url::{UrlKey, url_key},
};
use schakel_model::observation::Endpoint;

use crate::candidate::Input;

/// A value to look up. Texts stand in [`Selectors::text`].
#[derive(Clone, Copy, Debug)]
pub(crate) enum Selector {
    Address(IpAddr),
    Name {
        text: Span,
        source: NameSource,
    },
    /// By its number in [`Selectors::urls`].
    Url(u16),
    /// The host of an account.
    Account(Span),
    Asn(u32),
    /// By whom this address is announced.
    Announced(IpAddr),
    Country([u8; 2]),
}

/// A part of [`Selectors::text`], which is shorter than a few records.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span {
    from: u32,
    to: u32,
}

impl Span {
    fn new(from: usize, to: usize) -> Self {
        Self { from: from as u32, to: to as u32 }
    }

    pub fn of(self, text: &str) -> &str {
        &text[self.from as usize..self.to as usize]
    }
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
    pub matches: Range<u32>,
}

/// All selectors of one end.
#[derive(Default)]
pub(crate) struct Selectors {
    pub text: String,
    pub urls: Vec<UrlKey>,
    pub groups: Vec<Group>,
    /// Further inputs that gave a selector which was there already: group and input.
    pub aliases: Vec<(u16, u16)>,
    /// Does the end have a name of its own, beside that of its address?
    pub named: bool,
    /// Does the end state an AS number?
    pub states_asn: bool,
}

/// The order in which values are taken: URLs come before names, because a name that is a URL's host is asked for
/// together with it; stated names before those of reverse DNS; the fallbacks last, in their order.
impl Selectors {
    fn clear(&mut self) {
        self.text.clear();
        self.urls.clear();
        self.groups.clear();
        self.aliases.clear();
        self.named = false;
        self.states_asn = false;
    }

    /// Takes in what an end of an observation holds; forgets what was there.
    pub fn gather_endpoint(&mut self, endpoint: &Endpoint<'_>) {
        self.clear();
        if let Some(ip) = endpoint.ip {
            self.add_address(ip, 0);
        }
        if !endpoint.url.is_empty() {
            self.add_url(&endpoint.url, 0);
        }
        if !endpoint.fqdn.is_empty() {
            self.add_name(&endpoint.fqdn, NameSource::Stated, 0);
        }
        if !endpoint.account.is_empty() {
            self.add_account(&endpoint.account, 0);
        }
        if !endpoint.reverse_dns.is_empty() {
            self.add_name(&endpoint.reverse_dns, NameSource::ReverseDns, 0);
        }
        if endpoint.asn != 0 {
            self.add_asn(endpoint.asn, 0);
        }
        self.add_announced();
        if endpoint.country != [0, 0] {
            self.add_country(endpoint.country, 0);
        }
    }

    /// Takes in the inputs of a question; forgets what was there.
    pub fn gather_inputs(&mut self, inputs: &[Input]) {
        self.clear();
        let numbered = || (0..u16::MAX).zip(inputs);
        for (number, input) in numbered() {
            match input {
                Input::Ip(ip) => self.add_address(*ip, number),
                Input::Url(url) => self.add_url(url, number),
                _ => {}
            }
        }
        for (number, input) in numbered() {
            match input {
                Input::Domain(name) => self.add_name(name, NameSource::Stated, number),
                Input::Email(account) => self.add_account(account, number),
                _ => {}
            }
        }
        for (number, input) in numbered() {
            if let Input::ReverseDns(name) = input {
                self.add_name(name, NameSource::ReverseDns, number);
            }
        }
        for (number, input) in numbered() {
            if let Input::Asn(asn) = input {
                self.add_asn(*asn, number);
            }
        }
        self.add_announced();
        for (number, input) in numbered() {
            if let Input::Country(code) = input {
                self.add_country(*code, number);
            }
        }
    }

    fn push(&mut self, selector: Selector, input: u16) {
        self.groups.push(Group { selector, input, matches: 0..0 });
    }

    fn add_asn(&mut self, asn: u32, input: u16) {
        self.states_asn = true;
        self.push(Selector::Asn(asn), input);
    }

    /// Every address is also asked for by whom it is announced.
    fn add_announced(&mut self) {
        for at in 0..self.groups.len() {
            let Group { selector: Selector::Address(ip), input, .. } = self.groups[at] else { continue };
            let group = self.groups.len() as u16;
            self.push(Selector::Announced(ip), input);
            for alias in 0..self.aliases.len() {
                let (of, input) = self.aliases[alias];
                if usize::from(of) == at {
                    self.aliases.push((group, input));
                }
            }
        }
    }

    fn add_country(&mut self, code: [u8; 2], input: u16) {
        self.push(Selector::Country(code.map(|letter| letter.to_ascii_uppercase())), input);
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
        self.push(Selector::Url(self.urls.len() as u16), input);
        self.urls.push(key);
    }

    fn add_name(&mut self, name: &str, source: NameSource, input: u16) {
        let from = self.text.len();
        match read_host(name, &mut self.text) {
            Some(Host::Name) => {}
            Some(Host::Address(ip)) => return self.add_address(ip, input),
            None => return,
        }
        self.named |= source == NameSource::Stated;
        let text = Span::new(from, self.text.len());
        let same = |known: &str| known == text.of(&self.text);
        let known = self.groups.iter().position(|group| match group.selector {
            Selector::Name { text, .. } => same(text.of(&self.text)),
            Selector::Url(url) => same(&self.text[self.urls[usize::from(url)].host.clone()]),
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
                self.push(Selector::Account(Span::new(from, self.text.len())), input);
            }
            Some(Host::Address(ip)) => self.add_address(ip, input),
            None => {}
        }
    }
}
