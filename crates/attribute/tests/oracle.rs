//! Attribution against others that know the answer: a matcher that tries every asset, and a prefix trie.

#![allow(clippy::unwrap_used)] // A test fails by panicking.

mod support;

use std::{
    borrow::Cow,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use prefix_trie::PrefixMap;
use proptest::prelude::*;
use schakel_attribute::{Query, Scratch, Snapshot, Wanted, names_only};
use schakel_model::{
    announced::{Announced, AnnouncedPrefix, AnnouncedTable, Origin, Relevant},
    asset::{Asset, AssetFlags, AssetValue, Proof, Role},
    assignment::{Assignee, End},
    classification::ClassificationType,
    ids::{AssetId, OrganisationId, RegisterVersion},
    observation::{Endpoint, Observation, ObservedAt},
    register::Register,
};
use support::observation;

/// Addresses close together, so that prefixes nest, touch and repeat.
fn v4() -> impl Strategy<Value = Ipv4Addr> {
    prop_oneof![
        8 => (0u32..64).prop_map(|low| Ipv4Addr::from_bits(0xC612_0000 | low)),
        1 => Just(Ipv4Addr::UNSPECIFIED),
        1 => Just(Ipv4Addr::BROADCAST),
        1 => any::<u32>().prop_map(Ipv4Addr::from_bits),
    ]
}

fn v6() -> impl Strategy<Value = Ipv6Addr> {
    prop_oneof![
        8 => (0u128..64).prop_map(|low| Ipv6Addr::from_bits(0x2001_0db8 << 96 | low)),
        1 => Just(Ipv6Addr::UNSPECIFIED),
        1 => Just(Ipv6Addr::from_bits(u128::MAX)),
    ]
}

fn ip() -> impl Strategy<Value = IpAddr> {
    prop_oneof![v4().prop_map(IpAddr::V4), v6().prop_map(IpAddr::V6)]
}

fn net() -> impl Strategy<Value = IpNet> {
    prop_oneof![
        (v4(), prop_oneof![26u8..=32, 1u8..=32])
            .prop_map(|(ip, len)| IpNet::V4(Ipv4Net::new(ip, len).unwrap().trunc())),
        (v6(), prop_oneof![122u8..=128, 1u8..=128])
            .prop_map(|(ip, len)| IpNet::V6(Ipv6Net::new(ip, len).unwrap().trunc())),
    ]
}

/// Names that end in one another, some only by letters and not by labels.
fn name() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(vec!["a", "ba", "b"]), 1..4)
        .prop_map(|labels| format!("{}.nl", labels.join(".")))
}

fn url() -> impl Strategy<Value = String> {
    let host = prop_oneof![4 => name(), 1 => v4().prop_map(|ip| ip.to_string())];
    let path = prop::collection::vec(prop::sample::select(vec!["/a", "/ab", "/", "?a=b", "&a", "#a"]), 0..4)
        .prop_map(|parts| parts.concat().trim_start_matches("&a").to_owned());
    (prop::sample::select(vec!["http", "https", "ftp"]), host, prop::sample::select(vec!["", ":8080"]), path)
        .prop_map(|(scheme, host, port, path)| format!("{scheme}://{host}{port}{path}"))
}

fn asn() -> impl Strategy<Value = u32> {
    64_496u32..64_499
}

fn country() -> impl Strategy<Value = [u8; 2]> {
    prop::sample::select(vec![*b"NL", *b"BE"])
}

fn asset_value() -> impl Strategy<Value = AssetValue> {
    prop_oneof![
        4 => net().prop_map(AssetValue::Prefix),
        1 => ip().prop_map(AssetValue::Address),
        3 => name().prop_map(AssetValue::Domain),
        1 => name().prop_map(AssetValue::Hostname),
        1 => name().prop_map(AssetValue::MailDomain),
        2 => url().prop_map(AssetValue::Url),
        1 => asn().prop_map(AssetValue::Asn),
        1 => country().prop_map(AssetValue::Country),
        1 => handle().prop_map(AssetValue::RipeHandle),
        1 => name().prop_map(AssetValue::Product),
    ]
}

