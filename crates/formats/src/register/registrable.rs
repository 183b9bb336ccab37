//! The registrable domain of a name: what somebody registered, one label below a public suffix.

/// `gouda.nl` of `www.gouda.nl`; none for a public suffix itself or what is no name.
pub fn registrable(name: &str) -> Option<&str> {
    let domain = psl::domain(name.as_bytes())?;
    std::str::from_utf8(domain.as_bytes()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_registered_is_one_label_below_a_public_suffix() {
        for (name, expected) in [
            ("www.gouda.nl", Some("gouda.nl")),
            ("gouda.nl", Some("gouda.nl")),
            ("a.b.example.co.uk", Some("example.co.uk")),
            ("nl", None),
            ("co.uk", None),
            ("", None),
        ] {
            assert_eq!(registrable(name), expected, "{name}");
        }
    }
}
