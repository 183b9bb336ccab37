//! Whole conversations, in order and out of it.

use proptest::prelude::*;

use super::*;

fn offer(protocol: Protocol) -> Arc<Offer> {
    Arc::new(Offer {
        protocol,
        hostname: "cert.example".into(),
        recipients: vec!["reports@cert.example".into(), "@feeds.example".into()],
        bytes_max: 1_000,
    })
}

/// What a whole conversation comes to, with a spool that takes everything.
#[derive(Default, PartialEq, Eq, Debug)]
struct Talk {
    replies: String,
    mails: Vec<(String, Vec<u8>)>,
    closed: bool,
}

/// Hands the input over in pieces, each beginning only when what came before was answered, as over a socket.
fn talk(protocol: Protocol, pieces: &[&[u8]], refuse: Option<fn() -> Refusal>) -> Talk {
    let mut session = Session::new(offer(protocol));
    let mut talk = Talk::default();
    let mut input = Vec::new();
    let mut mail = None;
    for piece in pieces {
        input.extend_from_slice(piece);
        loop {
            let (used, step) = session.step(&input);
            let idle = used == 0 && step == Step::More;
            match step {
                Step::More => {}
                Step::Reply(reply) => talk.replies += &reply,
                Step::Begin { sender } => {
                    mail = Some((sender, Vec::new()));
                    talk.replies += &session.begun(Ok(()));
                }
                Step::Bytes(bytes) => mail.as_mut().unwrap().1.extend_from_slice(bytes),
                Step::Finish => {
                    let mail = mail.take().unwrap();
                    talk.replies += &match refuse {
                        Some(refuse) => session.finished(Err(refuse())),
                        None => {
                            talk.mails.push(mail);
                            session.finished(Ok(Receipt(talk.mails.len() as u64)))
                        }
                    };
                }
                Step::Discard(reply) => {
                    mail = None;
                    talk.replies += &reply;
                }
                Step::Close(reply) => {
                    talk.replies += &reply;
                    talk.closed = true;
                    return talk;
                }
            }
            input.drain(..used);
            if idle || input.is_empty() {
                break;
            }
        }
    }
    talk
}

fn codes(talk: &Talk) -> Vec<&str> {
    talk.replies.lines().filter(|line| line.as_bytes()[3] == b' ').map(|line| &line[..3]).collect()
}

fn smtp(pieces: &[&str]) -> Talk {
    let pieces: Vec<&[u8]> = pieces.iter().map(|piece| piece.as_bytes()).collect();
    talk(Protocol::Smtp, &pieces, None)
}

const BEGIN: &str = "EHLO x\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<reports@cert.example>\r\nDATA\r\n";

#[test]
fn a_mail_is_received_with_its_number() {
    let talk = smtp(&[BEGIN, "Subject: x\r\n\r\n..hidden\r\n.\r\nQUIT\r\n"]);
    assert_eq!(
        talk.replies,
        "250-cert.example\r\n250-PIPELINING\r\n250-SIZE 1000\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n\
         250 ENHANCEDSTATUSCODES\r\n250 2.1.0 whom is it for?\r\n250 2.1.5 fine\r\n\
         354 send the mail, and end it with a dot on a line of its own\r\n\
         250 2.0.0 received as R1\r\n221 2.0.0 goodbye\r\n"
    );
    assert_eq!(talk.mails, [("a@b.example".to_owned(), b"Subject: x\r\n\r\n.hidden\r\n".to_vec())]);
}

#[test]
fn lmtp_answers_for_each_recipient_it_took() {
    let text = "LHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<reports@cert.example>\r\nRCPT TO:<nobody@cert.example>\r\n\
                RCPT TO:<Any@Feeds.Example>\r\nDATA\r\n";
    let pieces: [&[u8]; 2] = [text.as_bytes(), b"x\r\n.\r\n"];
    let taken = talk(Protocol::Lmtp, &pieces, None);
    assert_eq!(codes(&taken), ["250", "250", "250", "550", "250", "354", "250", "250"]);
    assert_eq!(taken.mails, [(String::new(), b"x\r\n".to_vec())]);
    let refused = talk(Protocol::Lmtp, &pieces, Some(|| Refusal::Later { after_seconds: 5 }));
    assert_eq!(codes(&refused)[6..], ["452", "452"]);
}

#[test]
fn each_protocol_has_its_own_hello() {
    assert_eq!(codes(&smtp(&["LHLO x\r\nMAIL FROM:<a@b>\r\n"])), ["500", "503"]);
    let lmtp = talk(Protocol::Lmtp, &[b"EHLO x\r\nHELO x\r\nLHLO x\r\n"], None);
    assert_eq!(codes(&lmtp), ["500", "500", "250"]);
}

