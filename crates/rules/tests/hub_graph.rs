//! Hubs linked in any way, with registers that are wrong in any way: no marking is broken, nothing goes in circles, and no parcel is left without a fate.

#![allow(clippy::unwrap_used)] // Helpers of tests stop the test.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use proptest::prelude::*;
use schakel_formats::hub::parcel::{Content, Parcel, SealedEvent};
use schakel_model::{
    hub::{
        Direction, FindingKeyOnLink, HOPS_MAX, HubName, Link, LinkState, LinkTerms, ParcelClass, ParcelId,
        ParcelState, Purpose, ReceiptOutcome, Rejection, StatusLevel, Transport,
    },
    ids::LinkId,
    tlp::{Terms, Tlp},
};
use schakel_rules::{
    handover::{self, AfterReceipt, BOUNCES_MAX, after_receipt, by_link, was_taken},
    hub::{self, accept},
};

const NOW: i64 = 1_800_000_000;

/// Things that findings are about.
const THINGS: usize = 3;

/// Whose a hub thinks something is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Owner {
    /// Of an organisation that people can be told at.
    People,
    /// Of the organisation that another hub stands for; are there people as well?
    Hub { hub: usize, and_people: bool },
}

/// What became of a finding at a hub.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum End {
    HandedOver,
    Told,
    Undeliverable,
    NoContact,
    Unrouted,
}

#[derive(Clone, Debug)]
struct World {
    hubs: usize,
    /// What one side agreed to, by (it, the other).
    links: BTreeMap<(usize, usize), LinkTerms>,
    /// The owners of each thing at each hub, the likeliest first.
    registers: Vec<Vec<Vec<Owner>>>,
    /// Where which thing is reported, and how it is marked.
    reports: Vec<(usize, usize, Tlp, bool)>,
    /// Which of what is under way comes next.
    order: Vec<usize>,
    /// Which of what arrives arrives again later.
    again: Vec<bool>,
}

fn terms() -> impl Strategy<Value = LinkTerms> {
    let direction =
        prop_oneof![3 => Just(Direction::Both), 1 => Just(Direction::Out), 1 => Just(Direction::In)];
    let purposes = prop_oneof![
        4 => Just(vec![Purpose::Notify, Purpose::Statistics]),
        1 => Just(vec![Purpose::Notify]),
        1 => Just(vec![Purpose::Statistics]),
    ];
    (direction, purposes, proptest::sample::select(&Tlp::ALL[..])).prop_map(
        |(direction, purposes, tlp_max)| LinkTerms {
            direction,
            transport: Transport::Push,
            tlp_max,
            purposes,
            parcels_per_hour: 1_000,
            credit: 1_000,
            service_level_seconds: 60,
            status: StatusLevel::PerFinding,
            retention_days: 30,
        },
    )
}

fn world() -> impl Strategy<Value = World> {
    (2usize..10).prop_flat_map(|hubs| {
        let owner = prop_oneof![
            1 => Just(Owner::People),
            4 => (0..hubs, any::<bool>()).prop_map(|(hub, and_people)| Owner::Hub { hub, and_people }),
        ];
        let register = proptest::collection::vec(proptest::collection::vec(owner, 0..4), THINGS);
        let marking = proptest::sample::select(&Tlp::ALL[..]);
        (
            proptest::collection::btree_map((0..hubs, 0..hubs), terms(), 0..hubs * hubs),
            proptest::collection::vec(register, hubs),
            proptest::collection::vec((0..hubs, 0..THINGS, marking, proptest::bool::weighted(0.9)), 1..6),
            proptest::collection::vec(0usize..1_000, 8),
            proptest::collection::vec(any::<bool>(), 5),
        )
            .prop_map(move |(links, registers, reports, order, again)| World {
                hubs,
                links,
                registers,
                reports,
                order,
                again,
            })
    })
}

fn name(hub: usize) -> HubName {
    format!("hub{hub}.example").parse().unwrap()
}

/// A parcel on its way.
#[derive(Clone)]
struct UnderWay {
    from: usize,
    to: usize,
    thing: usize,
    parcel: Parcel,
}

/// What a hub knows of a finding.
#[derive(Default)]
struct Finding {
    /// Owners that it was tried at.
    tried: usize,
    bounces: u32,
    tellings: u32,
    end: Option<End>,
    terms: Option<Terms>,
    path: Vec<HubName>,
}

