//! The 342 Dutch municipalities of 2026: code, name, province, domain, website, inhabitants.
//!
//! Restated from the Register van Overheidsorganisaties (<https://organisaties.overheid.nl>), which the Dutch government
//! publishes under CC0. Domains are real names; the demo attributes by them and never contacts them.

/// A municipality.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Municipality {
    /// The official code: `GM0513`.
    pub code: &'static str,
    /// Its name, in its own spelling.
    pub name: &'static str,
    /// The province it lies in.
    pub province: &'static str,
    /// Its main domain.
    pub domain: &'static str,
    /// The host name of its website.
    pub website: &'static str,
    /// How many people live there.
    pub inhabitants: u32,
}

/// Every municipality, by code.
pub fn all() -> Vec<Municipality> {
    include_str!("municipalities.csv").lines().skip(1).filter_map(read).collect()
}

/// Fields are separated by semicolons and never quoted.
fn read(line: &'static str) -> Option<Municipality> {
    let mut fields = line.split(';');
    Some(Municipality {
        code: fields.next()?,
        name: fields.next()?,
        province: fields.next()?,
        domain: fields.next()?,
        website: fields.next()?,
        inhabitants: fields.next()?.parse().ok()?,
    })
}

impl Municipality {
    /// The digits of the code, as in `findings@gm0513.example`.
    pub fn number(&self) -> &'static str {
        self.code.trim_start_matches("GM")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_342_are_there_each_once_with_a_domain_of_its_own() {
        let all = all();
        assert_eq!(all.len(), 342);
        assert!(all.is_sorted_by(|a, b| a.code < b.code));
        let mut domains: Vec<_> = all.iter().map(|municipality| municipality.domain).collect();
        domains.sort_unstable();
        domains.dedup();
        assert_eq!(domains.len(), 342);
        assert!(all.iter().all(|municipality| municipality.website.ends_with(municipality.domain)));
        assert_eq!(
            all.iter()
                .map(|municipality| municipality.province)
                .collect::<std::collections::BTreeSet<_>>()
                .len(),
            12
        );
    }
}