/// Of a register only what can meet a question, as the store looks it up.
fn narrowed(register: &Register, query: &Query) -> Register {
    let [source, target] = [&query.inputs, &query.target].map(|inputs| Wanted::of(inputs));
    let addresses = [source.addresses, target.addresses].concat();
    let mut announced = register.announced.clone();
    announced.prefixes.retain(|prefix| addresses.iter().any(|ip| prefix.net.contains(ip)));
    let values = [source.values, target.values].concat();
    let url_starts = [source.url_starts, target.url_starts].concat();
    let is_wanted = |asset: &&Asset| {
        let text = asset.value.to_string();
        values.contains(&text)
            || url_starts.iter().any(|start| text.starts_with(start))
            || announced.prefixes.iter().any(|prefix| is_of(&asset.value, &prefix.origin))
    };
    let assets = register.assets.iter().filter(is_wanted).cloned().collect();
    Register { assets, announced, ..Register::default() }
}

fn handle() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["ORG-AA1-RIPE", "ORG-BB2-RIPE"]).prop_map(str::to_owned)
}

/// Some of these are nobody's in the register.
fn origin() -> impl Strategy<Value = Origin> {
    prop_oneof![
        (64_496u32..64_502).prop_map(Origin::Asn),
        handle().prop_map(Origin::Handle),
        Just(Origin::Handle("ORG-CC3-RIPE".to_owned())),
    ]
}

fn announced() -> impl Strategy<Value = Announced> {
    let prefix = (net(), origin()).prop_map(|(net, origin)| AnnouncedPrefix { net, origin, country: None });
    prop::collection::vec(prefix, 0..20)
        .prop_map(|prefixes| Announced { prefixes, dates: [Some(1_790_000_000); 4] })
}

fn time() -> impl Strategy<Value = i64> {
    prop_oneof![6 => 98i64..103, 1 => Just(0), 1 => Just(i64::from(u32::MAX) - 1)]
}

fn asset() -> impl Strategy<Value = Asset> {
    let flag = || prop::bool::weighted(0.15);
    (
        asset_value(),
        1u32..5,
        prop::sample::select(vec![Role::Owner, Role::Owner, Role::Operator]),
        (prop::option::of(time()), prop::option::of(time())),
        prop::sample::select(Proof::ALL),
        (flag(), flag()),
    )
        .prop_map(|(value, organisation, role, (from, until), proof, (shared_hosting, excluded))| {
            Asset {
                id: AssetId(0),
                organisation: OrganisationId(organisation),
                value,
                role,
                valid_from: from,
                valid_until: until,
                proof,
                flags: AssetFlags { dynamic: false, shared_hosting, excluded },
                note: String::new(),
            }
        })
}

fn register() -> impl Strategy<Value = Register> {
    (prop::collection::vec(asset(), 0..40), announced()).prop_map(|(mut assets, announced)| {
        for (asset, id) in assets.iter_mut().zip(0..) {
            asset.id = AssetId(id);
        }
        Register { version: RegisterVersion(1), assets, announced, ..Register::default() }
    })
}

/// The same register with only those announced prefixes that can decide something, as the store loads it.
fn with_relevant_prefixes(register: &Register) -> Register {
    let mut prefixes = register.announced.prefixes.clone();
    prefixes.sort_by_key(|prefix| (prefix.table(), prefix.net));
    let registered = |origin: &Origin| register.assets.iter().any(|asset| is_of(&asset.value, origin));
    let mut tables = AnnouncedTable::ALL.map(|_| Relevant::default());
    prefixes.retain(|prefix| tables[prefix.table() as usize].keep(prefix.net, registered(&prefix.origin)));
    let announced = Announced { prefixes, dates: register.announced.dates };
    Register { announced, ..register.clone() }
}

fn endpoint() -> impl Strategy<Value = Endpoint<'static>> {
    let text = |text: Option<String>| Cow::Owned(text.unwrap_or_default());
    (
        prop::option::of(ip()),
        prop::option::of(prop_oneof![8 => name(), 1 => v4().prop_map(|ip| ip.to_string())]),
        prop::option::of(name()),
        prop::option::of(url()),
        prop::option::of(name()),
        prop::option::of(asn()),
        prop::option::of(country()),
    )
        .prop_map(move |(ip, fqdn, reverse_dns, url, mail, asn, country)| Endpoint {
            ip,
            port: 0,
            fqdn: text(fqdn),
            reverse_dns: text(reverse_dns),
            url: text(url),
            account: text(mail.map(|domain| format!("jan@{domain}"))),
            asn: asn.unwrap_or(0),
            country: country.unwrap_or([0, 0]),
        })
}

