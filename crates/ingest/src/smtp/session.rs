//! One conversation in SMTP or LMTP, without sockets: bytes in, steps out. What a step asks for (a mail begins, its bytes, it has ended) is
//! done by the caller, who tells the outcome.

use std::sync::Arc;

use schakel_model::arrival::Receipt;

use super::{
    command::{self, COMMAND_BYTES_MAX, Command, Wrong},
    content::{Content, Piece},
    reply::{self, Reply, line},
    settings::Protocol,
};
use crate::door::Refusal;

/// Recipients of one mail (RFC 5321, 4.5.3.1.8: at least a hundred).
const RECIPIENTS_MAX: usize = 100;

/// Refused commands since the last mail, before the conversation ends. Postfix has the same limit.
const ERRORS_MAX: u32 = 20;

/// What the door offers and takes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Offer {
    /// What is spoken.
    pub protocol: Protocol,
    /// Our name.
    pub hostname: String,
    /// Addresses, in lower case; `@domain` for all of a domain.
    pub recipients: Vec<String>,
    /// The largest mail.
    pub bytes_max: u64,
}

impl Offer {
    fn takes(&self, address: &str) -> bool {
        let address = address.to_lowercase();
        let domain = address.rfind('@').map(|at| &address[at..]);
        self.recipients.iter().any(|taken| *taken == address || Some(taken.as_str()) == domain)
    }
}

/// What the caller has to do.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Step<'a> {
    /// Call again: with more input, if there is none left.
    More,
    /// Send this.
    Reply(Reply),
    /// Begin to keep a mail of this sender; then call [`Session::begun`].
    Begin {
        /// `MAIL FROM`.
        sender: String,
    },
    /// Bytes of the mail.
    Bytes(&'a [u8]),
    /// The mail has ended: make it durable; then call [`Session::finished`].
    Finish,
    /// The mail has ended and is nothing: keep nothing and send this.
    Discard(Reply),
    /// Send this and close the connection.
    Close(Reply),
}

/// A conversation.
#[derive(Debug)]
pub struct Session {
    offer: Arc<Offer>,
    greeted: bool,
    mail: Option<Mail>,
    reading: Reading,
    errors: u32,
}

#[derive(Debug)]
struct Mail {
    sender: String,
    recipients: usize,
}

/// What the next bytes are.
#[derive(Debug)]
enum Reading {
    Commands,
    /// The rest of a line that is too long.
    LongLine,
    Content {
        content: Content,
        empty: bool,
    },
}

impl Session {
    /// A conversation that begins.
    pub fn new(offer: Arc<Offer>) -> Self {
        Self { offer, greeted: false, mail: None, reading: Reading::Commands, errors: 0 }
    }

    /// The first line, ours.
    pub fn greeting(&self) -> Reply {
        let protocol = match self.offer.protocol {
            Protocol::Smtp => "ESMTP",
            Protocol::Lmtp => "LMTP",
        };
        line("220", &format!("{} {protocol} Schakel", self.offer.hostname))
    }

