//! What the text of a reply says about the findings it answers: Dutch and English phrases, read with caution.
//!
//! [`written`](super::written::written) has taken quotes and signatures away before. Whatever is not plain, such as two phrases that contradict
//! each other, a "not yet", an "if" or a question mark, is no statement: the desk reads it.

mod dates;
mod phrases;
mod segments;

use jiff::civil::Date;
use schakel_model::{answer::AnswerKind, ids::FindingId};

use self::segments::{Segment, segments};

/// Words of a reply that are looked at. More is a letter, and the desk reads it.
pub const WORDS_MAX: usize = 600;

/// Findings that one reply may name. A list that is longer comes as a file, and the desk reads it.
pub const FINDINGS_MAX: usize = 1_000;

/// Characters of a name that is taken out of a reply.
const NAME_CHARS_MAX: usize = 80;

/// Something that a reply says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Statement {
    /// What.
    pub kind: AnswerKind,
    /// About which findings, by the numbers in the mail; empty: about all of them.
    pub findings: Vec<FindingId>,
    /// Until when they are busy, or accept a risk.
    pub until: Option<Date>,
    /// To whom it was passed on; may be empty.
    pub supplier: String,
    /// Who accepted a risk; may be empty.
    pub decided_by: String,
}

/// Why a reply says nothing that a program may act on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unclear {
    /// Nothing was written at all.
    Empty,
    /// No phrase that we know.
    NoPhrase,
    /// Phrases that contradict each other.
    Contradiction,
    /// "Not", "if", "perhaps", or only in part.
    Doubt,
    /// It asks something.
    Question,
    /// Nobody is there: an answering machine.
    Away,
    /// Longer than a program should judge, or about more findings.
    TooLong,
}

impl Unclear {
    /// The word in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::NoPhrase => "no_phrase",
            Self::Contradiction => "contradiction",
            Self::Doubt => "doubt",
            Self::Question => "question",
            Self::Away => "away",
            Self::TooLong => "too_long",
        }
    }
}

/// What a reply says. `today` is the day it was written, for "tomorrow" and days without a year.
pub fn read(written: &str, today: Date) -> Result<Vec<Statement>, Unclear> {
    if written.trim().is_empty() {
        return Err(Unclear::Empty);
    }
    if written.split_whitespace().nth(WORDS_MAX).is_some() {
        return Err(Unclear::TooLong);
    }
    let segments = segments(written);
    let mut statements: Vec<Statement> = Vec::new();
    let mut named = 0;
    for segment in &segments {
        let Some(statement) = statement(segment, today)? else { continue };
        named += statement.findings.len();
        statements.push(statement);
    }
    if named > FINDINGS_MAX {
        return Err(Unclear::TooLong);
    }
    if statements.is_empty() {
        let away = segments.iter().any(|segment| segment.parts.iter().any(|part| phrases::says_away(part)));
        let asks = segments.iter().any(|segment| segment.asks);
        return Err(if away {
            Unclear::Away
        } else if asks {
            Unclear::Question
        } else {
            Unclear::NoPhrase
        });
    }
    // A statement and a question: somebody has to read it.
    if segments.iter().any(|segment| segment.asks) {
        return Err(Unclear::Question);
    }
    merged(statements)
}

/// What a segment says; nothing for one without a phrase.
fn statement(segment: &Segment<'_>, today: Date) -> Result<Option<Statement>, Unclear> {
    let mut said: Vec<AnswerKind> = Vec::new();
    let mut doubtful = false;
    for part in &segment.parts {
        let found = phrases::find(part);
        doubtful |= found.doubtful && !found.kinds.is_empty();
        said.extend(found.kinds);
    }
    said.sort_unstable();
    said.dedup();
    let Some(kind) = one_of(&said)? else { return Ok(None) };
    if segment.asks {
        return Err(Unclear::Question);
    }
    if doubtful {
        return Err(Unclear::Doubt);
    }
    let words: Vec<_> = segment.parts.iter().flatten().copied().collect();
    let takes_date = matches!(kind, AnswerKind::InProgress | AnswerKind::PassedOn | AnswerKind::RiskAccepted);
    Ok(Some(Statement {
        kind,
        findings: segment.findings.clone(),
        until: if takes_date { dates::until(&words, today) } else { None },
        supplier: match kind {
            AnswerKind::PassedOn => name_behind(segment, &phrases::SUPPLIER_FOLLOWS),
            _ => String::new(),
        },
        decided_by: match kind {
            AnswerKind::RiskAccepted => name_behind(segment, &phrases::DECIDER_FOLLOWS),
            _ => String::new(),
        },
    }))
}

/// The one thing that these come to. Thanks go with everything; work goes with having asked a supplier.
fn one_of(said: &[AnswerKind]) -> Result<Option<AnswerKind>, Unclear> {
    let mut kinds: Vec<AnswerKind> = said.to_vec();
    if kinds.len() > 1 {
        kinds.retain(|kind| *kind != AnswerKind::Received);
    }
    if kinds.contains(&AnswerKind::PassedOn) {
        kinds.retain(|kind| *kind != AnswerKind::InProgress);
    }
    match kinds[..] {
        [] => Ok(None),
        [kind] => Ok(Some(kind)),
        _ => Err(Unclear::Contradiction),
    }
}

/// One statement for each set of findings. Two that differ about the same findings contradict each other.
fn merged(statements: Vec<Statement>) -> Result<Vec<Statement>, Unclear> {
    let mut merged: Vec<Statement> = Vec::new();
    for statement in statements {
        let same = merged.iter_mut().find(|one| one.findings == statement.findings);
        let Some(one) = same else {
            merged.push(statement);
            continue;
        };
        let mut both = vec![one.kind, statement.kind];
        both.sort_unstable();
        both.dedup();
        let kind = one_of(&both)?.unwrap_or(one.kind);
        if one.until.is_some() && statement.until.is_some() && one.until != statement.until {
            return Err(Unclear::Contradiction);
        }
        one.until = one.until.or(statement.until);
        if one.supplier.is_empty() {
            one.supplier = statement.supplier;
        }
        if one.decided_by.is_empty() {
            one.decided_by = statement.decided_by;
        }
        one.kind = kind;
    }
    // "Thanks" about everything beside something about one finding says nothing of its own.
    if merged.len() > 1 {
        merged.retain(|one| one.kind != AnswerKind::Received);
    }
    // The same finding twice, or everything and also one finding.
    let mut named: Vec<FindingId> = merged.iter().flat_map(|one| one.findings.iter().copied()).collect();
    let count = named.len();
    named.sort_unstable();
    named.dedup();
    let of_all = merged.iter().any(|one| one.findings.is_empty());
    if named.len() < count || (of_all && count > 0) {
        return Err(Unclear::Contradiction);
    }
    Ok(merged)
}

/// The name that follows one of these words, up to the next comma or the end: `leverancier Voorbeeld BV`.
fn name_behind(segment: &Segment<'_>, words: &[&str]) -> String {
    for part in &segment.parts {
        let Some(at) = part.iter().rposition(|word| words.contains(&phrases::folded(word).as_str())) else {
            continue;
        };
        let name: Vec<&str> =
            part[at + 1..].iter().take_while(|word| !phrases::ends_name(word)).take(6).copied().collect();
        if !name.is_empty() {
            return name.join(" ").chars().take(NAME_CHARS_MAX).collect();
        }
    }
    String::new()
}

#[cfg(test)]
mod tests;
