//! A text cut into what is said about which findings: sentences, lines of a list, and within them what follows a number.

use schakel_model::ids::FindingId;

/// What is said about some findings, or about all.
#[derive(Debug, Default)]
pub(super) struct Segment<'t> {
    /// The findings it names; empty: all.
    pub findings: Vec<FindingId>,
    /// Its words, between commas.
    pub parts: Vec<Vec<&'t str>>,
    /// Does it end in a question mark?
    pub asks: bool,
}

/// Words in front of the number of a finding.
const NUMBER_FOLLOWS: [&str; 12] = [
    "bevinding",
    "bevindingen",
    "finding",
    "findings",
    "nr",
    "nrs",
    "nummer",
    "nummers",
    "number",
    "numbers",
    "no",
    "regel",
];

/// A range of numbers is not longer than this.
const RANGE_MAX: u32 = 1_000;

/// The segments of a text.
pub(super) fn segments(text: &str) -> Vec<Segment<'_>> {
    let mut all = Vec::new();
    for sentence in sentences(text) {
        let asks = sentence.trim_end().ends_with('?');
        all.extend(by_finding(sentence, asks));
    }
    all
}

/// Sentences, and lines that stand by themselves. A line that goes on in the next one is joined by leaving the line end in.
fn sentences(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut start = 0;
    for (at, c) in text.char_indices() {
        let end = at + c.len_utf8();
        let after = &text[end..];
        let ends = match c {
            '.' | '!' | '?' => after.is_empty() || after.starts_with(char::is_whitespace),
            ';' => true,
            '\n' => begins_anew(after),
            _ => false,
        } && !is_abbreviation(&text[start..at], c);
        if ends {
            found.push(&text[start..end]);
            start = end;
        }
    }
    found.push(&text[start..]);
    found.retain(|sentence| !sentence.trim().is_empty());
    found
}

/// `nr.`, `nov.`, `3.` do not end a sentence.
fn is_abbreviation(before: &str, end: char) -> bool {
    let word = before.split_whitespace().next_back().unwrap_or_default().to_lowercase();
    let word = word.trim_matches(|c: char| !c.is_alphanumeric());
    end == '.'
        && ([
            "nr", "nrs", "no", "jan", "feb", "mrt", "apr", "jun", "jul", "aug", "sep", "sept", "okt", "oct",
            "nov", "dec", "dhr", "mevr", "mr", "ca", "incl", "evt",
        ]
        .contains(&word))
}

/// Does a new line begin something of its own: after a blank one, a list item, a number, a finding?
fn begins_anew(after: &str) -> bool {
    let line = after.lines().next().unwrap_or_default().trim_start();
    let first = line.split_whitespace().next().unwrap_or_default().to_lowercase();
    let first = first.trim_matches(|c: char| !c.is_alphanumeric());
    line.is_empty()
        || line.starts_with(['-', '*', '•', '·', '#'])
        || line.starts_with(char::is_uppercase)
        || line.starts_with(|c: char| c.is_ascii_digit())
        || NUMBER_FOLLOWS.contains(&first)
}

/// A word, or the comma behind it.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Token<'t> {
    Word(&'t str),
    Comma,
}

fn tokens(sentence: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    for raw in sentence.split_whitespace() {
        let word = raw.trim_matches(|c: char| !(c.is_alphanumeric() || matches!(c, '#' | '/' | '@')));
        if !word.is_empty() {
            tokens.push(Token::Word(word));
        }
        if raw.ends_with([',', ':', ')', ';']) || matches!(raw, "-" | "–" | "=>" | "->" | "=") {
            tokens.push(Token::Comma);
        }
    }
    tokens
}

