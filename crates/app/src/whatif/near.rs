//! Which events a change of the register can concern at all. Attribution looks only at the assets that an event's values meet, so an
//! event that meets none of the assets touched by a change is attributed alike before and after it.

use schakel_attribute::Snapshot;
use schakel_model::{
    announced::Announced,
    asset::{Asset, AssetFlags, Proof, Role},
    register::Register,
};

use crate::changed_register::{reach_alike, touched};

/// The assets that a change touches, each at its widest: in one role, always valid, without holes. None when fates differ as well, for
/// then every event may be told otherwise.
pub fn touched_at_their_widest(standing: &Register, changed: &Register) -> Option<Vec<Asset>> {
    let widest = |asset: &Asset| Asset {
        role: Role::Owner,
        valid_from: None,
        valid_until: None,
        proof: Proof::Asserted,
        flags: AssetFlags::default(),
        ..asset.clone()
    };
    reach_alike(standing, changed).then(|| touched(standing, changed).into_iter().map(widest).collect())
}

/// The table in which an event is looked up first: whom it gives to nobody is the same before and after the change. `announced`: what
/// attribution needs of the announced prefixes for these assets.
pub fn table(assets: Vec<Asset>, announced: Announced) -> Snapshot {
    Snapshot::build(&Register { assets, announced, ..Register::default() })
}

#[cfg(test)]
mod tests {
    use std::{borrow::Cow, cell::Cell, net::IpAddr};

    use proptest::{
        prelude::*,
        test_runner::{Config, TestRunner},
    };
    use schakel_attribute::Scratch;
    use schakel_model::{
        announced::{AnnouncedPrefix, AnnouncedTable, Origin, Relevant},
        asset::AssetValue,
        classification::ClassificationType,
        ids::{AssetId, ContactId, OrganisationId, RelationId},
        language::Language,
        observation::{Endpoint, Identity, Observation, ObservedAt, Polarity, Transport},
        register::{Contact, ContactRole},
        relation::{Mandate, Relation, RelationKind},
        severity::Severity,
        tlp::Tlp,
    };

    use super::*;
    use crate::{difference::Met, pipeline::state::RegisterView, whatif::concerns as concerns_of};

    const NOW: i64 = 110;

    /// Addresses close together, so that prefixes nest, touch and repeat.
    fn ip() -> impl Strategy<Value = IpAddr> {
        prop_oneof![
            (0u32..16).prop_map(|low| IpAddr::V4((0xC612_0000 | low).into())),
            (0u128..16).prop_map(|low| IpAddr::V6((0x2001_0db8 << 96 | low).into())),
        ]
    }

    fn net() -> impl Strategy<Value = ipnet::IpNet> {
        (ip(), 0u8..6).prop_map(|(ip, shorter)| {
            let width = if ip.is_ipv4() { 32 } else { 128 };
            ipnet::IpNet::new(ip, width - shorter).expect("it is no longer than an address").trunc()
        })
    }

    fn name() -> impl Strategy<Value = String> {
        prop::collection::vec(prop::sample::select(vec!["a", "ba"]), 1..4)
            .prop_map(|labels| format!("{}.nl", labels.join(".")))
    }

    fn url() -> impl Strategy<Value = String> {
        let path = prop::sample::select(vec!["", "/a", "/a/b", "/ab"]);
        (prop_oneof![3 => name(), 1 => ip().prop_map(host)], path)
            .prop_map(|(host, path)| format!("http://{host}{path}"))
    }

    fn host(ip: IpAddr) -> String {
        if ip.is_ipv4() { ip.to_string() } else { format!("[{ip}]") }
    }

    fn handle() -> impl Strategy<Value = String> {
        prop::sample::select(vec!["ORG-A-RIPE", "ORG-B-RIPE", "ORG-C-RIPE"]).prop_map(str::to_owned)
    }

    fn asn() -> impl Strategy<Value = u32> {
        64_496u32..64_500
    }

    fn country() -> impl Strategy<Value = [u8; 2]> {
        prop::sample::select(vec![*b"NL", *b"BE"])
    }

