//! Mails that are made to do harm, or that were harmed.

use proptest::prelude::*;
use schakel_seal::{
    open::open,
    openpgp::{key::PublicKey, secret::SecretKey},
    problem::Problem,
    protect::{Protection, Subject, protect},
    signature::Signature,
};

use crate::tools::{Gpg, MAIL, SENTENCE, keys, now, ours, random, text, theirs};

fn sealed() -> Vec<u8> {
    let (them, to) = (theirs(), [ours().public()]);
    let with = Protection::OpenPgp { signer: Some(&them), to: &to };
    protect(MAIL.as_bytes(), &with, Subject::Hidden, now(), &mut random(9)).unwrap()
}

/// Nothing of the content may come out, and the signature must not count.
#[track_caller]
fn stays_shut(mail: &[u8], what: &str) {
    let opened = open(mail, &keys(&[ours()], &[theirs().public()]), now());
    assert_eq!(opened.inner.as_deref().map(text), None, "{what}");
    assert_eq!(opened.signature, Signature::None, "{what}");
    assert!(!opened.problems.is_empty(), "{what}");
}

#[test]
fn a_changed_or_cut_message_gives_nothing() {
    let mail = text(&sealed());
    let (head, rest) = mail.split_once("-----BEGIN PGP MESSAGE-----\r\n\r\n").unwrap();
    let (armour, tail) = rest.split_once("\r\n=").unwrap();
    let (_, tail) = tail.split_once("\r\n").unwrap();
    let lines: Vec<&str> = armour.split("\r\n").collect();
    let with = |lines: &[String]| {
        format!("{head}-----BEGIN PGP MESSAGE-----\r\n\r\n{}\r\n{tail}", lines.join("\r\n"))
    };
    let all: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
    assert!(
        open(with(&all).as_bytes(), &keys(&[ours()], &[]), now()).inner.is_some(),
        "without a checksum it is whole"
    );

    for line in 0..lines.len() {
        let mut changed = all.clone();
        let swap = if changed[line].starts_with('A') { "B" } else { "A" };
        changed[line].replace_range(0..1, swap);
        stays_shut(with(&changed).as_bytes(), &format!("line {line} changed"));
    }
    for line in 1..lines.len() {
        stays_shut(with(&all[..line]).as_bytes(), &format!("cut at line {line}"));
    }
}

#[test]
fn a_bomb_does_not_go_off() {
    let Some(gpg) = Gpg::new() else { return };
    gpg.import(&ours().public());
    let zeros = vec![b'0'; 64 << 20];
    let message = gpg.run(
        &[
            "--armor",
            "--compress-algo",
            "zlib",
            "--compress-level",
            "9",
            "--encrypt",
            "--recipient",
            "meldpunt@cert.example",
        ],
        &zeros,
    );
    assert!(message.len() < 150_000, "{}", message.len());
    let mail = format!("Subject: x\r\n\r\n{}", text(&message));
    let opened = open(mail.as_bytes(), &keys(&[ours()], &[]), now());
    assert!(opened.problems.contains(&Problem::TooBig), "{:?}", opened.problems);
    assert_eq!(opened.inner, None);
}

#[test]
fn a_message_in_messages_200_deep() {
    let Some(gpg) = Gpg::new() else { return };
    gpg.import(&ours().public());
    // Packets in packets: a compressed packet in a compressed packet.
    let mut packet = gpg.run(&["--compress-algo", "none", "--store"], b"hello");
    for _ in 0..200 {
        let mut outer = vec![0xc8, 0xff];
        outer.extend_from_slice(&u32::try_from(packet.len() + 1).unwrap().to_be_bytes());
        outer.push(0);
        outer.extend_from_slice(&packet);
        packet = outer;
    }
    let mail = |message: &[u8]| {
        use base64::Engine;
        format!(
            "Content-Type: multipart/encrypted; protocol=\"application/pgp-encrypted\"; boundary=b\r\n\r\n--b\r\n\
             Content-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n--b\r\nContent-Type: application/octet-stream\r\n\
             Content-Transfer-Encoding: base64\r\n\r\n{}\r\n--b--\r\n",
            base64::engine::general_purpose::STANDARD.encode(message)
        )
    };
    stays_shut(mail(&packet).as_bytes(), "compressed 200 times");

    // Parts in parts: each multipart/encrypted of a multipart/encrypted that is none.
    let mut part = "Content-Type: text/plain\r\n\r\nhello".to_owned();
    for number in 0..200 {
        part = format!(
            "Content-Type: multipart/encrypted; protocol=\"application/pgp-encrypted\"; boundary=b{number}\r\n\r\n\
             --b{number}\r\n\r\nVersion: 1\r\n--b{number}\r\n{part}\r\n--b{number}--\r\n"
        );
    }
    stays_shut(part.as_bytes(), "multiparts 200 deep");

    let mut part = "Content-Type: text/plain\r\n\r\nhello".to_owned();
    for number in 0..200 {
        part = format!(
            "Content-Type: multipart/signed; protocol=\"application/pgp-signature\"; boundary=b{number}\r\n\r\n\
             --b{number}\r\n{part}\r\n--b{number}\r\n\r\nx\r\n--b{number}--\r\n"
        );
    }
    let opened = open(part.as_bytes(), &keys(&[], &[]), now());
    assert!(opened.problems.contains(&Problem::TooDeep), "{:?}", opened.problems);
    assert_eq!(opened.signature.trusted_signer(), None);
}

