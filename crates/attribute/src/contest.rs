//! Who wins: the one place where it is decided, for [`Snapshot::assign`] and [`Snapshot::explain`] alike.
//!
//! [`Snapshot::assign`]: crate::Snapshot::assign
//! [`Snapshot::explain`]: crate::Snapshot::explain

use schakel_model::{
    asset::{AssetKind, Role},
    assignment::Assignee,
    classification::ClassificationType,
    ids::OrganisationId,
};

use crate::{
    announced::MOST_SPECIFIC,
    candidate::Rule,
    entry::Entry,
    selectors::{Group, NameSource, Selector, Selectors},
};

/// Buffers to reuse between calls.
#[derive(Default)]
pub struct Scratch {
    pub(crate) selectors: Selectors,
    pub(crate) matches: Vec<Match>,
    holes: Vec<Hole>,
    /// The assignees of the last call.
    pub(crate) out: Vec<Assignee>,
}

/// Kinds of event that go by names only, because the address behind the name is somebody else's more often than not:
/// phishing pages and leaked data (credentials).
pub fn names_only(kind: ClassificationType) -> bool {
    matches!(kind, ClassificationType::Phishing | ClassificationType::DataLeak)
}

/// An asset that a selector meets.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Match {
    pub entry: Entry,
    /// How specific, comparable within a group: the higher wins.
    pub rank: u32,
    pub verdict: Verdict,
}

/// What became of a match. `by`: the match that decided, when it was another one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Verdict {
    Open,
    Won(Rule),
    Lost { rule: Rule, by: Option<u32> },
}

/// A match that takes an organisation out of a role for everything that is no more specific.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Hole {
    organisation: OrganisationId,
    role: Role,
    rank: u32,
    rule: Rule,
    by: u32,
}

/// What counts for the whole end.
struct Stand {
    at: u32,
    names_only: bool,
    named: bool,
    states_asn: bool,
    /// By role: the first match that won in it.
    told: ByRole,
    /// The same, as it stood before the class of fallbacks that is being judged.
    told_before: ByRole,
    class: Class,
}

type ByRole = [Option<u32>; Role::ALL.len()];

impl Scratch {
    /// Judges all matches of an end. The groups' ranges say which matches are whose; fallbacks stand last.
    pub(crate) fn judge(&mut self, at: u32, kind: Option<ClassificationType>) {
        let named = self.selectors.named;
        let names_only = named && kind.is_some_and(names_only);
        let nobody = ByRole::default();
        let states_asn = self.selectors.states_asn;
        let mut stand = Stand {
            at,
            names_only,
            named,
            states_asn,
            told: nobody,
            told_before: nobody,
            class: Class::Address,
        };
        let Self { selectors, matches, holes, .. } = self;
        holes.clear();
        for group in selectors.groups.iter().filter(|group| !group.matches.is_empty()) {
            judge_group(group, matches, holes, &mut stand);
        }
    }

    /// Adds the winners to the result.
    pub(crate) fn collect(&mut self, end: schakel_model::assignment::End) {
        for found in &self.matches {
            if let Verdict::Won(_) = found.verdict {
                let (organisation, role) = (found.entry.organisation, found.entry.role());
                self.out.push(Assignee { organisation, role, end });
            }
        }
    }
}

fn judge_group(group: &Group, matches: &mut [Match], holes: &mut Vec<Hole>, stand: &mut Stand) {
    let class = Class::of(group);
    if stand.class != class {
        (stand.class, stand.told_before) = (class, stand.told);
    }
    let first = group.matches.start as usize;
    let matches = &mut matches[first..group.matches.end as usize];
    let holes_before = holes.len();
    for (at, found) in matches.iter_mut().enumerate() {
        let by = (first + at) as u32;
        found.verdict = class.out_at_once(found, stand);
        if let Verdict::Lost { rule: rule @ (Rule::Excluded | Rule::SharedHosting), .. } = found.verdict
            && !(stand.names_only && class.by_address())
        {
            let (organisation, role) = (found.entry.organisation, found.entry.role());
            holes.push(Hole { organisation, role, rank: found.rank, rule, by });
        }
    }
    if class.fallback() {
        if !holes.is_empty() {
            holes.sort_unstable();
            fall_into_holes(matches, holes, |_, _| true);
        }
    } else if holes.len() > holes_before {
        let holes = &mut holes[holes_before..];
        holes.sort_unstable();
        fall_into_holes(matches, holes, |hole, found| hole.rank >= found.rank);
    }
    // Most values have one owner: nobody to compare with.
    if let [found] = matches {
        let role = found.entry.role() as usize;
        match stand.told_before[role] {
            _ if found.verdict != Verdict::Open => {}
            Some(by) if class.fallback() => {
                found.verdict = Verdict::Lost { rule: class.rule(), by: Some(by) };
            }
            _ => {
                found.verdict = Verdict::Won(class.rule());
                stand.told[role].get_or_insert(first as u32);
            }
        }
        return;
    }
    let roles = matches.iter().fold(0u8, |roles, found| match found.verdict {
        Verdict::Open => roles | 1 << found.entry.role() as u8,
        _ => roles,
    });
    for &role in Role::ALL.iter().filter(|&&role| roles & (1 << role as u8) != 0) {
        match stand.told_before[role as usize] {
            Some(by) if class.fallback() => lose_to(matches, role, class.rule(), by),
            _ => {
                let winner = contest(matches, role, class.rule(), first);
                let told = &mut stand.told[role as usize];
                *told = told.or(winner);
            }
        }
    }
}