struct Run<'a> {
    world: &'a World,
    under_way: VecDeque<UnderWay>,
    findings: BTreeMap<(usize, usize), Finding>,
    /// What each parcel came to.
    fates: BTreeMap<u64, (ParcelState, Option<ReceiptOutcome>)>,
    next: u64,
    /// Parcels that had their effect, by hub.
    known: BTreeSet<(usize, u64)>,
    /// Whoever waits to hear that it is not the other's: by (hub, thing), the parcels that brought it.
    brought: BTreeMap<(usize, usize), Vec<(usize, u64)>>,
}

impl Run<'_> {
    fn link(&self, from: usize, to: usize) -> Option<Link> {
        let terms = self.world.links.get(&(from, to))?.clone();
        Some(Link {
            id: LinkId((from * 100 + to) as u32),
            peer: name(to),
            url: String::new(),
            organisation: "X".into(),
            state: LinkState::Active,
            terms,
            created_at: 0,
            ended_at: None,
        })
    }

    /// A finding is there, or came back: the next owner is told.
    fn route(&mut self, at: usize, thing: usize) {
        let finding = self.findings.entry((at, thing)).or_default();
        let (terms, path, bounces) = (finding.terms.unwrap(), finding.path.clone(), finding.bounces);
        let owner = self.world.registers[at][thing].get(finding.tried).copied();
        finding.tried += 1;
        let end = match owner {
            None => End::Unrouted,
            Some(Owner::People) => self.tell(at, thing, terms),
            Some(Owner::Hub { hub, and_people }) => {
                let link = self.link(at, hub).filter(|_| hub != at);
                let facts = link.as_ref().map(|link| handover::Facts { link, terms, path: &path, bounces });
                match facts.map(|facts| by_link(&facts)) {
                    Some(Ok(())) => {
                        self.send(at, hub, thing, terms, path, &link.unwrap());
                        return;
                    }
                    _ if and_people => self.tell(at, thing, terms),
                    _ => End::NoContact,
                }
            }
        };
        self.findings.get_mut(&(at, thing)).unwrap().end = Some(end);
        if end == End::Unrouted {
            // Those who brought it hear that it is nobody's here.
            for (from, parcel) in self.brought.remove(&(at, thing)).unwrap_or_default() {
                self.receipt(from, thing, parcel, ReceiptOutcome::NotMine);
            }
        }
    }

    fn tell(&mut self, at: usize, thing: usize, terms: Terms) -> End {
        if !terms.may_notify || terms.tlp == Tlp::Red {
            return End::NoContact;
        }
        self.findings.get_mut(&(at, thing)).unwrap().tellings += 1;
        End::Told
    }

    fn send(&mut self, from: usize, to: usize, thing: usize, terms: Terms, path: Vec<HubName>, link: &Link) {
        self.next += 1;
        let mut id = [0; 16];
        id[..8].copy_from_slice(&self.next.to_le_bytes());
        let path: Vec<HubName> = path.into_iter().chain([name(from)]).collect();
        let parcel = Parcel {
            id: ParcelId(id),
            key: FindingKeyOnLink(id),
            revision: 1,
            class: ParcelClass::Normal,
            origin: path[0].clone(),
            hop_limit: HOPS_MAX.saturating_sub(path.len() as u8 + 1),
            path,
            tlp: terms.tlp,
            purposes: link.terms.purposes.clone(),
            may_notify: terms.may_notify,
            may_look_up: true,
            expires_at: NOW + 1_000,
            asset: None,
            content: Content::Sealed(SealedEvent {
                to: String::new(),
                target: String::new(),
                message: Vec::new(),
            }),
        };
        // What leaves keeps to what was agreed here.
        assert!(parcel.tlp <= link.terms.tlp_max && parcel.tlp < Tlp::Red && parcel.may_notify);
        assert!(!parcel.path.contains(&name(to)), "back to a hub that had it");
        assert!(parcel.path.len() < usize::from(HOPS_MAX));
        self.fates.insert(self.next, (ParcelState::Sent, None));
        self.under_way.push_back(UnderWay { from, to, thing, parcel });
    }

    /// What each finding came to.
    fn ends(&self) -> Vec<(Option<End>, u32, u32)> {
        self.findings.values().map(|one| (one.end, one.tellings, one.bounces)).collect()
    }

    /// A parcel arrives.
    fn arrive(&mut self, one: UnderWay) {
        let UnderWay { from, to, thing, parcel } = one;
        let number = u64::from_le_bytes(parcel.id.0[..8].try_into().unwrap());
        let outcome = match self.link(to, from) {
            // Nobody knows who signed it: the request is refused, and the link of the sender never begins to carry. Here it ends.
            None => ReceiptOutcome::Rejected(Rejection::Scope),
            Some(link) => accept(&hub::Facts {
                parcel: &parcel,
                made_at: NOW,
                ours: &name(to),
                peer: &name(from),
                state: link.state,
                terms: &link.terms,
                known: self.known.contains(&(to, number)),
                last_hour: 0,
                now: NOW,
            }),
        };
        self.receipt(from, thing, number, outcome);
        if outcome != ReceiptOutcome::Accepted {
            return;
        }
        assert!(self.known.insert((to, number)), "a second effect");
        // A marking goes on as it was.
        let sent = self.findings[&(from, thing)].terms.unwrap();
        assert_eq!((parcel.tlp, parcel.may_notify), (sent.tlp, sent.may_notify));
        let theirs = &self.world.links[&(to, from)];
        assert!(parcel.tlp <= theirs.tlp_max && parcel.tlp < Tlp::Red);
        self.brought.entry((to, thing)).or_default().push((from, number));
        let finding = self.findings.entry((to, thing)).or_default();
        // By another way it was here before: it is known, and has no second effect.
        if finding.terms.is_some() {
            if finding.end == Some(End::Unrouted) {
                for (from, parcel) in self.brought.remove(&(to, thing)).unwrap_or_default() {
                    self.receipt(from, thing, parcel, ReceiptOutcome::NotMine);
                }
            }
            return;
        }
        finding.terms = Some(Terms { tlp: parcel.tlp, may_notify: parcel.may_notify });
        finding.path = parcel.path;
        self.route(to, thing);
    }

    fn receipt(&mut self, at: usize, thing: usize, parcel: u64, receipt: ReceiptOutcome) {
        let (state, outcome) = self.fates[&parcel];
        let AfterReceipt::Answered(outcome) = after_receipt(state, outcome, receipt, 1, NOW) else { return };
        self.fates.insert(parcel, (ParcelState::Answered, Some(outcome)));
        let finding = self.findings.get_mut(&(at, thing)).unwrap();
        finding.end = Some(match outcome {
            ReceiptOutcome::Rejected(_) => End::Undeliverable,
            _ => End::HandedOver,
        });
        if outcome == ReceiptOutcome::NotMine {
            finding.bounces += 1;
            self.route(at, thing);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn no_marking_is_broken_nothing_goes_in_circles_and_every_parcel_has_a_fate(world in world()) {
        let mut run = Run {
            world: &world,
            under_way: VecDeque::new(),
            findings: BTreeMap::new(),
            fates: BTreeMap::new(),
            next: 0,
            known: BTreeSet::new(),
            brought: BTreeMap::new(),
        };
        for (hub, thing, tlp, may_notify) in &world.reports {
            let finding = run.findings.entry((*hub, *thing)).or_default();
            if finding.terms.is_some() {
                continue;
            }
            finding.terms = Some(Terms { tlp: *tlp, may_notify: *may_notify });
            run.route(*hub, *thing);
        }
        let mut steps = 0;
        while !run.under_way.is_empty() {
            let next = world.order[steps % world.order.len()] % run.under_way.len();
            let one = run.under_way.remove(next).unwrap();
            // Every parcel goes one way through, and each finding at a hub is sent to as many as it has owners.
            steps += 1;
            prop_assert!(steps <= world.hubs * THINGS * 4, "it does not end");
            let again = world.again[steps % world.again.len()].then(|| one.clone());
            run.arrive(one);
            // The same parcel once more, as over a line that doubles: nothing follows from it.
            if let Some(again) = again {
                let ends = run.ends();
                run.arrive(again);
                prop_assert_eq!(ends, run.ends(), "what came twice had an effect");
            }
        }
        for (parcel, (state, outcome)) in &run.fates {
            prop_assert_eq!(*state, ParcelState::Answered, "{}", parcel);
            let outcome = outcome.unwrap();
            prop_assert!(was_taken(outcome) || matches!(outcome, ReceiptOutcome::NotMine | ReceiptOutcome::Rejected(_)));
        }
        for ((hub, thing), finding) in &run.findings {
            prop_assert!(finding.end.is_some(), "{} {}", hub, thing);
            prop_assert!(finding.tellings <= 1, "told twice at hub {}", hub);
            prop_assert!(finding.bounces <= BOUNCES_MAX, "{} hubs have said that it is not theirs", finding.bounces);
        }
        let told: BTreeSet<_> = run.findings.iter().filter(|(_, one)| one.tellings > 0).collect::<Vec<_>>().iter().map(|(key, _)| *key).collect();
        for (hub, thing) in told {
            let terms = run.findings[&(*hub, *thing)].terms.unwrap();
            prop_assert!(terms.tlp < Tlp::Red && terms.may_notify);
        }
    }
}
