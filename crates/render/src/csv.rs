//! Lines of CSV for people: what they open in a spreadsheet is text, whatever a feed put into it.

/// Would a spreadsheet take this for a formula? The wide signs are those of East Asian keyboards.
pub(crate) fn may_be_a_formula(text: &str) -> bool {
    text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'])
}

/// A line of CSV (RFC 4180). What a spreadsheet would take for a formula gets a quote in front: names come from outside.
pub fn csv_line(fields: &[String]) -> String {
    let field = |text: &String| {
        let quote = if may_be_a_formula(text) { "'" } else { "" };
        format!("\"{quote}{}\"", text.replace('"', "\"\""))
    };
    fields.iter().map(field).collect::<Vec<_>>().join(",") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_quoted_and_no_formula() {
        let fields =
            ["a\"b,c", "=HYPERLINK(1)", "plain", "@SUM(1)", "+1", "-1", "\t=1", "\r=1"].map(str::to_owned);
        assert_eq!(
            csv_line(&fields),
            "\"a\"\"b,c\",\"'=HYPERLINK(1)\",\"plain\",\"'@SUM(1)\",\"'+1\",\"'-1\",\"'\t=1\",\"'\r=1\"\n"
        );
    }
}
