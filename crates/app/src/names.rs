//! The ways people name things: `17:4023` is an event, `F12` a finding, `N3` a notification, `R17` or `17` a report.

use std::str::FromStr;

use schakel_model::ids::{EventId, FindingId, NotificationId};

/// Something `schakel trace` can follow.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Traced {
    /// `17:4023`
    Event(EventId),
    /// `F12`
    Finding(FindingId),
    /// `N3` or `#3`
    Notification(NotificationId),
}

impl FromStr for Traced {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || {
            format!(
                "`{text}` names nothing: write an event as 17:4023, a finding as F12, a notification as N3"
            )
        };
        if text.contains(':') {
            return text.parse().map(Self::Event).map_err(|_| wrong());
        }
        let mut letters = text.chars();
        let first = letters.next().map(|letter| letter.to_ascii_uppercase());
        let rest = letters.as_str();
        match first {
            Some('F') => rest.parse().map(Self::Finding).map_err(|_| wrong()),
            Some('N' | '#') => rest.parse().map(Self::Notification).map_err(|_| wrong()),
            _ => Err(wrong()),
        }
    }
}

#[cfg(test)]
mod tests {
    use schakel_model::ids::ReportId;

    use super::*;

    #[test]
    fn names_are_read_and_wrong_ones_explained() {
        assert_eq!("17:4".parse(), Ok(Traced::Event(EventId { report: ReportId(17), row: 4 })));
        assert_eq!("f12".parse(), Ok(Traced::Finding(FindingId(12))));
        assert_eq!("N3".parse(), Ok(Traced::Notification(NotificationId(3))));
        for wrong in ["", "12", "F", "x:y", "é3"] {
            assert!(wrong.parse::<Traced>().is_err(), "{wrong}");
        }
    }
}
