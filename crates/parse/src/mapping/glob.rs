//! File name patterns: `*` for any run of characters, `?` for one. Case does not count.

/// Does the name match the pattern?
pub fn matches(pattern: &str, name: &str) -> bool {
    let pattern: Vec<char> = pattern.to_lowercase().chars().collect();
    let name: Vec<char> = name.to_lowercase().chars().collect();
    let (mut p, mut n) = (0, 0);
    // Where the last star stood, and how far it reached: only the last one need ever be tried again.
    let mut star = None;
    while n < name.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, n));
                p += 1;
            }
            Some(c) if *c == '?' || *c == name[n] => {
                p += 1;
                n += 1;
            }
            _ => match star {
                Some((at, reached)) => {
                    star = Some((at, reached + 1));
                    p = at + 1;
                    n = reached + 1;
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_and_question_marks() {
        for (pattern, name, expected) in [
            ("divd-*.csv", "DIVD-2024-00012.csv", true),
            ("divd-*.csv", "divd-.csv", true),
            ("divd-*.csv", "divd-1.csv.gz", false),
            ("*", "", true),
            ("", "a", false),
            ("?.csv", "a.csv", true),
            ("?.csv", ".csv", false),
            ("*a*b*", "xxaxxbxx", true),
            ("*a*b", "xxaxxbxx", false),
        ] {
            assert_eq!(matches(pattern, name), expected, "{pattern} {name}");
        }
        let name = "a".repeat(10_000);
        assert!(!matches(&["*a".repeat(50), "b".into()].concat(), &name));
    }
}