#[test]
fn an_old_message_without_a_check_is_left_shut() {
    use base64::Engine;
    let mail = text(&sealed());
    let armour = mail.split("MESSAGE-----\r\n\r\n").nth(1).unwrap().split("\r\n=").next().unwrap();
    let letters: String = armour.split_whitespace().collect();
    let message = base64::engine::general_purpose::STANDARD.decode(letters).unwrap();
    // The key for us as it is, and behind it a packet of type 9: encrypted data without any check.
    assert!(message[0] == 0xc1 && message[1] < 192);
    let mut old = message[..2 + usize::from(message[1])].to_vec();
    old.extend_from_slice(&[0xc9, 40]);
    old.extend_from_slice(&[7; 40]);
    let mail = format!(
        "Subject: x\r\n\r\n-----BEGIN PGP MESSAGE-----\r\n\r\n{}\r\n-----END PGP MESSAGE-----\r\n",
        base64::engine::general_purpose::STANDARD.encode(&old)
    );
    let opened = open(mail.as_bytes(), &keys(&[ours()], &[]), now());
    assert_eq!((&opened.problems[0], opened.inner), (&Problem::Unprotected, None));
}

#[test]
fn a_bomb_of_packets_does_not_go_off() {
    use base64::Engine;
    use std::io::Write;
    // A million one-pass signatures in front of a text; they compress to nearly nothing.
    let packets = [0xc4_u8, 13, 3, 0, 8, 22, 1, 2, 3, 4, 5, 6, 7, 8, 0].repeat(1_000_000);
    let message = [&packets[..], &[0xcb, 9, b'b', 0, 0, 0, 0, 0, b'h', b'i', b'!']].concat();
    let mut deflate = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
    deflate.write_all(&message).unwrap();
    let packed = deflate.finish().unwrap();
    assert!(packed.len() < 100_000, "{}", packed.len());
    let length = u32::try_from(packed.len() + 1).unwrap().to_be_bytes();
    let message = [&[0xc8, 0xff][..], &length, &[1], &packed].concat();
    let mail = format!(
        "Subject: x\r\n\r\n-----BEGIN PGP MESSAGE-----\r\n\r\n{}\r\n-----END PGP MESSAGE-----\r\n",
        base64::engine::general_purpose::STANDARD.encode(&message)
    );
    let opened = open(mail.as_bytes(), &keys(&[ours()], &[theirs().public()]), now());
    assert_eq!(opened.problems[0], Problem::TooMany { of: "signatures", max: 16 });
    assert_eq!(opened.inner, None);
}

#[test]
fn too_many_recipients_parts_and_blocks_are_left() {
    let hidden = {
        // PKESK version 3 to nobody by name, for X25519: 20 of them.
        let body = [&[3_u8][..], &[0; 8], &[25], &[9; 32], &[1, 2]].concat();
        let packet = [&[0xc1, u8::try_from(body.len()).unwrap()][..], &body].concat();
        let data = [0xd2, 30, 1].into_iter().chain([7; 29]);
        packet.repeat(20).into_iter().chain(data).collect::<Vec<u8>>()
    };
    use base64::Engine;
    let armoured = format!(
        "-----BEGIN PGP MESSAGE-----\r\n\r\n{}\r\n-----END PGP MESSAGE-----\r\n",
        base64::engine::general_purpose::STANDARD.encode(&hidden)
    );
    let opened = open(format!("Subject: x\r\n\r\n{armoured}").as_bytes(), &keys(&[ours()], &[]), now());
    assert!(
        opened.problems.contains(&Problem::TooMany { of: "hidden recipients", max: 16 }),
        "{:?}",
        opened.problems
    );

    let many = format!("Subject: x\r\n\r\n{}", armoured.repeat(30));
    let opened = open(many.as_bytes(), &keys(&[ours()], &[]), now());
    assert!(
        opened.problems.contains(&Problem::TooMany { of: "blocks of OpenPGP", max: 20 }),
        "{:?}",
        opened.problems
    );

    let part = format!("--b\r\nContent-Type: text/plain\r\n\r\n{armoured}\r\n");
    let mail = format!("Content-Type: multipart/mixed; boundary=b\r\n\r\n{}--b--\r\n", part.repeat(1_100));
    stays_shut(mail.as_bytes(), "1,100 parts");
}

