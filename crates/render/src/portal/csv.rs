//! A list as a file for a spreadsheet. What strangers chose is harmless in it, as in the attachments of mails.

use crate::attachment::{push_cell, text};

/// The file: a header row, then the rows.
pub fn csv<const N: usize>(columns: [&str; N], rows: impl Iterator<Item = [String; N]>) -> Vec<u8> {
    let mut out = columns.join(",").into_bytes();
    out.push(b'\n');
    for row in rows {
        for (at, cell) in row.iter().enumerate() {
            if at > 0 {
                out.push(b',');
            }
            push_cell(&mut out, &text(cell));
        }
        out.push(b'\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_formula_is_no_formula() {
        let rows = [["=1+1".to_owned(), "a,\"b\"".to_owned()], ["@x".to_owned(), "é\r\n=2".to_owned()]];
        let file = csv(["one", "two"], rows.into_iter());
        insta::assert_snapshot!(String::from_utf8(file).unwrap(), @r#"
        one,two
        '=1+1,"a,""b"""
        '@x,é =2
        "#);
    }
}
