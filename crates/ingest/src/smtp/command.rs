//! A line of SMTP or LMTP into a command (RFC 5321, 2033, 1870, 6152, 6531).

/// The longest line of a command, with its end. RFC 5321 asks for 512 bytes, and extensions for a little more.
pub const COMMAND_BYTES_MAX: usize = 2_048;

/// The longest address: 64 bytes, `@`, and 255 bytes (RFC 5321, 4.5.3.1).
const ADDRESS_BYTES_MAX: usize = 320;

/// A command.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Command {
    /// `HELO`.
    Helo,
    /// `EHLO`.
    Ehlo,
    /// `LHLO`.
    Lhlo,
    /// `MAIL FROM`.
    Mail {
        /// May be empty.
        sender: String,
        /// What the sender says the mail is large.
        size: Option<u64>,
    },
    /// `RCPT TO`.
    Recipient(String),
    /// `DATA`.
    Data,
    /// `RSET`.
    Reset,
    /// `NOOP`.
    Noop,
    /// `VRFY`.
    Verify,
    /// `QUIT`.
    Quit,
}

/// What is wrong with a line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Wrong {
    /// No command of ours.
    Unknown,
    /// The command is known; what follows it is not what should.
    Arguments,
    /// A parameter that was not offered.
    Parameter,
}

/// Reads a line, without its end.
pub fn parse(line: &[u8]) -> Result<Command, Wrong> {
    let text = std::str::from_utf8(line).map_err(|_| Wrong::Unknown)?;
    if text.chars().any(char::is_control) {
        return Err(Wrong::Unknown);
    }
    let text = text.trim_end();
    let (verb, rest) = text.split_once(' ').unwrap_or((text, ""));
    let argument = rest.trim();
    let bare = |command| if argument.is_empty() { Ok(command) } else { Err(Wrong::Arguments) };
    let named = |command| if argument.is_empty() { Err(Wrong::Arguments) } else { Ok(command) };
    match verb.to_ascii_uppercase().as_str() {
        "HELO" => named(Command::Helo),
        "EHLO" => named(Command::Ehlo),
        "LHLO" => named(Command::Lhlo),
        "MAIL" => mail(argument),
        "RCPT" => recipient(argument),
        "DATA" => bare(Command::Data),
        "RSET" => bare(Command::Reset),
        "QUIT" => bare(Command::Quit),
        "NOOP" => Ok(Command::Noop),
        "VRFY" => named(Command::Verify),
        _ => Err(Wrong::Unknown),
    }
}

