//! Does one person read this mail address, or several? Nobody can know; what the name and the address say counts, and doubt makes it shared.

/// Words that stand for a group or a function of several people (RFC 2142, and what Dutch organisations use). A word of the address before
/// the `@`, or of the name. `vcib`, `ciso` and `fg` are not among them: one appointed person at a time.
const SHARED: &[&str] = &[
    "abuse",
    "acib",
    "administratie",
    "afdeling",
    "alarm",
    "alert",
    "alerts",
    "algemeen",
    "all",
    "beheer",
    "beheerders",
    "beveiliging",
    "bureau",
    "cert",
    "communicatie",
    "contact",
    "csirt",
    "department",
    "desk",
    "gemeente",
    "griffie",
    "groep",
    "group",
    "helpdesk",
    "hostmaster",
    "ict",
    "incident",
    "incidenten",
    "incidents",
    "info",
    "informatiebeveiliging",
    "it",
    "kcc",
    "klantcontact",
    "loket",
    "mail",
    "mailbox",
    "melding",
    "meldingen",
    "meldpunt",
    "netwerkbeheer",
    "network",
    "noc",
    "noreply",
    "office",
    "operations",
    "ops",
    "piket",
    "planning",
    "post",
    "postbus",
    "postmaster",
    "privacy",
    "receptie",
    "redactie",
    "root",
    "secretariaat",
    "security",
    "service",
    "servicedesk",
    "soc",
    "support",
    "sysadmin",
    "systeembeheer",
    "team",
    "teams",
    "webmaster",
    "website",
];

/// Is this a mailbox that several people read? Without a name it is: nobody said whose it is.
pub fn is_shared(name: &str, address: &str) -> bool {
    let local = address.split_once('@').map_or(address, |(local, _)| local);
    // What stands behind a plus is a label of the owner.
    let local = local.split_once('+').map_or(local, |(local, _)| local);
    words(name).next().is_none() || words(name).chain(words(local)).any(|word| stands_for_several(&word))
}

fn words(text: &str) -> impl Iterator<Item = String> {
    text.split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
}

fn stands_for_several(word: &str) -> bool {
    let word = word.trim_end_matches(|letter: char| letter.is_ascii_digit());
    SHARED.binary_search(&word).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_can_be_searched() {
        assert!(SHARED.is_sorted_by(|a, b| a < b));
    }

    #[test]
    fn a_name_or_an_address_of_several_people_is_shared() {
        for (name, address) in [
            ("", "j.jansen@eikendam.example"),
            (" - ", "j.jansen@eikendam.example"),
            ("Jan Jansen", "info@eikendam.example"),
            ("Jan Jansen", "INFO+jan@eikendam.example"),
            ("Jan Jansen", "ict-servicedesk@eikendam.example"),
            ("Jan Jansen", "helpdesk2@eikendam.example"),
            ("Servicedesk", "j.jansen@eikendam.example"),
            ("Team informatiebeveiliging", "ib@eikendam.example"),
            ("Gemeente Eikendam", "x@eikendam.example"),
        ] {
            assert!(is_shared(name, address), "{name} <{address}>");
        }
    }

    #[test]
    fn a_named_person_is_not() {
        for (name, address) in [
            ("Jan Jansen", "j.jansen@eikendam.example"),
            ("J. Jansen", "jan.jansen+schakel@eikendam.example"),
            ("V. Vertrouwd", "vcib@eikendam.example"),
            ("Ciska Iso", "ciso@eikendam.example"),
            ("Itske de Vries", "itske@eikendam.example"),
            ("Els Posthumus", "e.posthumus@soc.example"),
        ] {
            assert!(!is_shared(name, address), "{name} <{address}>");
        }
    }
}
