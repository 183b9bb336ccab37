//! How good the register is for one member: a score from 0 to 100 with its reasons.
//!
//! Each criterion gives a part of its weight. What was not looked at takes no part, and the others count for more: a score says what is
//! known, not what could be.

/// What is known of a member.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Facts {
    /// Assets that hold now.
    pub assets: u32,
    /// Of them, those with any proof.
    pub proven: u32,
    /// Of them, those that another organisation has as well, or a part of them, in the same role.
    pub overlapping: u32,
    /// Can somebody be told what is marked TLP:AMBER?
    pub reachable: bool,
    /// Days since something of it was changed or confirmed; `None`: not known.
    pub days_unchanged: Option<u32>,
    /// Domains and host names that were looked up; `None`: not looked at.
    pub names: Option<Looked>,
    /// Prefixes that were compared with what is announced; `None`: not looked at.
    pub prefixes: Option<Looked>,
    /// Findings of its own.
    pub findings: u64,
    /// Findings of nobody in the same /24 or /48, or below the same registrable domain, as something it has.
    pub unrouted_near: u64,
}

/// How many were looked at, and of how many something is wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Looked {
    /// Looked at.
    pub at: u32,
    /// Names that do not resolve any more, prefixes that somebody else announces.
    pub wrong: u32,
}

/// What is judged.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[allow(missing_docs)]
pub enum Criterion {
    Proven,
    Reachable,
    Fresh,
    NoOverlap,
    NamesResolve,
    PrefixesAnnounced,
    NothingNear,
}

impl Criterion {
    /// Every one.
    pub const ALL: [Self; 7] = [
        Self::Proven,
        Self::Reachable,
        Self::Fresh,
        Self::NoOverlap,
        Self::NamesResolve,
        Self::PrefixesAnnounced,
        Self::NothingNear,
    ];

    /// The word in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Proven => "proven",
            Self::Reachable => "reachable",
            Self::Fresh => "fresh",
            Self::NoOverlap => "no_overlap",
            Self::NamesResolve => "names_resolve",
            Self::PrefixesAnnounced => "prefixes_announced",
            Self::NothingNear => "nothing_near",
        }
    }

    /// How much of the score it is; 100 in all. What decides whether a finding reaches the right person weighs most.
    pub fn weight(self) -> u32 {
        match self {
            Self::Proven => 30,
            Self::Reachable => 20,
            Self::Fresh => 15,
            Self::NoOverlap => 10,
            Self::NamesResolve => 10,
            Self::PrefixesAnnounced => 5,
            Self::NothingNear => 10,
        }
    }
}

/// Up to this age nothing is taken off, in days: a contact is asked to confirm every 90 days.
pub const FRESH_DAYS: u32 = 90;
/// From this age on nothing is left, in days: two years.
pub const STALE_DAYS: u32 = 730;

/// A criterion with what it gave.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reason {
    /// Which.
    pub criterion: Criterion,
    /// How well it is met, in thousandths.
    pub permille: u32,
    /// Why, in one English sentence.
    pub why: String,
}

/// The score and its reasons, the one that costs most first.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Quality {
    /// From 0 to 100.
    pub score: u32,
    /// Those that were looked at.
    pub reasons: Vec<Reason>,
}

/// Judges a member.
pub fn quality(facts: &Facts) -> Quality {
    let mut reasons: Vec<Reason> = Criterion::ALL.into_iter().filter_map(|one| reason(one, facts)).collect();
    let weights: u32 = reasons.iter().map(|reason| reason.criterion.weight()).sum();
    let points: u32 = reasons.iter().map(|reason| reason.criterion.weight() * reason.permille).sum();
    // Rounded down: nobody has 100 with something left to do.
    let score = if weights == 0 { 0 } else { points / (weights * 10) };
    reasons.sort_by_key(|reason| std::cmp::Reverse(reason.criterion.weight() * (1000 - reason.permille)));
    Quality { score, reasons }
}