fn mail(argument: &str) -> Result<Command, Wrong> {
    let (sender, parameters) = path(argument, "FROM:")?;
    let mut size = None;
    for parameter in parameters.split_ascii_whitespace() {
        let (key, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        match (key.to_ascii_uppercase().as_str(), value.to_ascii_uppercase().as_str()) {
            ("SIZE", digits) if is_number(digits) => size = Some(digits.parse().unwrap_or(u64::MAX)),
            ("BODY", "7BIT" | "8BITMIME") | ("SMTPUTF8", "") => {}
            ("SIZE" | "BODY" | "SMTPUTF8", _) => return Err(Wrong::Arguments),
            _ => return Err(Wrong::Parameter),
        }
    }
    Ok(Command::Mail { sender: sender.to_owned(), size })
}

fn recipient(argument: &str) -> Result<Command, Wrong> {
    match path(argument, "TO:")? {
        ("", _) => Err(Wrong::Arguments),
        (address, "") => Ok(Command::Recipient(address.to_owned())),
        _ => Err(Wrong::Parameter),
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The address between `<` and `>` without a source route, and the parameters behind it.
fn path<'a>(argument: &'a str, keyword: &str) -> Result<(&'a str, &'a str), Wrong> {
    let (found, rest) = argument.split_at_checked(keyword.len()).ok_or(Wrong::Arguments)?;
    if !found.eq_ignore_ascii_case(keyword) {
        return Err(Wrong::Arguments);
    }
    let rest = rest.trim_start().strip_prefix('<').ok_or(Wrong::Arguments)?;
    let end = closing(rest).ok_or(Wrong::Arguments)?;
    let (inner, behind) = (&rest[..end], &rest[end + 1..]);
    if !(behind.is_empty() || behind.starts_with(' ')) {
        return Err(Wrong::Arguments);
    }
    // `<@relay.example:user@host.example>`: the route is to be ignored (RFC 5321, appendix C).
    let address = match inner.strip_prefix('@') {
        Some(route) => route.split_once(':').ok_or(Wrong::Arguments)?.1,
        None => inner,
    };
    if address.len() > ADDRESS_BYTES_MAX || address.contains('<') {
        return Err(Wrong::Arguments);
    }
    Ok((address, behind.trim()))
}

/// Where the `>` is that does not stand in quotes.
fn closing(text: &str) -> Option<usize> {
    let (mut quoted, mut escaped) = (false, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'>' if !quoted => return Some(at),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(sender: &str, size: Option<u64>) -> Result<Command, Wrong> {
        Ok(Command::Mail { sender: sender.into(), size })
    }

    #[test]
    fn commands_are_read() {
        let to = |address: &str| Ok(Command::Recipient(address.into()));
        for (line, expected) in [
            ("EHLO mail.example", Ok(Command::Ehlo)),
            ("helo [127.0.0.1]", Ok(Command::Helo)),
            ("LHLO x", Ok(Command::Lhlo)),
            ("EHLO", Err(Wrong::Arguments)),
            ("MAIL FROM:<a@b.example>", from("a@b.example", None)),
            ("mail from: <a@b.example>", from("a@b.example", None)),
            ("MAIL FROM:<>", from("", None)),
            ("MAIL FROM:<> SIZE=12 BODY=8BITMIME SMTPUTF8", from("", Some(12))),
            ("MAIL FROM:<a@b> size=99999999999999999999999", from("a@b", Some(u64::MAX))),
            ("MAIL FROM:<@x.example,@y.example:a@b.example>", from("a@b.example", None)),
            ("MAIL FROM:<\"a > b\\\"\"@b.example>", from("\"a > b\\\"\"@b.example", None)),
            ("MAIL FROM:<josé@b.example> SMTPUTF8", from("josé@b.example", None)),
            ("MAIL FROM:a@b.example", Err(Wrong::Arguments)),
            ("MAIL FROM:<a@b.example", Err(Wrong::Arguments)),
            ("MAIL FROM:<<a@b.example>", Err(Wrong::Arguments)),
            ("MAIL FROM:<a@b.example>x", Err(Wrong::Arguments)),
            ("MAIL FROM:<a@b.example> SIZE=-1", Err(Wrong::Arguments)),
            ("MAIL FROM:<a@b.example> BODY=BINARYMIME", Err(Wrong::Arguments)),
            ("MAIL FROM:<a@b.example> AUTH=<>", Err(Wrong::Parameter)),
            ("MAIL", Err(Wrong::Arguments)),
            ("MAIL FRÖM:<a@b>", Err(Wrong::Arguments)),
            ("RCPT TO:<a@b.example>", to("a@b.example")),
            ("RCPT TO:<>", Err(Wrong::Arguments)),
            ("RCPT TO:<a@b.example> NOTIFY=NEVER", Err(Wrong::Parameter)),
            ("DATA", Ok(Command::Data)),
            ("DATA x", Err(Wrong::Arguments)),
            ("RSET", Ok(Command::Reset)),
            ("NOOP anything", Ok(Command::Noop)),
            ("VRFY somebody", Ok(Command::Verify)),
            ("QUIT", Ok(Command::Quit)),
            ("", Err(Wrong::Unknown)),
            ("STARTTLS", Err(Wrong::Unknown)),
            ("BDAT 5 LAST", Err(Wrong::Unknown)),
            ("DATA\0", Err(Wrong::Unknown)),
            ("MAIL FROM:<a@b>\rRCPT TO:<x@y>", Err(Wrong::Unknown)),
        ] {
            assert_eq!(parse(line.as_bytes()), expected, "{line:?}");
        }
        assert_eq!(parse(b"\xff\xfe"), Err(Wrong::Unknown));
    }

    #[test]
    fn an_address_has_a_longest_length() {
        let line = |bytes: usize| format!("RCPT TO:<{}>", "a".repeat(bytes));
        assert!(parse(line(ADDRESS_BYTES_MAX).as_bytes()).is_ok());
        assert_eq!(parse(line(ADDRESS_BYTES_MAX + 1).as_bytes()), Err(Wrong::Arguments));
    }
}
