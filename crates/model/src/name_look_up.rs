//! What the DNS said of a name of the register, and when a name counts as gone.

/// A name is looked up once a day, and must be gone for as long before it counts: a name server that is being moved says for an hour that
/// there is no such name.
pub const LOOK_UP_SECONDS: i64 = 86_400;

/// What the DNS said.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum NameAnswer {
    /// There is such a name. It need not have an address: a domain may be there for its mail, or for what lies below it.
    Resolves = 0,
    /// There is no such name.
    Gone = 1,
    /// Nobody answered, or nobody could. This says nothing about the name.
    Unknown = 2,
}

impl NameAnswer {
    /// The answer that is stored as this number.
    pub fn from_number(number: u8) -> Option<Self> {
        [Self::Resolves, Self::Gone, Self::Unknown].into_iter().find(|answer| *answer as u8 == number)
    }
}

/// The last look-up of a name, and what the ones before it leave. Times are seconds since 1970.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NameLookUp {
    /// When it was.
    pub looked_at: i64,
    /// What was said last; unknown only when nobody ever could say.
    pub answer: NameAnswer,
    /// When the name was first gone since it last resolved.
    pub gone_since: Option<i64>,
    /// When it was last found gone.
    pub gone_at: Option<i64>,
}

impl NameLookUp {
    /// What stands after a look-up, with what stood before.
    pub fn after(before: Option<&Self>, answer: NameAnswer, at: i64) -> Self {
        let since = before.and_then(|before| before.gone_since);
        match answer {
            NameAnswer::Resolves => Self { looked_at: at, answer, gone_since: None, gone_at: None },
            NameAnswer::Gone => {
                Self { looked_at: at, answer, gone_since: since.or(Some(at)), gone_at: Some(at) }
            }
            NameAnswer::Unknown => {
                let nothing = Self { looked_at: at, answer, gone_since: None, gone_at: None };
                before.map_or(nothing, |before| Self { looked_at: at, ..*before })
            }
        }
    }

    /// Is it time to look again?
    pub fn is_due(&self, now: i64) -> bool {
        now.saturating_sub(self.looked_at) >= LOOK_UP_SECONDS
    }

    /// Since when it does not resolve: it was found gone twice, at least a day apart, and not found in between.
    pub fn does_not_resolve_since(&self) -> Option<i64> {
        let (since, last) = (self.gone_since?, self.gone_at?);
        (last.saturating_sub(since) >= LOOK_UP_SECONDS).then_some(since)
    }

    /// Has any look-up had an answer?
    pub fn is_known(&self) -> bool {
        self.answer != NameAnswer::Unknown
    }
}

#[cfg(test)]
mod tests {
    use super::{NameAnswer::*, *};

    const DAY: i64 = LOOK_UP_SECONDS;

    #[test]
    fn a_name_is_gone_when_it_was_found_so_twice_a_day_apart() {
        type Case = (&'static str, &'static [(NameAnswer, i64)], Option<i64>);
        let cases: [Case; 9] = [
            ("it is there", &[(Resolves, 0)], None),
            ("once", &[(Gone, 0)], None),
            ("twice on one day", &[(Gone, 0), (Gone, DAY - 1)], None),
            ("twice, a day apart", &[(Gone, 0), (Gone, DAY)], Some(0)),
            ("three times on two days", &[(Gone, 5), (Gone, 9), (Gone, 5 + DAY)], Some(5)),
            ("back in between", &[(Gone, 0), (Resolves, 9), (Gone, DAY), (Gone, DAY + 9)], None),
            ("no answer is neither", &[(Gone, 0), (Unknown, DAY)], None),
            ("no answer in between", &[(Gone, 0), (Unknown, DAY), (Gone, 2 * DAY)], Some(0)),
            ("no answer takes nothing back", &[(Gone, 0), (Gone, DAY), (Unknown, 2 * DAY)], Some(0)),
        ];
        for (what, looks, expected) in cases {
            let mut stands: Option<NameLookUp> = None;
            for (answer, at) in looks {
                stands = Some(NameLookUp::after(stands.as_ref(), *answer, *at));
            }
            assert_eq!(stands.unwrap().does_not_resolve_since(), expected, "{what}");
        }
    }

    #[test]
    fn a_name_is_looked_up_once_a_day() {
        let look_up = NameLookUp::after(None, Unknown, 100);
        assert_eq!([100, 100 + DAY - 1, 100 + DAY].map(|now| look_up.is_due(now)), [false, false, true]);
        assert!(!look_up.is_known());
        for known in [Resolves, Gone] {
            let before = NameLookUp::after(None, known, 0);
            assert_eq!(NameLookUp::after(Some(&before), Unknown, 9), NameLookUp { looked_at: 9, ..before });
        }
    }

    #[test]
    fn an_answer_survives_being_stored() {
        for answer in [Resolves, Gone, Unknown] {
            assert_eq!(NameAnswer::from_number(answer as u8), Some(answer));
        }
        assert_eq!(NameAnswer::from_number(3), None);
    }
}