#[test]
fn commands_out_of_order_are_refused() {
    for (input, expected) in [
        ("MAIL FROM:<a@b>\r\n", &["503"][..]),
        ("EHLO x\r\nRCPT TO:<reports@cert.example>\r\n", &["250", "503"]),
        ("EHLO x\r\nDATA\r\n", &["250", "503"]),
        ("EHLO x\r\nMAIL FROM:<a@b>\r\nDATA\r\n", &["250", "250", "503"]),
        ("EHLO x\r\nMAIL FROM:<a@b>\r\nMAIL FROM:<a@b>\r\n", &["250", "250", "503"]),
        (
            "EHLO x\r\nMAIL FROM:<a@b>\r\nRSET\r\nRCPT TO:<reports@cert.example>\r\n",
            &["250", "250", "250", "503"],
        ),
        ("EHLO x\r\nMAIL FROM:<a@b> SIZE=1001\r\n", &["250", "552"]),
        ("EHLO x\r\nMAIL FROM:<a@b> SIZE=1000\r\n", &["250", "250"]),
        ("VRFY x\r\nNOOP\r\nEXPN x\r\nAUTH PLAIN\r\n", &["252", "250", "500", "500"]),
        ("NOOP\nNOOP\r\n", &["500", "250"]),
    ] {
        assert_eq!(codes(&smtp(&[input])), expected, "{input:?}");
    }
}

#[test]
fn an_empty_mail_is_refused() {
    let talk = smtp(&[BEGIN, ".\r\nNOOP\r\n"]);
    assert_eq!(codes(&talk), ["250", "250", "250", "354", "554", "250"]);
    assert!(talk.mails.is_empty());
}

#[test]
fn what_follows_data_too_early_ends_the_conversation() {
    let talk = smtp(&[&format!("{BEGIN}Subject: x\r\n\r\n.\r\n")]);
    assert_eq!(codes(&talk), ["250", "250", "250", "503"]);
    assert!(talk.closed && talk.mails.is_empty());
}

#[test]
fn a_mail_within_a_mail_stays_one_mail() {
    let inner = "a\n.\nMAIL FROM:<boss@cert.example>\nRCPT TO:<reports@cert.example>\nDATA\nfaked\n.\n\r\n";
    let talk = smtp(&[BEGIN, inner, ".\r\n"]);
    assert_eq!(talk.mails, [("a@b.example".to_owned(), inner.as_bytes().to_vec())]);
}

#[test]
fn a_line_of_any_length_costs_no_memory_and_one_answer() {
    let long = "x".repeat(COMMAND_BYTES_MAX * 3);
    assert_eq!(codes(&smtp(&[&long, &long, "\r\nNOOP\r\n"])), ["500", "250"]);
    assert_eq!(codes(&smtp(&[&format!("{long}\r\nNOOP\r\n")])), ["500", "250"]);
    let most = format!("NOOP {}\r\n", "x".repeat(COMMAND_BYTES_MAX - 7));
    assert_eq!(most.len(), COMMAND_BYTES_MAX);
    assert_eq!(codes(&smtp(&[&most])), ["250"]);
}

#[test]
fn errors_recipients_and_garbage_have_an_end() {
    let talk = smtp(&["EHLO x\r\n", &"FOO\r\n".repeat(50)]);
    assert!(talk.closed);
    assert_eq!(talk.replies.matches("500 5.5.1").count(), ERRORS_MAX as usize);
    assert!(talk.replies.ends_with("421 4.7.0 too many errors\r\n"));

    let many = "RCPT TO:<reports@cert.example>\r\n".repeat(RECIPIENTS_MAX + 1);
    let talk = smtp(&["EHLO x\r\nMAIL FROM:<>\r\n", &many]);
    assert!(talk.replies.ends_with("452 4.5.3 too many recipients\r\n"));
    assert_eq!(codes(&talk).iter().filter(|code| **code == "250").count(), RECIPIENTS_MAX + 2);
}

#[test]
fn a_refused_mail_leaves_the_conversation_fit_for_the_next() {
    let mail: &[u8] = b"MAIL FROM:<>\r\nRCPT TO:<reports@cert.example>\r\nDATA\r\n";
    let refused = talk(
        Protocol::Smtp,
        &[b"EHLO x\r\n", mail, b"x\r\n.\r\n", mail, b"y\r\n.\r\n"],
        Some(|| Refusal::Trouble("disk".into())),
    );
    assert_eq!(codes(&refused), ["250", "250", "250", "354", "451", "250", "250", "354", "451"]);
    assert!(!refused.replies.contains("disk"));
}

proptest! {
    /// Cut anywhere, a conversation comes to the same, as long as nothing follows DATA too early.
    #[test]
    fn cuts_change_nothing(cuts in prop::collection::vec(0_usize..400, 0..30)) {
        let parts = [BEGIN, "a\r\n..b\r\n.\r\nRSET\r\nMAIL FROM:<>\r\nRCPT TO:<x@feeds.example>\r\nDATA\r\n", "c\r\n.\r\nQUIT\r\n"];
        let expected = smtp(&parts);
        prop_assert_eq!(expected.mails.len(), 2);
        let mut pieces: Vec<&[u8]> = Vec::new();
        for part in parts {
            let mut rest = part.as_bytes();
            for cut in &cuts {
                let (piece, behind) = rest.split_at(cut % (rest.len() + 1));
                pieces.push(piece);
                rest = behind;
            }
            pieces.push(rest);
        }
        pieces.retain(|piece| !piece.is_empty());
        prop_assert_eq!(talk(Protocol::Smtp, &pieces, None), expected);
    }

    /// Garbage is answered, or not; it neither hangs nor panics, and keeps no mail that was not begun.
    #[test]
    fn garbage_is_survived(pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 0..20)) {
        let pieces: Vec<&[u8]> = pieces.iter().map(Vec::as_slice).collect();
        let talk = talk(Protocol::Smtp, &pieces, None);
        prop_assert!(talk.mails.is_empty());
    }
}
