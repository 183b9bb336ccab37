//! Licences, sources and bans of every crate in `Cargo.lock`'s graph. The lists agree with `deny.toml`, which cargo-deny reads
//! where it is installed.

use serde_json::Value;

/// Licences that go with the EUPL-1.2 (all are in `deny.toml` too; a test keeps the two lists equal).
pub const LICENCES: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "EUPL-1.2",
    "ISC",
    "MIT",
    "MIT-0",
    "MPL-2.0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

/// Crates that must not come in, and why.
pub const BANNED: &[(&str, &str)] = &[
    ("openssl-sys", "one TLS: rustls with ring; no system library"),
    ("native-tls", "one TLS: rustls with ring"),
    ("aws-lc-sys", "one TLS provider: ring; aws-lc is a long C build"),
];

/// The only place third parties come from.
const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// What we look at in a package.
pub struct Package {
    name: String,
    /// SPDX expression; empty when the package states none.
    licence: String,
    /// `None` for a package of ours.
    source: Option<String>,
}

/// All packages in the graph, ours included.
pub fn packages(metadata: &Value) -> Vec<Package> {
    let packages = metadata["packages"].as_array().map(Vec::as_slice).unwrap_or_default();
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let package = |package: &Value| Package {
        name: text(&package["name"]).unwrap_or_default(),
        licence: text(&package["license"]).unwrap_or_default(),
        source: text(&package["source"]),
    };
    packages.iter().map(package).collect()
}

/// What is wrong with them, one sentence each.
pub fn problems(packages: &[Package]) -> Vec<String> {
    packages.iter().flat_map(problems_of).collect()
}

fn problems_of(package: &Package) -> Vec<String> {
    let Package { name, licence, source } = package;
    let mut problems = Vec::new();
    if !allowed(licence) {
        problems.push(format!("{name} has licence `{licence}`, which is not on the list"));
    }
    if source.as_deref().is_some_and(|source| source != REGISTRY) {
        problems
            .push(format!("{name} comes from {}, not from crates.io", source.as_deref().unwrap_or_default()));
    }
    if let Some((_, why)) = BANNED.iter().find(|(banned, _)| banned == name) {
        problems.push(format!("{name} is banned: {why}"));
    }
    problems
}

/// Is there a choice within this SPDX expression that uses listed licences only? `/` is an old way to write OR. In SPDX, AND
/// binds stronger than OR.
fn allowed(expression: &str) -> bool {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut reader = Reader { words: &words };
    reader.any() && reader.words.is_empty()
}

/// Reads an expression from the front. Each method takes its part off and says whether that part is allowed.
struct Reader<'a> {
    words: &'a [&'a str],
}

impl Reader<'_> {
    fn any(&mut self) -> bool {
        let mut allowed = self.all();
        while self.take("OR") {
            allowed |= self.all();
        }
        allowed
    }

    fn all(&mut self) -> bool {
        let mut allowed = self.one();
        while self.take("AND") {
            allowed &= self.one();
        }
        allowed
    }

    fn one(&mut self) -> bool {
        if self.take("(") {
            let allowed = self.any();
            return self.take(")") && allowed;
        }
        match self.words {
            [licence, "WITH", exception, rest @ ..] => {
                self.words = rest;
                LICENCES.contains(&format!("{licence} WITH {exception}").as_str())
            }
            [licence, rest @ ..] => {
                self.words = rest;
                LICENCES.contains(licence)
            }
            [] => false,
        }
    }

    fn take(&mut self, word: &str) -> bool {
        let found = self.words.first() == Some(&word);
        if found {
            self.words = &self.words[1..];
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_needs_one_listed_licence_and_a_sum_needs_all() {
        for fine in [
            "MIT",
            "MIT OR GPL-3.0",
            "MIT/Apache-2.0",
            "(MIT OR GPL-3.0) AND Unicode-3.0",
            "Apache-2.0 WITH LLVM-exception OR GPL-3.0",
            "GPL-3.0 AND MIT OR ISC",
        ] {
            assert!(allowed(fine), "{fine}");
        }
        for wrong in ["", "GPL-3.0", "MIT AND GPL-3.0", "(MIT", "MIT MIT", "MIT WITH Odd-exception"] {
            assert!(!allowed(wrong), "{wrong}");
        }
    }

    #[test]
    fn sources_and_bans_are_checked() {
        let package = |name: &str, source: Option<&str>| Package {
            name: name.to_owned(),
            licence: "MIT".to_owned(),
            source: source.map(str::to_owned),
        };
        assert!(problems_of(&package("serde", Some(REGISTRY))).is_empty());
        assert!(problems_of(&package("schakel-model", None)).is_empty());
        assert_eq!(problems_of(&package("serde", Some("git+https://host.example/serde"))).len(), 1);
        assert_eq!(problems_of(&package("openssl-sys", Some(REGISTRY))).len(), 1);
    }

    #[test]
    fn deny_toml_has_the_same_lists() {
        let deny = std::fs::read_to_string(crate::run::root().join("deny.toml")).unwrap();
        for licence in LICENCES {
            assert!(deny.contains(&format!("\"{licence}\"")), "deny.toml lacks {licence}");
        }
        for (banned, _) in BANNED {
            assert!(deny.contains(&format!("\"{banned}\"")), "deny.toml lacks {banned}");
        }
        let allow = deny.split_once("allow = [").unwrap().1.split_once(']').unwrap().0;
        assert_eq!(allow.matches('"').count() / 2, LICENCES.len(), "deny.toml allows more");
    }
}
