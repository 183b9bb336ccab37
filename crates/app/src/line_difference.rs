//! What is different between two short texts, line by line.

/// A line of one text or of both.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Line<'a> {
    /// In both.
    Both(&'a str),
    /// In the first only.
    Gone(&'a str),
    /// In the second only.
    New(&'a str),
}

/// The lines of both texts in order, by their longest common subsequence. Quadratic: for texts of some hundred lines.
pub fn lines<'a>(first: &'a str, second: &'a str) -> Vec<Line<'a>> {
    let (a, b): (Vec<&str>, Vec<&str>) = (first.lines().collect(), second.lines().collect());
    let width = b.len() + 1;
    // common[i][j]: how many lines the ends of both from i and j have in common.
    let mut common = vec![0_u32; (a.len() + 1) * width];
    for i in (0..a.len()).rev() {
        for j in (0..b.len()).rev() {
            common[i * width + j] = if a[i] == b[j] {
                common[(i + 1) * width + j + 1] + 1
            } else {
                common[(i + 1) * width + j].max(common[i * width + j + 1])
            };
        }
    }
    let mut lines = Vec::new();
    let (mut i, mut j) = (0, 0);
    while i < a.len() || j < b.len() {
        if i < a.len() && j < b.len() && a[i] == b[j] {
            lines.push(Line::Both(a[i]));
            (i, j) = (i + 1, j + 1);
        } else if j == b.len() || i < a.len() && common[(i + 1) * width + j] >= common[i * width + j + 1] {
            lines.push(Line::Gone(a[i]));
            i += 1;
        } else {
            lines.push(Line::New(b[j]));
            j += 1;
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(first: &str, second: &str) -> String {
        let text = |line: &Line<'_>| match line {
            Line::Both(line) => format!(" {line}"),
            Line::Gone(line) => format!("-{line}"),
            Line::New(line) => format!("+{line}"),
        };
        lines(first, second).iter().map(text).collect::<Vec<_>>().join("|")
    }

    #[test]
    fn what_is_gone_stands_before_what_is_new() {
        assert_eq!(shown("a\nb\nc", "a\nx\nc"), " a|-b|+x| c");
        assert_eq!(shown("", "a"), "+a");
        assert_eq!(shown("a\nb", "b"), "-a| b");
    }

    proptest! {
        #[test]
        fn both_texts_can_be_read_back(first in "[ab\n]{0,20}", second in "[ab\n]{0,20}") {
            let found = lines(&first, &second);
            let of = |keep: fn(&Line<'_>) -> bool| -> Vec<&str> {
                found.iter().filter(|line| keep(line)).map(|line| match line {
                    Line::Both(text) | Line::Gone(text) | Line::New(text) => *text,
                }).collect()
            };
            prop_assert_eq!(of(|line| !matches!(line, Line::New(_))), first.lines().collect::<Vec<_>>());
            prop_assert_eq!(of(|line| !matches!(line, Line::Gone(_))), second.lines().collect::<Vec<_>>());
        }
    }
}
