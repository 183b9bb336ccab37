//! What the door answers: the lines of RFC 5321 with the codes of RFC 3463.

use schakel_model::arrival::Receipt;

use crate::door::Refusal;

/// One answer, its lines with their ends.
pub type Reply = String;

/// A line: `550 5.1.1 nobody here has this address`.
pub fn line(code: &str, text: &str) -> Reply {
    format!("{code} {text}\r\n")
}

/// The mail is in the spool.
pub fn received(receipt: Receipt) -> Reply {
    line("250 2.0.0", &format!("received as {receipt}"))
}

/// Why it is not. What is wrong here stays in our own log.
pub fn refused(refusal: &Refusal) -> Reply {
    match refusal {
        Refusal::Later { after_seconds } => {
            line("452 4.3.1", &format!("there is no room now, try again in {after_seconds} seconds"))
        }
        Refusal::TooLarge { bytes_max } => too_large(*bytes_max),
        Refusal::Blocked => line("550 5.7.1", "no reports are taken from this sender"),
        Refusal::Trouble(_) => line("451 4.3.0", "the mail could not be kept, try again later"),
    }
}

/// Larger than what is taken.
pub fn too_large(bytes_max: u64) -> Reply {
    line("552 5.3.4", &format!("no mail of more than {bytes_max} bytes is taken"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_says_whether_to_come_back() {
        for (refusal, expected) in [
            (
                Refusal::Later { after_seconds: 30 },
                "452 4.3.1 there is no room now, try again in 30 seconds\r\n",
            ),
            (Refusal::TooLarge { bytes_max: 10 }, "552 5.3.4 no mail of more than 10 bytes is taken\r\n"),
            (Refusal::Blocked, "550 5.7.1 no reports are taken from this sender\r\n"),
            (
                Refusal::Trouble("disk /dev/x".into()),
                "451 4.3.0 the mail could not be kept, try again later\r\n",
            ),
        ] {
            assert_eq!(refused(&refusal), expected);
        }
    }
}
