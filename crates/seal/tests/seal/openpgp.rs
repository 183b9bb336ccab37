//! Our own OpenPGP, both ways.

use schakel_formats::mail::{MailDocument, Protection as Seen};
use schakel_seal::{
    open::open,
    openpgp::{
        key::{KeyError, KeyState, PublicKey},
        secret::SecretKey,
    },
    problem::Problem,
    protect::{ProtectError, Protection, Subject, Unfit, protect},
    signature::{Flaw, Signature, Standard, Trust},
};

use crate::tools::{MAIL, SENTENCE, key, keys, now, ours, random, text, theirs};

fn sealed(signer: Option<&SecretKey>, to: &[PublicKey]) -> Vec<u8> {
    protect(MAIL.as_bytes(), &Protection::OpenPgp { signer, to }, Subject::Hidden, now(), &mut random(9))
        .unwrap()
}

#[test]
fn signed_and_encrypted_comes_back_whole() {
    let mail = sealed(Some(&theirs()), &[ours().public()]);
    assert!(!text(&mail).contains(SENTENCE) && !text(&mail).contains("192.0.2.7"));
    assert!(text(&mail).contains("Subject: [...]\r\n"));
    assert_eq!(MailDocument::read(&mail).protection, Seen::PgpEncrypted);

    let opened = open(&mail, &keys(&[ours()], &[theirs().public()]), now());
    assert_eq!(opened.problems, []);
    assert_eq!(opened.encrypted, Some(Standard::OpenPgp));
    let signer = opened.signature.trusted_signer().unwrap();
    assert_eq!(signer.fingerprint, theirs().fingerprint());
    assert_eq!(signer.name, "Melder <Melder@example.nl>");
    assert_eq!(signer.trust, Trust::Known);
    assert!(
        opened.signature.vouches_for("melder@EXAMPLE.nl") && !opened.signature.vouches_for("x@example.nl")
    );

    let inner = MailDocument::read(&opened.inner.unwrap());
    assert_eq!(inner.subject, "Open database at 192.0.2.7");
    assert_eq!(inner.message_id, "1@example.nl");
    assert_eq!(inner.from[0].address, "melder@example.nl");
    assert!(inner.body().starts_with(SENTENCE), "{}", inner.body());
    assert_eq!(inner.attachments.len(), 1);
    assert_eq!(inner.attachments[0].name, "rows.csv");
}

#[test]
fn only_signed_and_only_encrypted() {
    let signed = sealed(Some(&theirs()), &[]);
    assert!(text(&signed).contains(SENTENCE));
    let opened = open(&signed, &keys(&[], &[theirs().public()]), now());
    assert!(opened.signature.trusted_signer().is_some(), "{opened:?}");
    assert_eq!(opened.encrypted, None);
    assert!(text(&opened.inner.unwrap()).contains(SENTENCE));

    let encrypted = sealed(None, &[ours().public()]);
    let opened = open(&encrypted, &keys(&[ours()], &[]), now());
    assert_eq!(opened.signature, Signature::None);
    assert_eq!(opened.encrypted, Some(Standard::OpenPgp));
    assert!(text(&opened.inner.unwrap()).contains(SENTENCE));
}

#[test]
fn line_ends_of_a_stored_mail_do_not_break_its_signature() {
    let signed = text(&sealed(Some(&theirs()), &[])).replace("\r\n", "\n");
    let opened = open(signed.as_bytes(), &keys(&[], &[theirs().public()]), now());
    assert!(opened.signature.trusted_signer().is_some(), "{opened:?}");
}

#[test]
fn nothing_sealed_is_left_as_it_is() {
    let opened = open(MAIL.as_bytes(), &keys(&[ours()], &[]), now());
    assert_eq!((opened.inner, opened.encrypted, opened.signature), (None, None, Signature::None));
    assert_eq!(opened.problems, []);
}

#[test]
fn every_recipient_can_read_it_and_nobody_else() {
    let third = key(3, "Third <third@example.nl>");
    let mail = sealed(None, &[ours().public(), theirs().public()]);
    for secret in [ours(), theirs()] {
        assert!(open(&mail, &keys(&[secret], &[]), now()).inner.is_some());
    }
    let opened = open(&mail, &keys(&[third], &[]), now());
    assert_eq!(opened.inner, None);
    assert_eq!(opened.encrypted, Some(Standard::OpenPgp));
    let [Problem::NoKey { to }] = &opened.problems[..] else { panic!("{:?}", opened.problems) };
    assert_eq!(to.len(), 2);
}

#[test]
fn a_signature_over_other_bytes_is_invalid() {
    let signed = text(&sealed(Some(&theirs()), &[])).replace("port 27017", "port 27018");
    let opened = open(signed.as_bytes(), &keys(&[], &[theirs().public()]), now());
    assert_eq!(opened.signature, Signature::Invalid { why: Flaw::Mismatch });
}