    fn asset() -> impl Strategy<Value = Asset> {
        let value = prop_oneof![
            4 => net().prop_map(AssetValue::Prefix),
            1 => ip().prop_map(AssetValue::Address),
            2 => name().prop_map(AssetValue::Domain),
            1 => name().prop_map(AssetValue::Hostname),
            1 => name().prop_map(AssetValue::MailDomain),
            2 => url().prop_map(AssetValue::Url),
            2 => asn().prop_map(AssetValue::Asn),
            2 => handle().prop_map(AssetValue::RipeHandle),
            1 => country().prop_map(AssetValue::Country),
        ];
        let flag = || prop::bool::weighted(0.2);
        let time = || prop::option::weighted(0.3, 98i64..103);
        let roles = vec![Role::Owner, Role::Owner, Role::Operator, Role::Supplier];
        let role = prop::sample::select(roles);
        (value, 1u32..5, role, (time(), time()), prop::sample::select(Proof::ALL), (flag(), flag())).prop_map(
            |(value, organisation, role, (valid_from, valid_until), proof, (shared_hosting, excluded))| {
                Asset {
                    id: AssetId(0),
                    organisation: OrganisationId(organisation),
                    value,
                    role,
                    valid_from,
                    valid_until,
                    proof,
                    flags: AssetFlags { dynamic: false, shared_hosting, excluded },
                    note: String::new(),
                }
            },
        )
    }

    fn table_of_the_world() -> impl Strategy<Value = Vec<AnnouncedPrefix>> {
        let origin = prop_oneof![asn().prop_map(Origin::Asn), handle().prop_map(Origin::Handle)];
        let prefix = (net(), origin).prop_map(|(net, origin)| AnnouncedPrefix { net, origin, country: None });
        prop::collection::vec(prefix, 0..12).prop_map(|mut prefixes| {
            prefixes.sort_by_key(|prefix| (prefix.table(), prefix.net));
            prefixes
        })
    }

    /// Of the whole table what the store would load for these assets.
    fn loaded(world: &[AnnouncedPrefix], assets: &[Asset]) -> Announced {
        let is_registered = |origin: &Origin| {
            assets.iter().any(|asset| match (&asset.value, origin) {
                (AssetValue::Asn(known), Origin::Asn(asn)) => known == asn,
                (AssetValue::RipeHandle(known), Origin::Handle(handle)) => known == handle,
                _ => false,
            })
        };
        let mut tables = AnnouncedTable::ALL.map(|_| Relevant::default());
        let mut keep = |prefix: &AnnouncedPrefix| {
            tables[prefix.table() as usize].keep(prefix.net, is_registered(&prefix.origin))
        };
        let prefixes = world.iter().filter(|prefix| keep(prefix)).cloned().collect();
        Announced { prefixes, dates: [Some(100); 4] }
    }

    fn endpoint() -> impl Strategy<Value = Endpoint<'static>> {
        let text = |text: Option<String>| Cow::Owned(text.unwrap_or_default());
        let maybe = |name| prop::option::weighted(0.3, name);
        (
            prop::option::of(ip()),
            maybe(name().boxed()),
            maybe(name().boxed()),
            maybe(url().boxed()),
            maybe(name().boxed()),
            prop::option::weighted(0.3, asn()),
            prop::option::weighted(0.3, country()),
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

    fn observation() -> impl Strategy<Value = Observation<'static>> {
        let kinds = vec![ClassificationType::VulnerableSystem, ClassificationType::Phishing];
        let target = prop_oneof![Just(Endpoint::default()), endpoint()];
        (endpoint(), target, 97u32..104, prop::sample::select(kinds)).prop_map(
            |(source, target, at, classification)| Observation {
                observed_at: ObservedAt(at),
                source,
                target,
                transport: Transport::Tcp,
                classification,
                identifier: Cow::Borrowed(""),
                malware: Cow::Borrowed(""),
                severity: Severity::Low,
                polarity: Polarity::Seen,
                identity: Identity::SERVICE,
            },
        )
    }