fn any_observation() -> impl Strategy<Value = Observation<'static>> {
    let kinds =
        [ClassificationType::VulnerableSystem, ClassificationType::Phishing, ClassificationType::DataLeak];
    (
        endpoint(),
        prop_oneof![Just(Endpoint::default()), endpoint()],
        time(),
        prop::sample::select(kinds.to_vec()),
    )
        .prop_map(|(source, target, at, classification)| Observation {
            observed_at: ObservedAt(at as u32),
            classification,
            ..observation(source, target)
        })
}

/// What is asked for, as the brute force sees it.
#[derive(Clone, PartialEq, Debug)]
enum Asked {
    Address(IpAddr),
    Host(String),
    Ptr(String),
    Url(String, String),
    Account(String),
    Asn(u32),
    Announced(Announcements),
    Country([u8; 2]),
}

/// By whom an address is announced.
#[derive(Clone, PartialEq, Debug)]
struct Announcements {
    /// Every prefix around it.
    all: Vec<AnnouncedPrefix>,
    /// The most specific by AS number, unless the event states one, and the most specific by handle.
    counting: Vec<AnnouncedPrefix>,
}

impl Announcements {
    fn of(ip: IpAddr, announced: &Announced, states_asn: bool) -> Self {
        let around = announced.prefixes.iter().filter(|prefix| prefix.net.contains(&ip));
        let all: Vec<AnnouncedPrefix> = around.cloned().collect();
        let by_asn = |prefix: &&AnnouncedPrefix| matches!(prefix.origin, Origin::Asn(_));
        let longest = |of: &dyn Fn(&&AnnouncedPrefix) -> bool| {
            all.iter().filter(of).map(|prefix| prefix.net.prefix_len()).max()
        };
        let (longest_asn, longest_handle) = (longest(&by_asn), longest(&|prefix| !by_asn(prefix)));
        let counts = |prefix: &&AnnouncedPrefix| match by_asn(prefix) {
            true => !states_asn && Some(prefix.net.prefix_len()) == longest_asn,
            false => Some(prefix.net.prefix_len()) == longest_handle,
        };
        let counting = all.iter().filter(counts).cloned().collect();
        Self { all, counting }
    }
}

fn is_of(asset: &AssetValue, origin: &Origin) -> bool {
    match (asset, origin) {
        (AssetValue::Asn(known), Origin::Asn(asn)) => known == asn,
        (AssetValue::RipeHandle(known), Origin::Handle(handle)) => known == handle,
        _ => false,
    }
}

/// (scheme unless web, host, port) and path of a URL as this test makes them.
fn split(url: &str) -> (String, String, String) {
    let (scheme, rest) = url.split_once("://").unwrap();
    let authority = rest.split(['/', '?', '#']).next().unwrap();
    let scheme = if scheme.starts_with("http") { "" } else { scheme };
    let host = authority.split(':').next().unwrap();
    (
        format!("{scheme}//{authority}"),
        host.to_owned(),
        rest[authority.len()..].trim_end_matches('/').to_owned(),
    )
}

fn asked(endpoint: &Endpoint<'_>, announced: &Announced) -> Vec<Asked> {
    let mut asked: Vec<Asked> = endpoint.ip.map(Asked::Address).into_iter().collect();
    let mut hosts = Vec::new();
    if !endpoint.url.is_empty() {
        let (_, host, _) = split(&endpoint.url);
        match host.parse() {
            Ok(ip) => asked.push(Asked::Address(ip)),
            Err(_) => hosts.push(host.clone()),
        }
        asked.push(Asked::Url(endpoint.url.to_string(), host));
    }
    if !endpoint.fqdn.is_empty() {
        match endpoint.fqdn.parse() {
            Ok(ip) => asked.push(Asked::Address(ip)),
            Err(_) if hosts.contains(&endpoint.fqdn.to_string()) => {}
            Err(_) => {
                hosts.push(endpoint.fqdn.to_string());
                asked.push(Asked::Host(endpoint.fqdn.to_string()));
            }
        }
    }
    if let Some((_, host)) = endpoint.account.split_once('@') {
        asked.push(Asked::Account(host.to_owned()));
    }
    if !endpoint.reverse_dns.is_empty() && !hosts.contains(&endpoint.reverse_dns.to_string()) {
        asked.push(Asked::Ptr(endpoint.reverse_dns.to_string()));
    }
    if endpoint.asn != 0 {
        asked.push(Asked::Asn(endpoint.asn));
    }
    let addresses = asked.iter().filter_map(|asked| match asked {
        Asked::Address(ip) => Some(Asked::Announced(Announcements::of(*ip, announced, endpoint.asn != 0))),
        _ => None,
    });
    asked.extend(addresses.collect::<Vec<_>>());
    if endpoint.country != [0, 0] {
        asked.push(Asked::Country(endpoint.country));
    }
    asked
}

