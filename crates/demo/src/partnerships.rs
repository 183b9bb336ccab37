//! Nineteen IT partnerships and the municipalities that take part in them.
//!
//! Restated from the Register van Overheidsorganisaties (<https://organisaties.overheid.nl>), published under CC0. There are
//! hundreds of joint arrangements; these are some that run computers for their participants.

/// An IT partnership.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Partnership {
    /// Its number in the register of government organisations.
    pub number: &'static str,
    /// Its name.
    pub name: &'static str,
    /// The codes of the municipalities that take part.
    pub participants: Vec<&'static str>,
}

/// Every partnership, by number.
pub fn all() -> Vec<Partnership> {
    include_str!("partnerships.csv").lines().skip(1).filter_map(read).collect()
}

/// Fields are separated by semicolons and never quoted, participants by spaces.
fn read(line: &'static str) -> Option<Partnership> {
    let mut fields = line.split(';');
    Some(Partnership {
        number: fields.next()?,
        name: fields.next()?,
        participants: fields.next()?.split_whitespace().collect(),
    })
}

impl Partnership {
    /// Its code in our register's files: `ROO26727858`.
    pub fn code(&self) -> String {
        format!("ROO{}", self.number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::municipalities;

    #[test]
    fn every_participant_is_a_municipality() {
        let all = all();
        assert_eq!(all.len(), 19);
        let municipalities = municipalities::all();
        for code in all.iter().flat_map(|partnership| &partnership.participants) {
            assert!(municipalities.iter().any(|municipality| municipality.code == *code), "{code}");
        }
    }
}
