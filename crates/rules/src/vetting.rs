//! May what reached a door be taken in without a person looking?

use std::fmt;

use schakel_model::{
    arrival::Door,
    source::{Source, Trust},
};

/// What is known of a report before anything of it is recorded.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// The way it came.
    pub door: Door,
    /// Who sent it, when that is a source of ours.
    pub source: Option<&'a Source>,
    /// Is it certain that it was them? By a token, because we fetched it from them, or by a mail whose sender's domain stands for it (DMARC).
    pub proven: bool,
    /// The formats it holds.
    pub formats: &'a [&'a str],
    /// Were addresses found in text that nobody wrote for a program?
    pub extracted: bool,
    /// Its size in bytes.
    pub size: u64,
    /// Reports this source has sent in the last hour, this one not counted.
    pub last_hour: u64,
}

/// What becomes of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// It is taken in.
    Take,
    /// It waits for a person.
    Hold(Reason),
    /// It is put aside; nobody needs to look.
    Refuse(Reason),
}

/// Why it is not simply taken in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Reason {
    /// The source is blocked.
    Blocked,
    /// What is in it was found in text.
    Extracted,
    /// Nobody we know.
    UnknownNotifier,
    /// It says that it is this source, and nothing proves it.
    SenderNotProven,
    /// A person looks at all that this source sends.
    Vetted,
    /// This source may not send this format by itself.
    Format(String),
    /// Larger than what this source may send, in bytes.
    TooLarge(u64),
    /// More reports in an hour than this source may send.
    TooMany(u32),
    /// None of our keys opens it.
    Sealed,
}

impl Reason {
    /// Reads what [`fmt::Display`] writes.
    pub fn read(text: &str) -> Option<Self> {
        let between = |before: &str, after: &str| text.strip_prefix(before)?.strip_suffix(after);
        let number = |before, after| between(before, after)?.parse().ok();
        let plain = [
            Self::Blocked,
            Self::Extracted,
            Self::UnknownNotifier,
            Self::SenderNotProven,
            Self::Vetted,
            Self::Sealed,
        ];
        plain
            .into_iter()
            .find(|reason| reason.to_string() == text)
            .or_else(|| {
                between("this source may not send ", " by itself").map(|it| Self::Format(it.to_owned()))
            })
            .or_else(|| number("larger than the ", " bytes this source may send").map(Self::TooLarge))
            .or_else(|| {
                let reports_max = number("more than the ", " reports an hour this source may send")?;
                u32::try_from(reports_max).ok().map(Self::TooMany)
            })
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Blocked => f.write_str("the source is blocked"),
            Self::Extracted => f.write_str("what is in it was found in the text of a mail"),
            Self::UnknownNotifier => f.write_str("the notifier is unknown"),
            Self::SenderNotProven => f.write_str("nothing proves that the sender is who it says"),
            Self::Vetted => f.write_str("a person looks at all that this source sends"),
            Self::Format(format) => write!(f, "this source may not send {format} by itself"),
            Self::TooLarge(bytes_max) => write!(f, "larger than the {bytes_max} bytes this source may send"),
            Self::TooMany(reports_max) => {
                write!(f, "more than the {reports_max} reports an hour this source may send")
            }
            Self::Sealed => f.write_str("it is encrypted, and cannot be opened with our keys"),
        }
    }
}

/// Decides; the first rule that applies counts.
pub fn decide(facts: &Facts<'_>) -> Verdict {
    let blocked = facts.source.is_some_and(|source| source.trust == Trust::Blocked);
    if blocked && facts.proven {
        return Verdict::Refuse(Reason::Blocked);
    }
    if facts.extracted {
        return Verdict::Hold(Reason::Extracted);
    }
    let Some(source) = facts.source else {
        return if facts.door.is_ours() { Verdict::Take } else { Verdict::Hold(Reason::UnknownNotifier) };
    };
    // Whoever writes under the name of a blocked source must not make us throw its mail away.
    if !facts.proven || blocked {
        return Verdict::Hold(Reason::SenderNotProven);
    }
    if source.trust == Trust::Vetted {
        return Verdict::Hold(Reason::Vetted);
    }
    let allowed = |format: &str| source.formats.is_empty() || source.formats.iter().any(|one| one == format);
    if let Some(format) = facts.formats.iter().find(|format| !allowed(format)) {
        return Verdict::Hold(Reason::Format((*format).to_owned()));
    }
    match (source.bytes_max, source.reports_per_hour_max) {
        (Some(bytes_max), _) if facts.size > bytes_max => Verdict::Hold(Reason::TooLarge(bytes_max)),
        (_, Some(reports_max)) if facts.last_hour >= u64::from(reports_max) => {
            Verdict::Hold(Reason::TooMany(reports_max))
        }
        _ => Verdict::Take,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn automatic() -> Source {
        Source { trust: Trust::Automatic, ..Source::new("feed") }
    }

    fn facts<'a>(source: Option<&'a Source>, door: Door) -> Facts<'a> {
        Facts { door, source, proven: true, formats: &["xarf"], extracted: false, size: 10, last_hour: 0 }
    }

    #[test]
    fn every_reason_is_read_as_it_is_written_and_other_words_are_none() {
        for reason in [
            Reason::Blocked,
            Reason::Extracted,
            Reason::UnknownNotifier,
            Reason::SenderNotProven,
            Reason::Vetted,
            Reason::Sealed,
            Reason::Format("x-arf by itself".to_owned()),
            Reason::TooLarge(u64::MAX),
            Reason::TooMany(u32::MAX),
        ] {
            assert_eq!(Reason::read(&reason.to_string()), Some(reason));
        }
        for other in ["", "it cannot be read: x", "larger than the x bytes this source may send"] {
            assert_eq!(Reason::read(other), None, "{other}");
        }
    }

    #[test]
    fn the_first_rule_that_applies_counts() {
        let (trusted, vetted) = (automatic(), Source::new("new"));
        let blocked = Source { trust: Trust::Blocked, ..Source::new("spammer") };
        let narrow = Source { formats: vec!["shadowserver".into()], ..automatic() };
        let small = Source { bytes_max: Some(9), ..automatic() };
        let rare = Source { reports_per_hour_max: Some(2), ..automatic() };
        let base = |source| facts(Some(source), Door::Api);
        for (facts, verdict) in [
            (base(&trusted), Verdict::Take),
            (facts(None, Door::Folder), Verdict::Take),
            (facts(None, Door::Desk), Verdict::Take),
            (facts(None, Door::Mail), Verdict::Hold(Reason::UnknownNotifier)),
            (Facts { extracted: true, ..facts(None, Door::Folder) }, Verdict::Hold(Reason::Extracted)),
            (Facts { extracted: true, ..base(&trusted) }, Verdict::Hold(Reason::Extracted)),
            (base(&vetted), Verdict::Hold(Reason::Vetted)),
            (Facts { proven: false, ..base(&trusted) }, Verdict::Hold(Reason::SenderNotProven)),
            (base(&blocked), Verdict::Refuse(Reason::Blocked)),
            (Facts { proven: false, ..base(&blocked) }, Verdict::Hold(Reason::SenderNotProven)),
            (base(&narrow), Verdict::Hold(Reason::Format("xarf".into()))),
            (base(&small), Verdict::Hold(Reason::TooLarge(9))),
            (Facts { last_hour: 1, ..base(&rare) }, Verdict::Take),
            (Facts { last_hour: 2, ..base(&rare) }, Verdict::Hold(Reason::TooMany(2))),
        ] {
            assert_eq!(decide(&facts), verdict, "{facts:?}");
        }
    }
}