fn below(name: &str, domain: &str) -> bool {
    name == domain || name.ends_with(&format!(".{domain}"))
}

/// How specifically an asset meets what is asked: (kind, length), the higher the more.
fn meets(asset: &AssetValue, asked: &Asked) -> Option<(u8, usize)> {
    let by_name = |name: &str| match asset {
        AssetValue::Hostname(host) if host == name => Some((2, host.len())),
        AssetValue::Domain(domain) if below(name, domain) => Some((1, domain.len())),
        _ => None,
    };
    match (asset, asked) {
        (AssetValue::Prefix(net), Asked::Address(ip)) if net.contains(ip) => {
            Some((0, net.prefix_len().into()))
        }
        (AssetValue::Address(known), Asked::Address(ip)) if known == ip => {
            Some((0, if ip.is_ipv4() { 32 } else { 128 }))
        }
        (_, Asked::Host(name) | Asked::Ptr(name)) => by_name(name),
        (AssetValue::Url(known), Asked::Url(url, _)) => {
            let ((site, _, path), (asked_site, _, asked_path)) = (split(known), split(url));
            let rest = asked_path.strip_prefix(path.as_str())?;
            (site == asked_site && (rest.is_empty() || rest.starts_with(['/', '?', '&', '#'])))
                .then_some((3, path.len()))
        }
        (_, Asked::Url(_, host)) => by_name(host),
        (AssetValue::MailDomain(domain), Asked::Account(host)) if below(host, domain) => {
            Some((2, domain.len()))
        }
        (AssetValue::Domain(domain), Asked::Account(host)) if below(host, domain) => Some((1, domain.len())),
        (AssetValue::Asn(known), Asked::Asn(asn)) if known == asn => Some((0, 0)),
        (asset, Asked::Announced(announcements)) => {
            let mine = announcements.counting.iter().filter(|prefix| is_of(asset, &prefix.origin));
            mine.map(|prefix| (0, prefix.net.prefix_len().into())).max()
        }
        (AssetValue::Country(known), Asked::Country(code)) if known == code => Some((0, 0)),
        _ => None,
    }
}

/// What an explanation shows: what meets, and what is announced less specifically as well.
fn shows(asset: &AssetValue, asked: &Asked) -> bool {
    match asked {
        Asked::Announced(announcements) => {
            announcements.all.iter().any(|prefix| is_of(asset, &prefix.origin))
        }
        _ => meets(asset, asked).is_some(),
    }
}

