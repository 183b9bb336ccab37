//! The bytes of a mail out of what follows `DATA`: where they end, and without the dots that were put before dots (RFC 5321, 4.5.2).
//!
//! Only `CR LF . CR LF` ends a mail, and only `CR LF` ends a line. Whoever takes a lone line feed for the end of a line can be made to see
//! two mails where another server saw one, and so to believe a sender whom nobody has checked. A lone CR or LF, a NUL and any other byte
//! are content and are kept.

use memchr::memmem;

/// How far we are.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
enum At {
    /// Within a line.
    Text,
    /// Behind a CR that belongs to the content.
    Cr,
    /// At the start of a line, and of a mail.
    #[default]
    Start,
    /// Behind a dot at the start of a line.
    Dot,
    /// Behind such a dot and a CR.
    DotCr,
}

/// Reads the content of one mail.
#[derive(Clone, Debug, Default)]
pub struct Content {
    at: At,
}

/// What a piece of input turned out to be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Piece<'a> {
    /// Nothing yet: more input is needed, or another call.
    Nothing,
    /// Bytes of the mail.
    Bytes(&'a [u8]),
    /// The mail has ended.
    End,
}

impl Content {
    /// Takes some input, which is not empty; says how much and what it was.
    pub fn next<'a>(&mut self, input: &'a [u8]) -> (usize, Piece<'a>) {
        let Some(&first) = input.first() else { return (0, Piece::Nothing) };
        match (self.at, first) {
            (At::Start, b'.') => self.take(At::Dot, 1, Piece::Nothing),
            (At::Dot, b'\r') => self.take(At::DotCr, 1, Piece::Nothing),
            (At::DotCr, b'\n') => self.take(At::Start, 1, Piece::End),
            // The dot is gone; the CR behind it was content after all.
            (At::DotCr, _) => self.take(At::Text, 0, Piece::Bytes(b"\r")),
            (At::Cr, b'\n') => self.take(At::Start, 1, Piece::Bytes(&input[..1])),
            (At::Text | At::Cr | At::Start | At::Dot, _) => self.text(input),
        }
    }

    fn take<'a>(&mut self, at: At, used: usize, piece: Piece<'a>) -> (usize, Piece<'a>) {
        self.at = at;
        (used, piece)
    }

    /// All up to the next line that begins with a dot.
    fn text<'a>(&mut self, input: &'a [u8]) -> (usize, Piece<'a>) {
        let end = memmem::find(input, b"\r\n.").map_or(input.len(), |at| at + 2);
        let bytes = &input[..end];
        let at = match bytes {
            [.., b'\r', b'\n'] => At::Start,
            [.., b'\r'] => At::Cr,
            _ => At::Text,
        };
        self.take(at, end, Piece::Bytes(bytes))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The content, and what was left behind its end; `None` while there is no end.
    fn read(input: &[u8], cuts: &[usize]) -> Option<(Vec<u8>, Vec<u8>)> {
        let mut content = Content::default();
        let mut bytes = Vec::new();
        let mut ends: Vec<usize> = cuts.iter().map(|cut| cut % (input.len() + 1)).collect();
        ends.push(input.len());
        ends.sort_unstable();
        let mut start = 0;
        for end in ends {
            while start < end {
                let (used, piece) = content.next(&input[start..end]);
                start += used;
                match piece {
                    Piece::Nothing => assert!(used > 0),
                    Piece::Bytes(piece) => bytes.extend_from_slice(piece),
                    Piece::End => return Some((bytes, input[start..].to_vec())),
                }
            }
        }
        None
    }

    fn whole(input: &str) -> Option<(String, String)> {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        read(input.as_bytes(), &[]).map(|(bytes, rest)| (text(bytes), text(rest)))
    }

    #[test]
    fn dots_are_taken_away_and_only_the_true_end_ends() {
        let some = |content: &str, rest: &str| Some((content.to_owned(), rest.to_owned()));
        assert_eq!(whole("a\r\n.\r\n"), some("a\r\n", ""));
        assert_eq!(whole(".\r\n"), some("", ""));
        assert_eq!(whole("..\r\n.\r\nQUIT\r\n"), some(".\r\n", "QUIT\r\n"));
        assert_eq!(whole("a\r\n.b\r\n..c\r\n.\r\n"), some("a\r\nb\r\n.c\r\n", ""));
        assert_eq!(whole("a\r\r\n.\r\n"), some("a\r\r\n", ""));
        assert_eq!(whole(".\r.\r\n.\r\n"), some("\r.\r\n", ""));
        // What others have taken for an end.
        for smuggled in
            ["a\n.\n", "a\n.\r\n", "a\r\n.\n", "a\r.\r", "a\r\n.\r", "a\r\n\0.\r\n", "a\r\n.\r\r\n", "."]
        {
            assert_eq!(whole(smuggled), None, "{smuggled:?}");
        }
        assert_eq!(whole("a\n.\nMAIL\n.\r\n\r\n.\r\n"), some("a\n.\nMAIL\n.\r\n\r\n", ""));
    }

    /// The simple way, on the whole input.
    fn simply(input: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
        let framed = [b"\r\n", input].concat();
        let end = framed.windows(5).position(|five| five == b"\r\n.\r\n")?;
        let lines = &framed[..end + 2];
        let mut bytes = Vec::new();
        let mut at = 0;
        while at < lines.len() {
            if lines[at..].starts_with(b"\r\n.") {
                bytes.extend_from_slice(b"\r\n");
                at += 3;
            } else {
                bytes.push(lines[at]);
                at += 1;
            }
        }
        Some((bytes[2..].to_vec(), framed[end + 5..].to_vec()))
    }

    fn hostile() -> impl Strategy<Value = Vec<u8>> {
        let byte = prop_oneof![Just(b'\r'), Just(b'\n'), Just(b'.'), Just(b'a'), Just(0)];
        let part = prop_oneof![prop::collection::vec(byte, 0..12), Just(b"\r\n.\r\n".to_vec())];
        prop::collection::vec(part, 0..8).prop_map(|parts| parts.concat())
    }

    proptest! {
        #[test]
        fn pieces_read_as_the_whole_does(input in hostile(), cuts in prop::collection::vec(0_usize..100, 0..20)) {
            prop_assert_eq!(read(&input, &cuts), simply(&input));
        }

        #[test]
        fn what_is_stuffed_comes_out_again(lines in prop::collection::vec("[.a\\x00\n]{0,6}", 0..10), cuts in prop::collection::vec(0_usize..100, 0..9)) {
            let mail: String = lines.iter().map(|line| format!("{line}\r\n")).collect();
            let stuffed: String = lines.iter().map(|line| {
                let dot = if line.starts_with('.') { "." } else { "" };
                format!("{dot}{line}\r\n")
            }).collect();
            let read = read(format!("{stuffed}.\r\nNOOP\r\n").as_bytes(), &cuts);
            prop_assert_eq!(read, Some((mail.into_bytes(), b"NOOP\r\n".to_vec())));
        }
    }
}