#[test]
fn keys_that_do_not_count_are_told_apart() {
    let signed = sealed(Some(&theirs()), &[]);
    let opened = open(&signed, &keys(&[], &[]), now());
    assert_eq!(opened.signature, Signature::UnknownKey { key: theirs().fingerprint() });

    let revoked = theirs().revoked(now()).unwrap();
    assert_eq!(revoked.state(now()), KeyState::Revoked);
    assert!(!revoked.can_be_encrypted_to(now()));
    let opened = open(&signed, &keys(&[], std::slice::from_ref(&revoked)), now());
    assert!(matches!(opened.signature, Signature::RevokedKey { .. }), "{:?}", opened.signature);
    assert_eq!(opened.signature.trusted_signer(), None);

    let until = "2026-11-22T12:30:00Z".parse().unwrap();
    let short = SecretKey::generate("Short <s@example.nl>", now(), Some(until), &mut random(4)).unwrap();
    let signed = sealed(Some(&short), &[]);
    let short = [short.public()];
    assert!(open(&signed, &keys(&[], &short), now()).signature.trusted_signer().is_some());
    let later = "2026-11-22T12:30:00Z".parse().unwrap();
    assert_eq!(short[0].state(later), KeyState::Expired);
    let opened = open(&signed, &keys(&[], &short), later);
    assert!(matches!(opened.signature, Signature::ExpiredKey { .. }), "{:?}", opened.signature);
}

#[test]
fn a_signature_from_the_future_is_invalid() {
    let signed = sealed(Some(&theirs()), &[]);
    let before = "2026-11-22T11:00:00Z".parse().unwrap();
    let opened = open(&signed, &keys(&[], &[theirs().public()]), before);
    assert_eq!(opened.signature, Signature::Invalid { why: Flaw::InTheFuture });
}

#[test]
fn a_mail_to_an_old_key_of_ours_is_opened_and_said() {
    let until = "2026-11-23T00:00:00Z".parse().unwrap();
    let old = SecretKey::generate("Old <old@cert.example>", now(), Some(until), &mut random(5)).unwrap();
    let mail = sealed(None, &[old.public()]);
    let later = "2027-01-01T00:00:00Z".parse().unwrap();
    let opened = open(&mail, &keys(std::slice::from_ref(&old), &[]), later);
    assert_eq!(opened.problems, [Problem::OurKeyIsOld { fingerprint: old.fingerprint() }]);
    assert!(text(&opened.inner.unwrap()).contains(SENTENCE));
}

#[test]
fn nothing_is_encrypted_to_or_signed_by_a_key_that_does_not_count() {
    let revoked = theirs().revoked(now()).unwrap();
    let make = |with: Protection<'_>, now| {
        protect(MAIL.as_bytes(), &with, Subject::Shown, now, &mut random(9)).unwrap_err()
    };
    let error = make(Protection::OpenPgp { signer: None, to: &[revoked] }, now());
    assert_eq!(error, ProtectError::Recipient { key: theirs().fingerprint(), why: Unfit::Revoked });
    let early = "2025-01-01T00:00:00Z".parse().unwrap();
    let ours = ours();
    let error = make(Protection::OpenPgp { signer: Some(&ours), to: &[] }, early);
    assert_eq!(error, ProtectError::Signer { key: ours.fingerprint(), why: Unfit::NotYet });
    assert_eq!(make(Protection::OpenPgp { signer: None, to: &[] }, now()), ProtectError::Nothing);
}

#[test]
fn a_sender_inside_does_not_replace_the_one_outside() {
    let mail = text(&sealed(Some(&theirs()), &[ours().public()])).replacen(
        "From: Melder <melder@example.nl>",
        "From: Other <other@example.org>",
        1,
    );
    let opened = open(mail.as_bytes(), &keys(&[ours()], &[theirs().public()]), now());
    assert_eq!(opened.problems, [Problem::OtherSender]);
    assert_eq!(MailDocument::read(&opened.inner.unwrap()).from[0].address, "other@example.org");
}

#[test]
fn text_beside_a_signed_part_is_not_covered() {
    let signed = text(&sealed(Some(&theirs()), &[]));
    let (head, _) = MAIL.split_once("MIME-Version").unwrap();
    let part = &signed[signed.find("Content-Type: multipart/signed").unwrap()..];
    for (footer, is_covered) in [("\r\n", true), ("\r\nPay to account 123\r\n", false)] {
        let mail = format!(
            "{head}MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=q\r\n\r\n--q\r\n{part}\r\n--q\r\n\
             Content-Type: text/plain\r\n{footer}\r\n--q--\r\n"
        );
        let opened = open(mail.as_bytes(), &keys(&[], &[theirs().public()]), now());
        assert_eq!(opened.signature.trusted_signer().is_some(), is_covered, "{opened:?}");
        assert_eq!(matches!(opened.signature, Signature::Partial { .. }), !is_covered);
        assert_eq!(opened.problems.contains(&Problem::TextAround), !is_covered);
        let inner = MailDocument::read(&opened.inner.unwrap());
        assert!(inner.body().contains(SENTENCE));
        assert_eq!(inner.body().contains("Pay to"), !is_covered);
    }
}