fn reason(criterion: Criterion, facts: &Facts) -> Option<Reason> {
    let Facts { assets, proven, overlapping, reachable, findings, unrouted_near, .. } = *facts;
    let (permille, why) = match criterion {
        Criterion::Proven if assets == 0 => (0, "It has no assets, so that nothing can reach it.".to_owned()),
        Criterion::Proven => (share(proven, assets), format!("{proven} of {assets} assets are proven.")),
        Criterion::Reachable if reachable => {
            (1000, "Somebody can be told what is marked TLP:AMBER.".to_owned())
        }
        Criterion::Reachable => (0, "Nobody can be told what is marked TLP:AMBER.".to_owned()),
        Criterion::Fresh => {
            let days = facts.days_unchanged?;
            (freshness(days), format!("Something of it was last changed or confirmed {days} days ago."))
        }
        Criterion::NoOverlap if assets == 0 => return None,
        Criterion::NoOverlap => (
            1000 - share(overlapping, assets),
            format!(
                "{overlapping} of {assets} assets are, in whole or in part, another's as well in the same role."
            ),
        ),
        Criterion::NamesResolve => {
            let names = facts.names.filter(|names| names.at > 0)?;
            let why = format!("{} of {} names do not resolve.", names.wrong, names.at);
            (1000 - share(names.wrong, names.at), why)
        }
        Criterion::PrefixesAnnounced => {
            let prefixes = facts.prefixes.filter(|prefixes| prefixes.at > 0)?;
            let why =
                format!("{} of {} prefixes are announced by somebody else.", prefixes.wrong, prefixes.at);
            (1000 - share(prefixes.wrong, prefixes.at), why)
        }
        Criterion::NothingNear => {
            let all = findings.saturating_add(unrouted_near);
            if all == 0 {
                return None;
            }
            let near = unrouted_near.saturating_mul(1000).div_ceil(all).min(1000) as u32;
            (
                1000 - near,
                format!("{unrouted_near} findings of nobody lie near its assets, {findings} are its own."),
            )
        }
    };
    Some(Reason { criterion, permille, why })
}

/// How many thousandths `part` is of `whole`.
fn share(part: u32, whole: u32) -> u32 {
    (u64::from(part.min(whole)) * 1000 / u64::from(whole.max(1))) as u32
}

fn freshness(days: u32) -> u32 {
    let left = STALE_DAYS.saturating_sub(days.max(FRESH_DAYS));
    left * 1000 / (STALE_DAYS - FRESH_DAYS)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: Facts = Facts {
        assets: 10,
        proven: 10,
        overlapping: 0,
        reachable: true,
        days_unchanged: Some(5),
        names: Some(Looked { at: 4, wrong: 0 }),
        prefixes: Some(Looked { at: 2, wrong: 0 }),
        findings: 30,
        unrouted_near: 0,
    };

    #[test]
    fn each_criterion_takes_off_its_part() {
        let cases = [
            ("all is well", GOOD, 100),
            ("half is proven", Facts { proven: 5, ..GOOD }, 85),
            ("nobody can be told", Facts { reachable: false, ..GOOD }, 80),
            ("just fresh", Facts { days_unchanged: Some(FRESH_DAYS), ..GOOD }, 100),
            ("two years old", Facts { days_unchanged: Some(STALE_DAYS), ..GOOD }, 85),
            ("much older", Facts { days_unchanged: Some(9_999), ..GOOD }, 85),
            ("all overlap", Facts { overlapping: 10, ..GOOD }, 90),
            ("half the names are gone", Facts { names: Some(Looked { at: 4, wrong: 2 }), ..GOOD }, 95),
            ("others announce all", Facts { prefixes: Some(Looked { at: 2, wrong: 2 }), ..GOOD }, 95),
            ("as much near as its own", Facts { unrouted_near: 30, ..GOOD }, 95),
            ("one of very many near", Facts { findings: u64::MAX, unrouted_near: 1, ..GOOD }, 99),
            ("nothing at all", Facts::default(), 0),
        ];
        for (what, facts, expected) in cases {
            assert_eq!(quality(&facts).score, expected, "{what}: {:?}", quality(&facts));
        }
        assert_eq!(Criterion::ALL.iter().map(|criterion| criterion.weight()).sum::<u32>(), 100);
    }

    #[test]
    fn what_was_not_looked_at_takes_no_part() {
        let unknown = Facts { days_unchanged: None, names: None, prefixes: Some(Looked::default()), ..GOOD };
        assert_eq!(quality(&unknown).score, 100);
        assert_eq!(quality(&unknown).reasons.len(), 4);
        // The rest counts for more: 30 of 70 are half lost.
        assert_eq!(quality(&Facts { proven: 5, ..unknown }).score, 78);
    }

    #[test]
    fn what_costs_most_stands_first() {
        let facts = Facts { proven: 9, reachable: false, overlapping: 10, ..GOOD };
        let first: Vec<_> = quality(&facts).reasons.iter().take(3).map(|reason| reason.criterion).collect();
        assert_eq!(first, [Criterion::Reachable, Criterion::NoOverlap, Criterion::Proven]);
    }
}