/// The rules of the crate's documentation, one by one, over every asset.
fn brute_force(register: &Register, observation: &Observation<'_>) -> Vec<Assignee> {
    let at = i64::from(observation.observed_at.0);
    let mut out = Vec::new();
    for (end, endpoint) in [(End::Source, &observation.source), (End::Target, &observation.target)] {
        let asked = asked(endpoint, &register.announced);
        let named = asked.iter().any(|asked| match asked {
            Asked::Host(_) | Asked::Account(_) => true,
            Asked::Url(_, host) => host.parse::<IpAddr>().is_err(),
            _ => false,
        });
        let by_names = named && names_only(observation.classification);
        let left_out = |asked: &Asked| {
            let by_address =
                matches!(asked, Asked::Address(_) | Asked::Ptr(_) | Asked::Asn(_) | Asked::Announced(_));
            by_names && by_address
        };
        let is_hole = |asset: &Asset, asked: &Asked| {
            asset.flags.excluded
                || (asset.flags.shared_hosting && named && matches!(asked, Asked::Address(_)))
        };
        let valid = |asset: &&Asset| asset.valid_at(at);
        for role in Role::ALL.iter().copied() {
            let assets: Vec<&Asset> =
                register.assets.iter().filter(valid).filter(|asset| asset.role == role).collect();
            let mut told: Vec<OrganisationId> = Vec::new();
            let mut fell: Vec<OrganisationId> = Vec::new();
            for stage in 0..4 {
                let told_before = !told.is_empty();
                let here: Vec<&Asked> = asked
                    .iter()
                    .filter(|asked| match asked {
                        Asked::Asn(_) => stage == 1,
                        Asked::Announced(_) => stage == 2,
                        Asked::Country(_) => stage == 3,
                        _ => stage == 0,
                    })
                    .filter(|asked| !left_out(asked))
                    .collect();
                for asked in &here {
                    let met = |asset: &&&Asset| meets(&asset.value, asked).is_some();
                    fell.extend(
                        assets
                            .iter()
                            .filter(met)
                            .filter(|a| is_hole(a, asked))
                            .map(|asset| asset.organisation),
                    );
                    let standing: Vec<((u8, usize), bool, OrganisationId)> = assets
                        .iter()
                        .filter(|asset| !is_hole(asset, asked))
                        .filter_map(|asset| {
                            let specific = meets(&asset.value, asked)?;
                            let in_a_hole = assets.iter().any(|hole| {
                                hole.organisation == asset.organisation
                                    && is_hole(hole, asked)
                                    && meets(&hole.value, asked).is_some_and(|wide| wide >= specific)
                            });
                            (!in_a_hole).then_some((
                                specific,
                                asset.proof != Proof::Asserted,
                                asset.organisation,
                            ))
                        })
                        .filter(|(_, _, organisation)| stage == 0 || !fell.contains(organisation))
                        .collect();
                    if stage > 0 && told_before {
                        continue;
                    }
                    let best = standing.iter().map(|(specific, proven, _)| (*specific, *proven)).max();
                    told.extend(
                        standing
                            .iter()
                            .filter(|(specific, proven, _)| Some((*specific, *proven)) == best)
                            .map(|(_, _, organisation)| *organisation),
                    );
                }
            }
            out.extend(told.into_iter().map(|organisation| Assignee { organisation, role, end }));
        }
    }
    out.sort_unstable();
    out.dedup();
    out
}

