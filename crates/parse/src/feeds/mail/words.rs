//! What it is about, by words in English and Dutch. A guess, so that a person finds it in the right heap.

use schakel_model::classification::ClassificationType as Kind;

/// Words and what they speak of; the surer first. All in lower case; each stands at the start of a word in the text.
const WORDS: &[(&[&str], Kind)] = &[
    (&["phishing", "phish"], Kind::Phishing),
    (&["command and control", "command-and-control", "c2 server", "c2-server", "c&c"], Kind::C2Server),
    (&["copyright", "infringe", "infringing", "auteursrecht", "inbreuk op"], Kind::Copyright),
    (
        &[
            "brute force",
            "brute-force",
            "bruteforce",
            "login attempt",
            "login-attack",
            "failed login",
            "dictionary attack",
            "ssh attack",
            "inlogpoging",
            "auth attempt",
        ],
        Kind::BruteForce,
    ),
    (
        &[
            "webshell",
            "web shell",
            "defacement",
            "defaced",
            "compromised",
            "hacked site",
            "hacked website",
            "gehackt",
            "gecompromitteerd",
            "gekraakt",
        ],
        Kind::SystemCompromise,
    ),
    (&["amplification", "amplifier", "open resolver", "reflector"], Kind::DdosAmplifier),
    (&["ddos", "denial of service", "denial-of-service"], Kind::Ddos),
    (
        &["botnet", "bot infection", "infected", "infection", "besmet", "geïnfecteerd", "botware"],
        Kind::InfectedSystem,
    ),
    (
        &["malware", "virus", "trojan", "ransomware", "malicious file", "malicious url"],
        Kind::MalwareDistribution,
    ),
    (&["web-attack", "web attack", "sql injection", "exploit", "rfi", "lfi", "xss"], Kind::Exploit),
    (
        &[
            "spam",
            "spamming",
            "spammer",
            "spamvertised",
            "unsolicited",
            "ongewenste mail",
            "ongewenste e-mail",
            "ube",
            "uce",
        ],
        Kind::Spam,
    ),
    (
        &[
            "harvest",
            "port scan",
            "portscan",
            "port-scan",
            "scanning",
            "scanner",
            "probe",
            "probing",
            "poortscan",
        ],
        Kind::Scanner,
    ),
    (&["data leak", "data-leak", "leaked", "datalek", "gelekt"], Kind::DataLeak),
    (&["open proxy", "proxy"], Kind::Proxy),
    (&["tor exit", "tor node"], Kind::Tor),
    (&["weak crypto", "expired certificate", "poodle", "freak"], Kind::WeakCrypto),
    (
        &["vulnerable", "vulnerability", "kwetsbaar", "kwetsbaarheid", "cve-", "misconfigur"],
        Kind::VulnerableSystem,
    ),
    (&["scam", "fraud", "fraude", "oplicht", "nepwebshop", "fake shop", "fake webshop"], Kind::Masquerade),
    (&["login", "attack", "aanval"], Kind::Exploit),
    (&["blacklist", "blocklist"], Kind::Blocklist),
    (&["harassment", "hate speech", "bedreiging"], Kind::HarmfulSpeech),
];

/// Characters that are looked at: what it is about is said at the start.
const CHARS_MAX: usize = 20_000;

/// What a text speaks of.
pub(super) fn kind(text: &str) -> Option<Kind> {
    // What stands in a link says nothing: a login page is no attack.
    let is_link = |word: &&str| word.contains("://") || word.contains("[.]");
    let text: String = text.chars().take(CHARS_MAX).collect();
    let words: Vec<&str> = text.split_whitespace().filter(|word| !is_link(word)).collect();
    let lower = words.join(" ").to_lowercase();
    WORDS.iter().find(|(words, _)| words.iter().any(|word| stands_in(&lower, word))).map(|(_, kind)| *kind)
}

/// What the word of a report's type or category says: X-ARF of before version 3 has a list of them.
pub(super) fn of_type(word: &str) -> Option<Kind> {
    let word = word.trim().to_lowercase().replace(['_', ' '], "-");
    Some(match word.as_str() {
        "phishing" => Kind::Phishing,
        "login-attack" | "harvesting-attack" => Kind::BruteForce,
        "malware-attack" | "malware" | "malware-hosting" => Kind::MalwareDistribution,
        "web-attack" | "rfi-attack" | "sql-injection" => Kind::Exploit,
        "botnet-infection" | "bot-infection" | "trojan" => Kind::InfectedSystem,
        "spam" | "spamvertized" | "regbot" | "comment-spam" => Kind::Spam,
        "ddos" | "dos" => Kind::Ddos,
        "open-proxy" => Kind::Proxy,
        "trademark" | "copyright" | "copyright-infringement" => Kind::Copyright,
        "portscan" | "port-scan" | "scan" => Kind::Scanner,
        // What X-ARF calls a category is too wide to say anything.
        "abuse" | "fraud" | "info" | "private" | "content" | "connection" => return None,
        _ => return self::kind(&word.replace('-', " ")),
    })
}

fn stands_in(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, _)| {
        let before = text[..at].chars().next_back().is_none_or(|c| !c.is_alphanumeric());
        // Short ones are whole words.
        let after = text[at + word.len()..].chars().next().is_none_or(|c| !c.is_alphanumeric());
        before && (after || word.len() > 4)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_say_what_it_is_about() {
        for (text, expected) in [
            ("Recent hebben wij een phishing site op uw netwerk gelokaliseerd", Some(Kind::Phishing)),
            ("IPs Engaged In Harvesting On Your Network:", Some(Kind::Scanner)),
            ("IPs Engaged In Email Spamming On Your Network:", Some(Kind::Spam)),
            ("IPs Engaged In Dictionary Attacks On Your Network:", Some(Kind::BruteForce)),
            ("Other Potentially Suspicious IPs", None),
            ("Uw server is besmet", Some(Kind::InfectedSystem)),
            ("Illegale webshell ontdekt", Some(Kind::SystemCompromise)),
            ("Failed login attempts over SSH", Some(Kind::BruteForce)),
            ("rapid growth", None),
            ("hxxp://a[.]nl/phishing https://b.nl/login", None),
            ("Wij zien poortscans", Some(Kind::Scanner)),
            ("", None),
        ] {
            assert_eq!(kind(text), expected, "{text}");
        }
        assert_eq!(of_type("web-attack"), Some(Kind::Exploit));
        assert_eq!(of_type("CYSC.MALWARE.URL.GEN"), Some(Kind::MalwareDistribution));
        assert_eq!(of_type("fraud"), None);
    }
}