/// The classes of selectors.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Class {
    Address,
    ReverseDns,
    Name,
    Asn,
    Announced,
    Country,
}

impl Class {
    fn of(group: &Group) -> Self {
        match group.selector {
            Selector::Address(_) => Self::Address,
            Selector::Name { source: NameSource::ReverseDns, .. } => Self::ReverseDns,
            Selector::Name { .. } | Selector::Url(_) | Selector::Account(_) => Self::Name,
            Selector::Asn(_) => Self::Asn,
            Selector::Announced(_) => Self::Announced,
            Selector::Country(_) => Self::Country,
        }
    }

    /// Counts only when nothing before it does.
    fn fallback(self) -> bool {
        matches!(self, Self::Asn | Self::Announced | Self::Country)
    }

    /// Says something of the address, not of a name.
    fn by_address(self) -> bool {
        matches!(self, Self::Address | Self::ReverseDns | Self::Asn | Self::Announced)
    }

    /// The rule by which the most specific wins in this class.
    fn rule(self) -> Rule {
        match self {
            Self::Address => Rule::LongestPrefix,
            Self::ReverseDns | Self::Name => Rule::HostOverDomain,
            Self::Asn | Self::Announced => Rule::NameOverAsn,
            Self::Country => Rule::Country,
        }
    }

    /// What takes an asset out before it is compared with others.
    fn out_at_once(self, found: &Match, stand: &Stand) -> Verdict {
        let entry = &found.entry;
        let rule = if self == Self::Announced && found.rank & MOST_SPECIFIC == 0 {
            Rule::LongestPrefix
        } else if self == Self::Announced && stand.states_asn && entry.is(AssetKind::Asn) {
            Rule::NameOverAsn
        } else if !entry.valid_at(stand.at) {
            Rule::NotValidThen
        } else if entry.excluded() {
            Rule::Excluded
        } else if stand.names_only && self.by_address() {
            if matches!(self, Self::Asn | Self::Announced) { Rule::NameOverAsn } else { Rule::SharedHosting }
        } else if stand.named && self == Self::Address && entry.shared_hosting() {
            Rule::SharedHosting
        } else {
            return Verdict::Open;
        };
        Verdict::Lost { rule, by: None }
    }
}

/// Takes out what falls into one of the holes (sorted) that reaches it.
fn fall_into_holes(matches: &mut [Match], holes: &[Hole], reaches: impl Fn(&Hole, &Match) -> bool) {
    for found in matches.iter_mut().filter(|found| found.verdict == Verdict::Open) {
        let whose = (found.entry.organisation, found.entry.role());
        let from = holes.partition_point(|hole| (hole.organisation, hole.role) < whose);
        let theirs = holes[from..].iter().take_while(|hole| (hole.organisation, hole.role) == whose);
        // The most specific hole is the one to name.
        if let Some(hole) = theirs.filter(|hole| reaches(hole, found)).last() {
            found.verdict = Verdict::Lost { rule: hole.rule, by: Some(hole.by) };
        }
    }
}

fn open_in(matches: &mut [Match], role: Role) -> impl Iterator<Item = (usize, &mut Match)> {
    matches
        .iter_mut()
        .enumerate()
        .filter(move |(_, found)| found.verdict == Verdict::Open && found.entry.role() == role)
}

fn lose_to(matches: &mut [Match], role: Role, rule: Rule, by: u32) {
    for (_, found) in open_in(matches, role) {
        found.verdict = Verdict::Lost { rule, by: Some(by) };
    }
}

/// Within one role: the most specific, and of these the proven before the asserted. Returns the first winner.
fn contest(matches: &mut [Match], role: Role, rule: Rule, first: usize) -> Option<u32> {
    let mut best: Option<((u32, bool), usize)> = None;
    let mut asserted_too = false;
    for (at, found) in open_in(matches, role) {
        let standing = (found.rank, found.entry.proven());
        match best {
            Some((before, _)) if standing <= before => {
                asserted_too |= before.1 && standing == (before.0, false)
            }
            _ => {
                asserted_too = best.is_some_and(|(before, _)| standing == (before.0, true));
                best = Some((standing, at));
            }
        }
    }
    let (best, winner) = best?;
    let winner = (first + winner) as u32;
    // Among announcements the more specific wins, whatever it is that makes announcements count.
    let less_specific = if rule == Rule::NameOverAsn { Rule::LongestPrefix } else { rule };
    for (_, found) in open_in(matches, role) {
        found.verdict = if found.rank < best.0 {
            Verdict::Lost { rule: less_specific, by: Some(winner) }
        } else if found.entry.proven() != best.1 {
            Verdict::Lost { rule: Rule::Proven, by: Some(winner) }
        } else {
            Verdict::Won(if asserted_too { Rule::Proven } else { rule })
        };
    }
    Some(winner)
}