/// An asset that its organisation, which has the same number, owns without end.
fn plain(id: u32, value: AssetValue) -> Asset {
    Asset {
        id: AssetId(id),
        organisation: OrganisationId(id),
        value,
        role: Role::Owner,
        valid_from: None,
        valid_until: None,
        proof: Proof::Asserted,
        flags: AssetFlags::default(),
        note: String::new(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1_000) })]

    #[test]
    fn assign_agrees_with_the_brute_force_and_with_explain(
        register in register(),
        observations in prop::collection::vec(any_observation(), 1..8),
    ) {
        let snapshot = Snapshot::build(&register);
        let smaller = Snapshot::build(&with_relevant_prefixes(&register));
        let mut scratch = Scratch::default();
        for observation in &observations {
            let assigned = snapshot.assign(observation, &mut scratch).to_vec();
            prop_assert_eq!(&assigned, &brute_force(&register, observation));
            prop_assert_eq!(&assigned, smaller.assign(observation, &mut scratch));
            let query = Query::of(observation);
            let explained = snapshot.explain(&query);
            prop_assert_eq!(&explained, &Snapshot::build(&narrowed(&register, &query)).explain(&query));
            let mut winners: Vec<_> = explained
                .iter()
                .filter(|candidate| candidate.won)
                .map(|candidate| Assignee {
                    organisation: candidate.organisation,
                    role: candidate.role,
                    end: candidate.end,
                })
                .collect();
            winners.sort_unstable();
            winners.dedup();
            prop_assert_eq!(&assigned, &winners);
            // An explanation shows every asset that meets an input, and says of each what the register says.
            for candidate in &explained {
                let asset = &register.assets[candidate.asset.0 as usize];
                prop_assert_eq!((asset.organisation, asset.role), (candidate.organisation, candidate.role));
                prop_assert!(!candidate.why.is_empty());
            }
            for (end, endpoint) in [(End::Source, &observation.source), (End::Target, &observation.target)] {
                for asset in &register.assets {
                    let asked = asked(endpoint, &register.announced);
                    let met = asked.iter().any(|asked| shows(&asset.value, asked));
                    let shown = explained.iter().any(|c| c.asset == asset.id && c.end == end);
                    prop_assert_eq!(met, shown, "{:?}", asset);
                }
            }
        }
    }

    #[test]
    fn the_longest_prefix_is_that_of_a_trie(nets in prop::collection::vec(net(), 0..200), ips in prop::collection::vec(ip(), 1..50)) {
        let mut v4: PrefixMap<Ipv4Net, u32> = PrefixMap::new();
        let mut v6: PrefixMap<Ipv6Net, u32> = PrefixMap::new();
        let mut assets = Vec::new();
        for (net, id) in nets.into_iter().zip(0u32..) {
            let seen_before = match net {
                IpNet::V4(net) => v4.insert(net, id).is_some(),
                IpNet::V6(net) => v6.insert(net, id).is_some(),
            };
            if seen_before {
                assets.retain(|asset: &Asset| asset.value != AssetValue::Prefix(net));
            }
            assets.push(plain(id, AssetValue::Prefix(net)));
        }
        let snapshot = Snapshot::build(&Register { assets, ..Register::default() });
        let mut scratch = Scratch::default();
        for ip in ips {
            let longest = match ip {
                IpAddr::V4(ip) => v4.get_lpm(&Ipv4Net::from(ip)).map(|(_, id)| *id),
                IpAddr::V6(ip) => v6.get_lpm(&Ipv6Net::from(ip)).map(|(_, id)| *id),
            };
            let one = observation(Endpoint { ip: Some(ip), ..Endpoint::default() }, Endpoint::default());
            let assigned = snapshot.assign(&one, &mut scratch).iter().map(|assignee| assignee.organisation.0);
            prop_assert_eq!(assigned.collect::<Vec<_>>(), longest.into_iter().collect::<Vec<_>>());
        }
    }

    /// The prefixes of a table, every second one announced by somebody in the register.
    #[test]
    fn the_most_specific_announcement_is_that_of_a_trie(nets in prop::collection::vec(net(), 0..200), ips in prop::collection::vec(ip(), 1..50)) {
        let mut v4: PrefixMap<Ipv4Net, u32> = PrefixMap::new();
        let mut v6: PrefixMap<Ipv6Net, u32> = PrefixMap::new();
        let mut prefixes: Vec<AnnouncedPrefix> = Vec::new();
        for (net, asn) in nets.into_iter().zip(1u32..) {
            match net {
                IpNet::V4(net) => drop(v4.insert(net, asn)),
                IpNet::V6(net) => drop(v6.insert(net, asn)),
            }
            prefixes.retain(|prefix| prefix.net != net);
            prefixes.push(AnnouncedPrefix { net, origin: Origin::Asn(asn), country: None });
        }
        let registered = |asn: &u32| asn.is_multiple_of(2);
        let assets = (1..=prefixes.len() as u32 + 200).filter(registered).map(|asn| plain(asn, AssetValue::Asn(asn)));
        let register = Register {
            assets: assets.collect(),
            announced: Announced { prefixes, ..Announced::default() },
            ..Register::default()
        };
        let mut scratch = Scratch::default();
        for register in [with_relevant_prefixes(&register), register] {
            let snapshot = Snapshot::build(&register);
            for ip in &ips {
                let longest = match ip {
                    IpAddr::V4(ip) => v4.get_lpm(&Ipv4Net::from(*ip)).map(|(_, asn)| *asn),
                    IpAddr::V6(ip) => v6.get_lpm(&Ipv6Net::from(*ip)).map(|(_, asn)| *asn),
                };
                let one = observation(Endpoint { ip: Some(*ip), ..Endpoint::default() }, Endpoint::default());
                let assigned = snapshot.assign(&one, &mut scratch).iter().map(|assignee| assignee.organisation.0);
                let expected: Vec<u32> = longest.into_iter().filter(registered).collect();
                prop_assert_eq!(assigned.collect::<Vec<_>>(), expected);
            }
        }
    }

    #[test]
    fn nothing_in_a_report_makes_it_panic(register in register(), texts in prop::array::uniform4(".{0,40}")) {
        let [fqdn, reverse_dns, url, account] = &texts;
        let end = Endpoint {
            fqdn: Cow::Borrowed(fqdn),
            reverse_dns: Cow::Borrowed(reverse_dns),
            url: Cow::Borrowed(url),
            account: Cow::Borrowed(account),
            ..Endpoint::default()
        };
        let one = observation(end.clone(), end);
        let snapshot = Snapshot::build(&register);
        snapshot.assign(&one, &mut Scratch::default());
        snapshot.explain(&Query::of(&one));
    }
}