    /// Each organisation has a contact, but the last; the second stands in the place of the third, and the first is a supplier.
    fn register(assets: Vec<Asset>, world: &[AnnouncedPrefix]) -> Register {
        let contact = |organisation| Contact {
            id: ContactId(organisation),
            organisation: OrganisationId(organisation),
            role: ContactRole::Vcib,
            name: String::new(),
            email: format!("v{organisation}@example.nl"),
            phone: String::new(),
            language: Language::Nl,
            tlp_max: Tlp::Red,
            position: 0,
            valid_from: None,
            valid_until: None,
        };
        let relation = |from, kind, to| Relation {
            id: RelationId(from),
            from: OrganisationId(from),
            kind,
            to: OrganisationId(to),
            mandate: Mandate::Copied,
            scan_consent: false,
            valid_from: None,
            valid_until: None,
            note: String::new(),
        };
        Register {
            announced: loaded(world, &assets),
            assets,
            contacts: [1, 2, 3].map(contact).to_vec(),
            relations: vec![relation(1, RelationKind::Supplies, 2), relation(3, RelationKind::MergedInto, 2)],
            ..Register::default()
        }
    }

    /// Before and after: most assets stay, some go, some come, some come back different.
    fn changes() -> impl Strategy<Value = (Vec<Asset>, Vec<Asset>)> {
        let stays = prop::collection::vec(asset(), 0..12);
        let gone = prop::collection::vec(asset(), 0..3);
        let new = prop::collection::vec(asset(), 0..3);
        let other = prop::collection::vec((asset(), asset()), 0..2);
        (stays, gone, new, other).prop_map(|(stays, gone, new, other)| {
            let mut before = [stays.clone(), gone].concat();
            let mut after = [stays, new].concat();
            for (asset, like) in other {
                after.push(Asset { role: like.role, flags: like.flags, proof: like.proof, ..asset.clone() });
                before.push(asset);
            }
            for assets in [&mut before, &mut after] {
                assets.iter_mut().zip(1..).for_each(|(asset, id)| asset.id = AssetId(id));
            }
            (before, after)
        })
    }

    /// Replays every event of every case under both registers, and compares with what the short way leaves out.
    #[test]
    fn no_event_that_a_change_concerns_is_left_out() {
        let strategy = (changes(), table_of_the_world(), prop::collection::vec(observation(), 20));
        let (different, left_out) = (Cell::new(0_u32), Cell::new(0_u32));
        let mut runner = TestRunner::new(Config { cases: 2_000, ..Config::default() });
        let run = runner.run(&strategy, |((before, after), world, observations)| {
            let standing = RegisterView::new(register(before, &world));
            let changed = RegisterView::new(register(after, &world));
            let assets = touched_at_their_widest(&standing.register, &changed.register)
                .expect("contacts and relations are the same");
            let announced = loaded(&world, &assets);
            let near = table(assets, announced);
            let mut scratch = Scratch::default();
            for observation in &observations {
                let concerns = |view: &RegisterView| {
                    let set = view.snapshot.assign(observation, &mut Scratch::default()).to_vec();
                    (concerns_of(view, &set, Tlp::Amber.into(), NOW), set)
                };
                let ((before, set_before), (after, set_after)) = (concerns(&standing), concerns(&changed));
                let differs = Met::between(&before, &after).is_some();
                different.set(different.get() + u32::from(differs));
                if near.assign(observation, &mut scratch).is_empty() || set_before == set_after {
                    left_out.set(left_out.get() + 1);
                    prop_assert!(!differs, "left out: {observation:?}: {before:?} {after:?}");
                    prop_assert_eq!(&set_before, &set_after);
                }
            }
            Ok(())
        });
        run.expect("nothing is left out that should not be");
        // The cases are worth something: both happen often.
        assert!(different.get() > 1_000, "only {} events were different", different.get());
        assert!(left_out.get() > 1_000, "only {} events were left out", left_out.get());
    }
}