#[test]
fn an_empty_mail_and_empty_parts() {
    for mail in [
        "",
        "\r\n",
        "Content-Type: multipart/encrypted; protocol=\"application/pgp-encrypted\"; boundary=b\r\n\r\n",
        "Content-Type: multipart/encrypted; protocol=\"application/pgp-encrypted\"; boundary=b\r\n\r\n--b\r\n--b\r\n--b--",
        "Content-Type: multipart/signed; protocol=\"application/pgp-signature\"; boundary=b\r\n\r\n--b\r\n",
        "Subject: x\r\n\r\n-----BEGIN PGP MESSAGE-----\r\n-----END PGP MESSAGE-----\r\n",
        "Subject: x\r\n\r\n-----BEGIN PGP SIGNED MESSAGE-----\r\n-----END PGP SIGNATURE-----\r\n",
        "Subject: x\r\n\r\n-----BEGIN PGP MESSAGE-----\r\n",
    ] {
        let opened = open(mail.as_bytes(), &keys(&[ours()], &[theirs().public()]), now());
        assert_eq!(opened.inner, None, "{mail:?}");
        assert_eq!(opened.signature.trusted_signer(), None);
    }
}

#[test]
fn a_signature_of_nothing_by_somebody_known_covers_nothing() {
    let them = theirs();
    let with = Protection::OpenPgp { signer: Some(&them), to: &[] };
    let signed = text(&protect(b"Subject: x\r\n\r\n", &with, Subject::Shown, now(), &mut random(9)).unwrap());
    // The signed part is moved behind a text of somebody else.
    let (head, parts) = signed.split_once("\r\n\r\n").unwrap();
    let moved = format!("{head}\r\n\r\n--=_seal_0\r\nContent-Type: text/plain\r\n\r\n{SENTENCE}\r\n{parts}");
    let opened = open(moved.as_bytes(), &keys(&[], &[theirs().public()]), now());
    assert_eq!(opened.signature.trusted_signer(), None, "{opened:?}");
}

/// The bytes in armour.
fn bytes_of(armoured: &str) -> Vec<u8> {
    use base64::Engine;
    let lines = armoured.replace('\r', "");
    let (_, body) = lines.split_once("\n\n").unwrap();
    let letters: String = body.lines().take_while(|line| !line.starts_with(['=', '-'])).collect();
    base64::engine::general_purpose::STANDARD.decode(letters).unwrap()
}

/// Changes as they come about by chance or by hand: one byte another, one more, one less, cut.
fn changed(mut bytes: Vec<u8>, changes: &[(prop::sample::Index, u8, u8)]) -> Vec<u8> {
    for (at, how, value) in changes {
        let at = at.index(bytes.len());
        match how % 4 {
            0 => bytes[at] = *value,
            1 => bytes.insert(at, *value),
            2 if bytes.len() > 1 => drop(bytes.remove(at)),
            _ => bytes.truncate(at.max(1)),
        }
    }
    bytes
}

#[test]
fn changed_keys_and_messages_never_panic() {
    use base64::Engine;
    let sealed = text(&sealed());
    let message = bytes_of(&sealed[sealed.find("-----BEGIN PGP").unwrap()..]);
    let (public, secret) = (bytes_of(&theirs().public().to_armoured()), bytes_of(&ours().to_armoured()));
    let known = keys(&[ours()], &[theirs().public()]);
    let changes = proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>(), any::<u8>()), 1..4);
    let mut runner =
        proptest::test_runner::TestRunner::new(ProptestConfig { cases: 300, ..ProptestConfig::default() });
    runner
        .run(&changes, |changes| {
            if let Ok(key) = PublicKey::read(&changed(public.clone(), &changes)) {
                let _ = (key.state(now()), key.user_ids(now()), key.can_be_encrypted_to(now()));
            }
            if let Ok(key) = SecretKey::read(&changed(secret.clone(), &changes), "") {
                let with = Protection::OpenPgp { signer: Some(&key), to: &[] };
                let _ = protect(MAIL.as_bytes(), &with, Subject::Shown, now(), &mut random(1));
            }
            let letters = base64::engine::general_purpose::STANDARD.encode(changed(message.clone(), &changes));
            let mail = format!(
                "Subject: x\r\n\r\n-----BEGIN PGP MESSAGE-----\r\n\r\n{letters}\r\n-----END PGP MESSAGE-----\r\n"
            );
            let opened = open(mail.as_bytes(), &known, now());
            if opened.signature.trusted_signer().is_some() {
                prop_assert!(text(&opened.inner.unwrap_or_default()).contains("Content-Type"));
            }
            Ok(())
        })
        .unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let keys = keys(&[ours()], &[theirs().public()]);
        let armoured = [b"Subject: x\r\n\r\n-----BEGIN PGP MESSAGE-----\r\n\r\n", &bytes[..], b"\r\n-----END PGP MESSAGE-----"].concat();
        for mail in [&bytes[..], &armoured] {
            let opened = open(mail, &keys, now());
            prop_assert_eq!(opened.signature.trusted_signer(), None);
        }
        let _ = PublicKey::read(&bytes);
        let _ = SecretKey::read(&bytes, "");
    }

    #[test]
    fn a_byte_changed_anywhere_gives_the_same_or_nothing(at in 0_usize..3000, value in any::<u8>()) {
        let mut mail = sealed();
        let at = at % mail.len();
        mail[at] = value;
        let opened = open(&mail, &keys(&[ours()], &[theirs().public()]), now());
        if let Some(inner) = opened.inner
            && opened.signature.trusted_signer().is_some()
        {
            prop_assert!(text(&inner).contains(SENTENCE));
        }
    }
}
