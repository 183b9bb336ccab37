//! A file for a spreadsheet taken apart (RFC 4180): a spreadsheet must take nothing in it for a formula, and nothing may make a row or a cell of its own.

/// Rows and cells.
pub fn rows(text: &str) -> Vec<Vec<String>> {
    let (mut rows, mut row, mut cell, mut quoted) = (Vec::new(), Vec::new(), String::new(), false);
    let mut signs = text.chars().peekable();
    while let Some(sign) = signs.next() {
        match sign {
            '"' if quoted && signs.peek() == Some(&'"') => cell.extend(signs.next()),
            '"' => quoted = !quoted,
            ',' if !quoted => row.push(std::mem::take(&mut cell)),
            '\r' if !quoted && signs.peek() == Some(&'\n') => {}
            '\n' if !quoted => {
                row.push(std::mem::take(&mut cell));
                rows.push(std::mem::take(&mut row));
            }
            sign => cell.push(sign),
        }
    }
    assert!(!quoted && cell.is_empty() && row.is_empty(), "it breaks off: {cell:?}");
    rows
}

/// Each row has as many cells as the first, and none of them is a formula.
#[track_caller]
pub fn assert_harmless(what: &str, text: &str) {
    let rows = rows(text);
    assert!(rows.len() > 1, "{what} is empty");
    for row in &rows {
        assert_eq!(row.len(), rows[0].len(), "{what}: {row:?}");
        for cell in row {
            let begin = cell.chars().next().unwrap_or('x');
            assert!(!"=+-@\t\r\n＝＋－＠".contains(begin), "{what}: {cell:?} may be taken for a formula");
        }
    }
}
