//! The phrases we know, and the words that cast doubt on them.

use schakel_model::answer::AnswerKind::{
    self, FalsePositive, Fixed, InProgress, NotOurs, PassedOn, Received, RiskAccepted,
};

/// What a part of a sentence says.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Every kind that a phrase of it stands for.
    pub kinds: Vec<AnswerKind>,
    /// Does something in it cast doubt on that?
    pub doubtful: bool,
}

/// A phrase is a row of words. `a|b` is either, `~` at the end stands for any ending, `*` for up to three words.
const PHRASES: &[(AnswerKind, &[&str])] = &[
    (
        Fixed,
        &[
            "opgelost",
            "verholpen",
            "gerepareerd",
            "hersteld",
            "gepatcht",
            "gepatched",
            "geüpdatet",
            "geupdate",
            "bijgewerkt",
            "dichtgezet",
            "afgesloten",
            "dicht gezet",
            "uitgeschakeld",
            "uit de lucht",
            "offline gehaald",
            "offline gezet",
            "geblokkeerd",
            "afgeschermd",
            "verwijderd",
            "opgeschoond",
            "wachtwoord * gewijzigd",
            "wachtwoorden * gewijzigd",
            "poort * gesloten",
            "poort * dicht",
            "server * uitgezet",
            "is * uitgezet",
            "staat * uit",
            "fixed",
            "resolved",
            "solved",
            "remediated",
            "mitigated",
            "patched",
            "taken offline",
            "taken down",
            "shut down",
            "switched off",
            "turned off",
            "port * closed",
            "closed the|this port",
            "blocked",
            "upgraded",
            "password * changed",
            "passwords * changed",
            "passwords * reset",
            "password * reset",
            "cleaned up",
            "removed",
            "decommissioned",
            "uitgefaseerd",
        ],
    ),
    (
        InProgress,
        &[
            "in behandeling",
            "mee bezig",
            "bezig met",
            "pakken * op",
            "pakt * op",
            "opgepakt",
            "wordt * opgelost",
            "worden * opgelost",
            "gaan * oplossen",
            "zullen * oplossen",
            "lossen * op",
            "wordt * verholpen",
            "worden * verholpen",
            "gaan * verhelpen",
            "wordt * gepatcht",
            "worden * gepatcht",
            "wordt aan gewerkt",
            "werken * aan",
            "in onderzoek",
            "wordt * onderzocht",
            "onderzoeken",
            "zoeken * uit",
            "kijken * naar",
            "gaan * kijken",
            "gepland",
            "ingepland",
            "in progress",
            "working on",
            "being * fixed",
            "will be * fixed",
            "will fix",
            "will be * patched",
            "will patch",
            "will be * resolved",
            "will resolve",
            "going to fix",
            "investigating",
            "under investigation",
            "looking into",
            "scheduled",
            "planned for",
            "will look into",
            "wordt * afgesloten",
            "wordt * uitgeschakeld",
            "wordt * bijgewerkt",
            "wordt * verwijderd",
            "zal * worden",
            "zullen * worden",
            "we are on it",
        ],
    ),
    (
        PassedOn,
        &[
            "doorgezet|doorgestuurd|doorgegeven|uitgezet|neergelegd|gemeld|uitstaan|belegd|overgedragen * naar|aan|bij|door",
            "bij * leverancier * neergelegd|uitgezet|gemeld|belegd",
            "leverancier * ingelicht|gevraagd|geïnformeerd|benaderd",
            "forwarded|passed|escalated|reported|handed|sent * to * supplier|vendor|provider|hoster|contractor",
            "forwarded to",
            "passed on to",
            "handed over to",
            "contacted * supplier|vendor|provider|hoster",
            "asked * supplier|vendor|provider|hoster",
        ],
    ),
    (
        NotOurs,
        &[
            "niet van ons",
            "niet * van ons",
            "niet onze|ons * ip|ip-adres|adres|systeem|server|domein|netwerk|machine|website|omgeving",
            "niet bij ons",
            "van ons niet",
            "behoort|horen|hoort|behoren * niet * ons",
            "niet meer van ons",
            "geen eigendom van ons",
            "niet in ons beheer",
            "niet in beheer",
            "niet ons eigendom",
            "beheren * niet",
            "not ours",
            "not our|one",
            "not * our ip|address|system|server|domain|network|host|machine|asset|website",
            "does|do not belong to us",
            "doesn't|don't belong to us",
            "isn't ours",
            "aren't ours",
            "not owned by us",
            "not managed by us",
            "no longer ours",
            "is|are * not ours",
        ],
    ),
    (
        FalsePositive,
        &[
            "onterechte melding",
            "onterechte meldingen",
            "onterecht gemeld",
            "onterecht",
            "vals alarm",
            "loos alarm",
            "vals positief",
            "false positive",
            "false positives",
            "niet kwetsbaar",
            "not vulnerable",
            "isn't vulnerable",
            "aren't vulnerable",
            "incorrect report",
            "melding klopt niet",
            "melding is onjuist",
            "onjuiste melding",
            "false alarm",
            "not affected",
        ],
    ),
    (
        RiskAccepted,
        &[
            "geaccepteerd",
            "accepteren * risico",
            "risico * aanvaard",
            "risico * accepteren",
            "accepted * risk",
            "risk * accepted",
            "risk acceptance",
            "accept * risk",
            "risks * accepted",
            "risk is accepted",
        ],
    ),
    (
        Received,
        &[
            "ontvangen",
            "in goede orde ontvangen",
            "bedankt voor * melding",
            "dank voor * melding",
            "dank * melding",
            "gelezen",
            "ter kennisgeving aangenomen",
            "received",
            "thank you for * report|notification|message|mail",
            "thanks for * report|notification|message|mail|heads-up",
            "acknowledged",
            "noted",
        ],
    ),
];

