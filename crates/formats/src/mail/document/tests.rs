//! Mails as they come, and as nobody should send them.

use proptest::prelude::*;

use super::*;

fn read(raw: &str) -> MailDocument {
    MailDocument::read(raw.as_bytes())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn a_report_is_read_whole() {
    let mail = read(
        "From a@feed.example Tue Jan 19 2016\nReturn-Path: <b@feed.example>\n\
         Received: from x by y; Tue, 19 Jan 2016 15:16:40 +0000\n\
         From: Feed <A@Feed.example>\nTo: c@d.example\nSubject: =?utf-8?q?Abuse_=E2=82=AC?=\n\
         Date: Tue, 19 Jan 2016 15:16:34 UTC\nMessage-ID: <1@feed.example>\n\
         Content-Type: multipart/report; report-type=feedback-report; boundary=b\n\n\
         --b\n\nSome text\n--b\nContent-Type: message/feedback-report\n\n\
         Feedback-Type: abuse\nSource-IP: 192.0.2.1\n\
         --b\nContent-Type: message/rfc822\n\n>From x\nSubject: Spam\n\nBuy\n--b\n\
         Content-Type: application/octet-stream; name=\"../x.exe\"\nContent-Transfer-Encoding: base64\n\nTVo=\n--b\n\
         Content-Type: application/octet-stream\nContent-Disposition: attachment; filename=report1.txt\n\n\
         Source: 192.0.2.1\n--b--\n",
    );
    assert_eq!(mail.problems, []);
    assert_eq!(mail.subject, "Abuse €");
    assert_eq!((mail.message_id.as_str(), mail.sender_domain()), ("1@feed.example", "feed.example"));
    assert_eq!(mail.return_path.as_deref(), Some("b@feed.example"));
    assert_eq!((mail.date, mail.sent_at()), (Some(1_453_216_594), Some(1_453_216_594)));
    assert_eq!(mail.body(), "Some text");
    assert_eq!(mail.report_type, "feedback-report");
    assert_eq!(mail.feedback_reports[0].text("source-ip"), "192.0.2.1");
    assert_eq!(mail.evidence.as_ref().unwrap().text("Subject"), "Spam");
    let [program, report] = &mail.attachments[..] else { panic!("{:?}", mail.attachments) };
    assert_eq!((program.name.as_str(), program.size_bytes), ("x.exe", 2));
    assert_eq!((program.kind, program.text.as_deref()), (AttachmentKind::Quarantined, None));
    // printf MZ | sha256sum
    assert_eq!(hex(&program.sha256), "9b8db510ef42b8ed54a3712636fda55a4f8cfcd5493e20b74ab00cd4f3979f2d");
    assert_eq!((report.kind, report.text.as_deref()), (AttachmentKind::Document, Some("Source: 192.0.2.1")));
}

#[test]
fn alternatives_are_read_by_their_plain_text() {
    let of = |first: &str| {
        read(&format!(
            "From: a@b.example\nContent-Type: multipart/alternative; boundary=b\n\n--b\n\n{first}\n--b\n\
             Content-Type: text/html; charset=iso-8859-1\nContent-Transfer-Encoding: quoted-printable\n\n\
             <p>caf=E9</p>\n--b--\n"
        ))
    };
    assert_eq!(of("plain").body(), "plain");
    assert_eq!(of("").body().trim(), "café");
}

#[test]
fn duplicate_fields_are_noticed_and_the_first_counts() {
    let mail = read("From: a@b.example\nSubject: one\nFrom: c@d.example\nSubject: two\n\nx");
    assert_eq!((mail.subject.as_str(), mail.sender_domain()), ("one", "b.example"));
    assert_eq!(
        mail.problems,
        [
            MailProblem::Duplicate { name: "From", count: 2 },
            MailProblem::Duplicate { name: "Subject", count: 2 }
        ]
    );
}

#[test]
fn parts_two_hundred_deep_are_stopped_and_those_before_are_read() {
    let mut raw = "From: a@b.example\n".to_owned();
    for level in 0..200 {
        raw.push_str(&format!(
            "Content-Type: multipart/mixed; boundary=b{level}x\n\n--b{level}x\n\ntext {level}\n--b{level}x\n"
        ));
    }
    let mail = read(&raw);
    assert!(mail.problems.contains(&MailProblem::TooDeep { depth_max: MULTIPART_DEPTH_MAX }));
    assert_eq!(mail.texts.len(), MULTIPART_DEPTH_MAX);
    assert_eq!(mail.texts[0].text, "text 0");
}

#[test]
fn ten_thousand_attachments_are_stopped_and_the_first_are_read() {
    let part =
        "--b\nContent-Type: image/png; name=a.png\nContent-Transfer-Encoding: base64\n\n!!!@@@garbage\n";
    let raw = format!(
        "From: a@b.example\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nhi\n{}--b--\n",
        part.repeat(10_000)
    );
    let mail = read(&raw);
    assert_eq!(mail.problems, [MailProblem::TooManyParts { parts_max: PARTS_MAX }]);
    // The mail itself and its text are parts too.
    assert_eq!((mail.body().as_str(), mail.attachments.len()), ("hi", PARTS_MAX - 2));
}

#[test]
fn a_mail_beyond_its_limit_keeps_its_head() {
    let mut raw = b"From: a@b.example\nSubject: big\n\n".to_vec();
    raw.resize(MAIL_BYTES_MAX as usize + 1, b'x');
    let mail = MailDocument::read(&raw);
    assert_eq!(mail.problems, [MailProblem::TooLarge { bytes_max: MAIL_BYTES_MAX }]);
    assert_eq!((mail.subject.as_str(), mail.sender_domain(), mail.texts.len()), ("big", "b.example", 0));
}

#[test]
fn text_has_an_end() {
    let raw = format!("From: a@b.example\n\n{}", "x".repeat(TEXT_BYTES_MAX + 1));
    let mail = read(&raw);
    assert_eq!(mail.problems, [MailProblem::TooMuchText { bytes_max: TEXT_BYTES_MAX }]);
    assert_eq!(mail.texts[0].text.len(), TEXT_BYTES_MAX);
}

#[test]
fn sealed_and_signed_mail_is_known_by_its_looks() {
    for (head, body, protection) in [
        ("", "hello", Protection::None),
        (
            "",
            "hi\n-----BEGIN PGP MESSAGE-----\n\nabc\n-----END PGP MESSAGE-----\n",
            Protection::PgpTextEncrypted,
        ),
        (
            "Content-Type: multipart/encrypted; protocol=\"application/pgp-encrypted\"; boundary=b\n",
            "--b\nContent-Type: application/pgp-encrypted\n\nVersion: 1\n--b--\n",
            Protection::PgpEncrypted,
        ),
        (
            "Content-Type: multipart/signed; protocol=\"application/pgp-signature\"; boundary=b\n",
            "--b\n\nhi\n--b--\n",
            Protection::PgpSigned,
        ),
        (
            "Content-Type: multipart/signed; protocol=\"application/pkcs7-signature\"; boundary=b\n",
            "--b\n\nhi\n--b--\n",
            Protection::SmimeSigned,
        ),
        (
            "Content-Type: application/pkcs7-mime; smime-type=enveloped-data\n",
            "x",
            Protection::SmimeEncrypted,
        ),
        ("Content-Type: application/pkcs7-mime; smime-type=signed-data\n", "x", Protection::SmimeSigned),
    ] {
        let mail = read(&format!("From: a@b.example\n{head}\n{body}"));
        assert_eq!(mail.protection, protection, "{head}{body}");
        assert_eq!(mail.problems.contains(&MailProblem::Encrypted), protection.is_encrypted());
    }
}

#[test]
fn a_text_inside_a_signature_is_read_without_it() {
    let mail = read(
        "From: a@b.example\n\nbefore\n-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA1\n\nIP: 192.0.2.1\n\
         - - ---Start XML\n-----BEGIN PGP SIGNATURE-----\n\niQEc\n-----END PGP SIGNATURE-----\nafter",
    );
    assert_eq!(mail.protection, Protection::PgpTextSigned);
    assert_eq!(mail.body(), "before\nIP: 192.0.2.1\n- ---Start XML\nafter");
}

proptest! {
    /// Whatever comes, it is read to its end.
    #[test]
    fn no_bytes_make_it_panic(
        head in prop::sample::select(vec![
            "", "From: a\n", "Content-Type: multipart/report; report-type=feedback-report; boundary=b\n",
            "Content-Type: text/html; charset=utf-16\n", "Content-Transfer-Encoding: base64\n",
            "Content-Type: message/feedback-report\n", "Subject: =?utf-8?B?",
        ]),
        mut bytes in prop::collection::vec(any::<u8>(), 0..400),
        lines in prop::collection::vec(
            prop::sample::select(vec!["--b\n", "--b--\n", "\n", "Content-Type: text/html\n", "<a&#x", "=ZZ="]),
            0..20,
        ),
    ) {
        let mut raw = head.as_bytes().to_vec();
        for line in lines {
            raw.extend_from_slice(line.as_bytes());
        }
        raw.append(&mut bytes);
        let mail = MailDocument::read(&raw);
        let has_control = mail.subject.chars().any(char::is_control);
        prop_assert!(!has_control);
        let _ = crate::mail::kind::kind(&mail, &Default::default());
    }
}
