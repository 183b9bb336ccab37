//! A report that reached one of our doors, before it is a report of the store.

use std::{fmt, net::IpAddr, str::FromStr};

use crate::asset::words;

/// By which way a report came.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Door {
    /// The intake folder.
    Folder,
    /// HTTP.
    Api,
    /// Mail that a mail server handed over.
    Mail,
    /// Mail fetched from a mailbox.
    Imap,
    /// Fetched from a web address.
    Poll,
    /// Fetched from Shadowserver's report API.
    Shadowserver,
    /// Written down by the desk.
    Desk,
    /// Brought by another hub, or fetched from one.
    Hub,
}

words!(Door, "door", Folder "folder", Api "api", Mail "mail", Imap "imap", Poll "poll", Shadowserver "shadowserver", Desk "desk", Hub "hub");

impl Door {
    /// Does somebody of ours stand at this door, so that what comes through it needs no source to be taken in?
    pub fn is_ours(self) -> bool {
        matches!(self, Self::Folder | Self::Desk)
    }

    /// Does mail come through it?
    pub fn is_mail(self) -> bool {
        matches!(self, Self::Mail | Self::Imap)
    }
}

/// The number a notifier gets at once, and by which they can ask what became of their report: `R1234`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Receipt(pub u64);

impl fmt::Display for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "R{}", self.0)
    }
}

impl FromStr for Receipt {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = text.strip_prefix(['R', 'r']).unwrap_or(text);
        match digits.parse() {
            Ok(number) if digits.bytes().all(|b| b.is_ascii_digit()) => Ok(Self(number)),
            _ => Err(format!("`{text}` is no receipt: write it as R1234")),
        }
    }
}

/// What a door knows of what it received.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Envelope {
    /// The way it came.
    pub door: Door,
    /// The code of the source that proved to be it at the door: by a token, or because we asked it. Empty: nobody has; a mail's sender is
    /// judged later.
    pub source: String,
    /// When, in seconds since 1970.
    pub received_at: i64,
    /// The file name, with the help of which it is read. Only its last part counts.
    pub name: String,
    /// Of a mail: the envelope's sender (`MAIL FROM`); may be empty.
    pub sender: String,
    /// The address it came from, where there is one.
    pub peer: Option<IpAddr>,
}

impl Envelope {
    /// The last part of a file name that somebody else has given, without what does not belong in one.
    pub fn clean_name(name: &str) -> String {
        let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
        let kept: String = last
            .chars()
            .filter(|c| !c.is_control())
            .take(NAME_CHARACTERS_MAX)
            .collect::<String>()
            .trim()
            .to_owned();
        if kept.trim_matches('.').is_empty() { "report".to_owned() } else { kept }
    }
}

/// The longest file name that is kept, in characters: what a file system takes.
const NAME_CHARACTERS_MAX: usize = 200;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_receipt_reads_what_it_writes() {
        assert_eq!(Receipt(17).to_string(), "R17");
        assert_eq!("R17".parse(), Ok(Receipt(17)));
        assert_eq!("17".parse(), Ok(Receipt(17)));
        for text in ["", "R", "R-1", "R+1", "RR1", "1x"] {
            assert!(text.parse::<Receipt>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_name_given_by_somebody_else_leads_nowhere() {
        for (given, kept) in [
            ("2026-11-20-scan_rdp-x.csv", "2026-11-20-scan_rdp-x.csv"),
            ("../../etc/passwd", "passwd"),
            ("C:\\reports\\a.csv", "a.csv"),
            ("a\r\nX: y.csv", "aX: y.csv"),
            ("..", "report"),
            ("", "report"),
        ] {
            assert_eq!(Envelope::clean_name(given), kept, "{given:?}");
        }
        assert_eq!(Envelope::clean_name(&"é".repeat(500)).chars().count(), NAME_CHARACTERS_MAX);
    }
}