/// Words that turn a phrase round, or make it less than it says.
const DOUBTS: [&str; 64] = [
    "niet",
    "geen",
    "nooit",
    "nog",
    "zonder",
    "deels",
    "gedeeltelijk",
    "grotendeels",
    "bijna",
    "nauwelijks",
    "als",
    "zodra",
    "indien",
    "wanneer",
    "mits",
    "totdat",
    "hopelijk",
    "wellicht",
    "misschien",
    "mogelijk",
    "vermoedelijk",
    "waarschijnlijk",
    "lijkt",
    "schijnt",
    "zou",
    "zouden",
    "proberen",
    "moet",
    "moeten",
    "kunt",
    "kun",
    "graag",
    "of",
    "denken",
    "not",
    "no",
    "never",
    "without",
    "partly",
    "partially",
    "mostly",
    "almost",
    "hardly",
    "if",
    "when",
    "once",
    "unless",
    "hopefully",
    "maybe",
    "perhaps",
    "possibly",
    "probably",
    "seems",
    "appears",
    "should",
    "would",
    "might",
    "try",
    "trying",
    "must",
    "please",
    "whether",
    "cannot",
    "think",
];

/// These end in a denial.
const DENIALS: [&str; 2] = ["n't", "n’t"];

const AWAY: [&str; 9] = [
    "afwezig",
    "out of office",
    "out of the office",
    "op vakantie",
    "met vakantie",
    "niet aanwezig",
    "on holiday|vacation|leave",
    "met verlof",
    "currently away",
];

/// Behind these stands the name of a supplier.
pub(super) const SUPPLIER_FOLLOWS: [&str; 14] = [
    "leverancier",
    "hoster",
    "provider",
    "supplier",
    "vendor",
    "contractor",
    "hostingpartij",
    "hostingprovider",
    "softwareleverancier",
    "beheerpartij",
    "naar",
    "aan",
    "to",
    "bij",
];

/// Behind these stands who decided.
pub(super) const DECIDER_FOLLOWS: [&str; 2] = ["door", "by"];

/// A name ends before these.
const NAME_ENDS: [&str; 24] = [
    "omdat",
    "want",
    "wegens",
    "because",
    "en",
    "and",
    "op",
    "on",
    "tot",
    "until",
    "doorgezet",
    "uitgezet",
    "neergelegd",
    "gemeld",
    "verwacht",
    "zij",
    "die",
    "they",
    "who",
    "met",
    "with",
    "voor",
    "ter",
    "belegd",
];

/// In small letters, without what stands around it.
pub(super) fn folded(word: &str) -> String {
    word.trim_matches(|c: char| !c.is_alphanumeric()).replace('’', "'").to_lowercase()
}

/// Does a name end before this word?
pub(super) fn ends_name(word: &str) -> bool {
    NAME_ENDS.contains(&folded(word).as_str())
}

/// Does it say that nobody is there?
pub(super) fn says_away(part: &[&str]) -> bool {
    let words: Vec<String> = part.iter().map(|word| folded(word)).collect();
    AWAY.iter().any(|phrase| !spans(&words, phrase).is_empty())
}

/// What a part of a sentence says.
pub(super) fn find(part: &[&str]) -> Found {
    let words: Vec<String> = part.iter().map(|word| folded(word)).collect();
    let mut hits: Vec<(AnswerKind, usize, usize)> = Vec::new();
    for (kind, phrases) in PHRASES {
        for phrase in *phrases {
            hits.extend(spans(&words, phrase).into_iter().map(|(from, to)| (*kind, from, to)));
        }
    }
    // "wordt opgelost" is not "opgelost": a phrase inside another one of another kind says nothing of its own.
    let inside = |one: &(AnswerKind, usize, usize)| {
        hits.iter().any(|other| {
            other.0 != one.0 && other.1 <= one.1 && one.2 <= other.2 && (other.2 - other.1) > (one.2 - one.1)
        })
    };
    let counted: Vec<_> = hits.iter().filter(|hit| !inside(hit)).copied().collect();
    let covered = |at: usize| counted.iter().any(|(_, from, to)| (*from..*to).contains(&at));
    let is_doubt =
        |word: &String| DOUBTS.contains(&word.as_str()) || DENIALS.iter().any(|end| word.ends_with(end));
    // "When" before a day and "of" in a date cast no doubt.
    let doubtful = words.iter().enumerate().any(|(at, word)| {
        let of_date =
            word == "of" && words.get(at + 1).is_some_and(|next| super::dates::month(next).is_some());
        is_doubt(word) && !of_date && !covered(at)
    });
    let mut kinds: Vec<AnswerKind> = counted.into_iter().map(|(kind, ..)| kind).collect();
    kinds.dedup();
    Found { kinds, doubtful }
}

/// Where a phrase stands: from word, to word.
fn spans(words: &[String], phrase: &str) -> Vec<(usize, usize)> {
    let pattern: Vec<&str> = phrase.split(' ').collect();
    (0..words.len()).filter_map(|from| Some((from, matches(words, from, &pattern)?))).collect()
}

/// The most words that a `*` stands for.
const GAP_MAX: usize = 3;

fn matches(words: &[String], at: usize, pattern: &[&str]) -> Option<usize> {
    match pattern {
        [] => Some(at),
        ["*", rest @ ..] => (0..=GAP_MAX).find_map(|skip| matches(words, at + skip, rest)),
        [one, rest @ ..] => {
            let word = words.get(at)?;
            one.split('|').any(|wanted| wanted == word).then(|| matches(words, at + 1, rest)).flatten()
        }
    }
}