fn by_finding(sentence: &str, asks: bool) -> Vec<Segment<'_>> {
    let tokens = tokens(sentence);
    let mut found = Vec::new();
    let mut now = Segment { asks, parts: vec![Vec::new()], ..Segment::default() };
    let mut numbers_lead = None;
    let mut at = 0;
    while at < tokens.len() {
        let named = numbers(&tokens[at..]);
        if let Some((findings, used)) = named {
            let is_said = now.parts.iter().any(|part| part.iter().any(|word| !is_filler(word)));
            let lead = *numbers_lead.get_or_insert(!is_said);
            // `bevinding 12 is opgelost, bevinding 13 niet van ons`: the second number begins anew. `opgelost: bevinding 12 en 13` does not.
            if lead && is_said || !lead && !now.findings.is_empty() {
                let next = Segment { asks, parts: vec![Vec::new()], ..Segment::default() };
                found.push(std::mem::replace(&mut now, next));
            }
            now.findings.extend(findings);
            at += used;
            continue;
        }
        match tokens[at] {
            Token::Word(word) => {
                if let Some(part) = now.parts.last_mut() {
                    part.push(word);
                }
            }
            Token::Comma => now.parts.push(Vec::new()),
        }
        at += 1;
    }
    found.push(now);
    for segment in &mut found {
        segment.findings.sort_unstable();
        segment.findings.dedup();
        segment.parts.retain(|part| !part.is_empty());
    }
    found
}

/// Words that say nothing between numbers.
fn is_filler(word: &str) -> bool {
    ["en", "and", "de", "het", "the", "is", "voor", "for", "over", "about", "betreft", "re", "zijn", "are"]
        .contains(&word.to_lowercase().as_str())
}

/// The numbers of findings at the start of these tokens, and how many tokens they take: `bevinding 12, 13 en 15 t/m 17`, `F12`, `#12`.
fn numbers(tokens: &[Token<'_>]) -> Option<(Vec<FindingId>, usize)> {
    let Token::Word(word) = tokens.first()? else { return None };
    let mut used = 0;
    let keyword = NUMBER_FOLLOWS.contains(&word.to_lowercase().as_str());
    if keyword {
        used = 1;
        // `bevinding nr. 12`
        while let Some(Token::Word(next)) = tokens.get(used)
            && NUMBER_FOLLOWS.contains(&next.to_lowercase().as_str())
        {
            used += 1;
        }
    } else if !word.starts_with(['F', 'f', '#']) {
        return None;
    }
    let mut found = Vec::new();
    let mut end = used;
    while let Some(Token::Word(word)) = tokens.get(used) {
        let Some(first) = number(word, keyword) else { break };
        used += 1;
        let range = tokens.get(used).zip(tokens.get(used + 1)).and_then(|(by, to)| match (by, to) {
            (Token::Word(by), Token::Word(to))
                if ["t/m", "tot", "to", "through"].contains(&by.to_lowercase().as_str()) =>
            {
                number(to, keyword)
            }
            _ => None,
        });
        match range.filter(|last| *last >= first && last - first < RANGE_MAX) {
            Some(last) => {
                found.extend((first..=last).map(FindingId));
                used += 2;
            }
            None => found.push(FindingId(first)),
        }
        end = used;
        // What stands between two numbers.
        while let Some(token) = tokens.get(used) {
            let between = match token {
                Token::Comma => true,
                Token::Word(word) => ["en", "and", "&", "of", "or"].contains(&word.to_lowercase().as_str()),
            };
            if !between {
                break;
            }
            used += 1;
        }
        // `bevinding 12 opgelost op 3 december`: a number that something else was said before is no finding.
        if tokens.get(used..).is_some_and(|rest| is_date(rest)) {
            break;
        }
    }
    (!found.is_empty()).then_some((found, end))
}

/// Is this the day of a date?
fn is_date(tokens: &[Token<'_>]) -> bool {
    match tokens {
        [Token::Word(day), Token::Word(month), ..] => {
            day.chars().all(|c| c.is_ascii_digit()) && super::dates::month(month).is_some()
        }
        _ => false,
    }
}

/// `12`, `#12`, `F12`, `f12`.
fn number(word: &str, bare: bool) -> Option<u32> {
    let digits = match word.strip_prefix(['F', 'f', '#']) {
        Some(rest) => rest.strip_prefix(['F', 'f']).unwrap_or(rest),
        None if bare => word,
        None => return None,
    };
    (!digits.is_empty() && digits.chars().all(|c| c.is_ascii_digit())).then(|| digits.parse().ok())?
}