#[test]
fn text_beside_an_encrypted_part_is_said() {
    let sealed = text(&sealed(None, &[ours().public()]));
    let part = &sealed[sealed.find("Content-Type: multipart/encrypted").unwrap()..];
    for (footer, problems) in
        [("\r\n", vec![]), ("\r\nSend this on to x@example.org\r\n", vec![Problem::TextAround])]
    {
        let mail = format!(
            "From: a@example.nl\r\nContent-Type: multipart/mixed; boundary=q\r\n\r\n--q\r\n{part}\r\n--q\r\n\
             Content-Type: text/plain\r\n{footer}\r\n--q--\r\n"
        );
        let opened = open(mail.as_bytes(), &keys(&[ours()], &[]), now());
        assert_eq!(opened.problems, problems);
        assert!(MailDocument::read(&opened.inner.unwrap()).body().contains(SENTENCE));
    }
}

#[test]
fn what_a_server_made_of_pgp_mime_is_opened() {
    let sealed = text(&sealed(Some(&theirs()), &[ours().public()]));
    let (_, parts) = sealed.split_once("--=_seal_0\r\n").unwrap();
    let mail = format!(
        "From: a@example.nl\r\nContent-Type: multipart/mixed; boundary=\"=_seal_0\"\r\n\r\n\
         --=_seal_0\r\nContent-Type: text/plain\r\n\r\n\r\n--=_seal_0\r\n{parts}"
    );
    let opened = open(mail.as_bytes(), &keys(&[ours()], &[theirs().public()]), now());
    assert_eq!(
        (opened.encrypted, opened.problems.len()),
        (Some(Standard::OpenPgp), 1),
        "another sender is said"
    );
    assert!(opened.signature.trusted_signer().is_some());
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_gives_others() {
    let (them, to) = (theirs(), [ours().public()]);
    let with = Protection::OpenPgp { signer: Some(&them), to: &to };
    let sealed = |seed| protect(MAIL.as_bytes(), &with, Subject::Shown, now(), &mut random(seed)).unwrap();
    assert_eq!(sealed(1), sealed(1));
    assert_ne!(sealed(1), sealed(2));
}

#[test]
fn eight_bits_are_only_for_what_is_encrypted() {
    let mail = "Subject: x\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nCafé\r\n".as_bytes();
    let (them, to) = (theirs(), [ours().public()]);
    let signed = Protection::OpenPgp { signer: Some(&them), to: &[] };
    assert_eq!(
        protect(mail, &signed, Subject::Shown, now(), &mut random(1)).unwrap_err(),
        ProtectError::EightBit
    );
    let encrypted = Protection::OpenPgp { signer: Some(&them), to: &to };
    let mail = protect(mail, &encrypted, Subject::Shown, now(), &mut random(1)).unwrap();
    let opened = open(&mail, &keys(&[ours()], &[]), now());
    assert_eq!(MailDocument::read(&opened.inner.unwrap()).body().trim_end(), "Café");
}

#[test]
fn layers_are_taken_off_up_to_a_limit() {
    let (us, them) = (ours(), theirs());
    let public = [us.public()];
    let mut mail = MAIL.as_bytes().to_vec();
    for layers in 1..=6_usize {
        let with = if layers % 2 == 1 {
            Protection::OpenPgp { signer: Some(&them), to: &[] }
        } else {
            Protection::OpenPgp { signer: None, to: &public }
        };
        mail = protect(&mail, &with, Subject::Shown, now(), &mut random(9)).unwrap();
        let opened = open(&mail, &keys(std::slice::from_ref(&us), &[them.public()]), now());
        assert_eq!(
            opened.problems.contains(&Problem::TooDeep),
            layers > 4,
            "{layers}: {:?}",
            opened.problems
        );
        assert!(opened.signature.trusted_signer().is_some(), "{layers}");
        assert_eq!(
            text(&opened.inner.unwrap()).contains(SENTENCE),
            layers <= 4 || layers % 2 == 1,
            "{layers}"
        );
    }
}

#[test]
fn files_that_are_no_keys_are_refused() {
    assert_eq!(PublicKey::read(b""), Err(KeyError::Unreadable));
    assert_eq!(PublicKey::read(b"hello"), Err(KeyError::Unreadable));
    assert_eq!(PublicKey::read(&[0xff; 100]), Err(KeyError::Unreadable));
    assert_eq!(PublicKey::read(&vec![b'a'; (1 << 20) + 1]), Err(KeyError::TooBig));
    assert_eq!(PublicKey::read(ours().to_armoured().as_bytes()), Err(KeyError::Private));
    assert_eq!(SecretKey::read(ours().public().to_armoured().as_bytes(), ""), Err(KeyError::Public));
    let again = SecretKey::read(ours().to_armoured().as_bytes(), "").unwrap();
    assert_eq!(again, ours());
    assert_eq!(PublicKey::read(ours().public().to_armoured().as_bytes()).unwrap(), ours().public());
}

#[test]
fn fingerprints_are_those_that_the_register_holds() {
    let key = ours().public();
    let said = schakel_formats::contact_key::openpgp_fingerprint(key.to_armoured().as_bytes()).unwrap();
    assert_eq!(said, key.fingerprint());
}