    /// Takes some of the input; says how much, and what is to be done.
    pub fn step<'a>(&mut self, input: &'a [u8]) -> (usize, Step<'a>) {
        match &mut self.reading {
            Reading::Content { content, empty } => match content.next(input) {
                (used, Piece::Nothing) => (used, Step::More),
                (used, Piece::Bytes(bytes)) => {
                    *empty = false;
                    (used, Step::Bytes(bytes))
                }
                (used, Piece::End) if *empty => {
                    (used, Step::Discard(self.end_mail(line("554 5.6.0", "the mail is empty"))))
                }
                (used, Piece::End) => (used, Step::Finish),
            },
            Reading::Commands => self.line(input),
            Reading::LongLine => match memchr::memchr(b'\n', input) {
                None => (input.len(), Step::More),
                Some(end) => {
                    self.reading = Reading::Commands;
                    (end + 1, self.wrong(line("500 5.5.2", "the line is too long")))
                }
            },
        }
    }

    /// Whether the mail could be begun.
    pub fn begun(&mut self, outcome: Result<(), Refusal>) -> Reply {
        match outcome {
            Ok(()) => {
                self.reading = Reading::Content { content: Content::default(), empty: true };
                line("354", "send the mail, and end it with a dot on a line of its own")
            }
            Err(refusal) => {
                self.mail = None;
                reply::refused(&refusal)
            }
        }
    }

    /// Whether the mail is durable.
    pub fn finished(&mut self, outcome: Result<Receipt, Refusal>) -> Reply {
        self.errors = 0;
        self.end_mail(match outcome {
            Ok(receipt) => reply::received(receipt),
            Err(refusal) => reply::refused(&refusal),
        })
    }

    /// The answer to a whole mail.
    fn end_mail(&mut self, reply: Reply) -> Reply {
        self.reading = Reading::Commands;
        let recipients = self.mail.take().map_or(1, |mail| mail.recipients);
        match self.offer.protocol {
            Protocol::Smtp => reply,
            Protocol::Lmtp => reply.repeat(recipients),
        }
    }

    fn line(&mut self, input: &[u8]) -> (usize, Step<'static>) {
        let Some(end) = memchr::memchr(b'\n', input) else {
            if input.len() < COMMAND_BYTES_MAX {
                return (0, Step::More);
            }
            self.reading = Reading::LongLine;
            return (input.len(), Step::More);
        };
        let used = end + 1;
        let step = match input[..end].strip_suffix(b"\r") {
            _ if used > COMMAND_BYTES_MAX => self.wrong(line("500 5.5.2", "the line is too long")),
            None => self.wrong(line("500 5.5.2", "a line ends in CR LF")),
            Some(text) => match command::parse(text) {
                Ok(Command::Data) => self.data(used < input.len()),
                Ok(command) => self.command(command),
                Err(Wrong::Unknown) => self.wrong(line("500 5.5.1", "this command is not known here")),
                Err(Wrong::Arguments) => {
                    self.wrong(line("501 5.5.4", "what follows the command is not right"))
                }
                Err(Wrong::Parameter) => self.wrong(line("555 5.5.4", "this parameter was not offered")),
            },
        };
        (used, step)
    }

    fn command(&mut self, command: Command) -> Step<'static> {
        match command {
            Command::Helo | Command::Ehlo | Command::Lhlo => self.hello(&command),
            Command::Mail { sender, size } => self.mail(sender, size),
            Command::Recipient(address) => self.recipient(&address),
            Command::Data => self.data(false),
            Command::Reset => {
                self.mail = None;
                Step::Reply(line("250 2.0.0", "forgotten"))
            }
            Command::Noop => Step::Reply(line("250 2.0.0", "fine")),
            Command::Verify => Step::Reply(line("252 2.1.5", "send a mail and see")),
            Command::Quit => Step::Close(line("221 2.0.0", "goodbye")),
        }
    }

    fn hello(&mut self, command: &Command) -> Step<'static> {
        let fits = match self.offer.protocol {
            Protocol::Smtp => *command != Command::Lhlo,
            Protocol::Lmtp => *command == Command::Lhlo,
        };
        if !fits {
            return self.wrong(match self.offer.protocol {
                Protocol::Smtp => line("500 5.5.1", "SMTP is spoken here, not LMTP"),
                Protocol::Lmtp => line("500 5.5.1", "LMTP is spoken here, not SMTP"),
            });
        }
        self.greeted = true;
        self.mail = None;
        let Offer { hostname, bytes_max, .. } = &*self.offer;
        Step::Reply(match command {
            Command::Helo => line("250", hostname),
            _ => format!(
                "250-{hostname}\r\n250-PIPELINING\r\n250-SIZE {bytes_max}\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n\
                 250 ENHANCEDSTATUSCODES\r\n"
            ),
        })
    }

    fn mail(&mut self, sender: String, size: Option<u64>) -> Step<'static> {
        if !self.greeted {
            return self.wrong(line("503 5.5.1", "say hello first"));
        }
        if self.mail.is_some() {
            return self.wrong(line("503 5.5.1", "a mail has been begun already"));
        }
        if size.is_some_and(|size| size > self.offer.bytes_max) {
            return self.wrong(reply::too_large(self.offer.bytes_max));
        }
        self.mail = Some(Mail { sender, recipients: 0 });
        Step::Reply(line("250 2.1.0", "whom is it for?"))
    }

    fn recipient(&mut self, address: &str) -> Step<'static> {
        let Some(mail) = &mut self.mail else {
            return self.wrong(line("503 5.5.1", "say who it is from first"));
        };
        if !self.offer.takes(address) {
            return self.wrong(line("550 5.1.1", "nobody here has this address"));
        }
        if mail.recipients == RECIPIENTS_MAX {
            return self.wrong(line("452 4.5.3", "too many recipients"));
        }
        mail.recipients += 1;
        Step::Reply(line("250 2.1.5", "fine"))
    }

    /// `early`: was something sent behind `DATA` before we have answered? Then it would be read as commands if we refuse, and as a mail if
    /// we do not: nobody should be able to choose, so the conversation ends.
    fn data(&mut self, early: bool) -> Step<'static> {
        match &self.mail {
            None => self.wrong(line("503 5.5.1", "say who it is from first")),
            Some(Mail { recipients: 0, .. }) => self.wrong(line("503 5.5.1", "say whom it is for first")),
            Some(_) if early => {
                Step::Close(line("503 5.5.0", "nothing may follow DATA before it is answered"))
            }
            Some(mail) => Step::Begin { sender: mail.sender.clone() },
        }
    }

    fn wrong(&mut self, reply: Reply) -> Step<'static> {
        self.errors += 1;
        if self.errors >= ERRORS_MAX {
            return Step::Close(format!("{reply}{}", line("421 4.7.0", "too many errors")));
        }
        Step::Reply(reply)
    }
}

#[cfg(test)]
mod tests;
