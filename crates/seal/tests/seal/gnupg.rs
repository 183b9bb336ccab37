//! GnuPG seals and we open; we seal and GnuPG opens.

use schakel_seal::{
    open::open,
    openpgp::{
        key::{KeyError, KeyState},
        secret::SecretKey,
    },
    problem::Problem,
    protect::{Protection, Subject, protect},
    signature::{Flaw, Signature, Standard},
};

use crate::tools::{Gpg, MAIL, SENTENCE, keys, now, ours, random, text, theirs};

/// A mail around what GnuPG made, as RFC 3156 has it.
fn encrypted_mail(message: &[u8]) -> Vec<u8> {
    format!(
        "From: melder@example.nl\r\nSubject: x\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/encrypted; protocol=\"application/pgp-encrypted\"; boundary=b\r\n\r\n\
         --b\r\nContent-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n\r\n\
         --b\r\nContent-Type: application/octet-stream\r\n\r\n{}\r\n--b--\r\n",
        text(message)
    )
    .into_bytes()
}

fn text_mail(body: &str) -> Vec<u8> {
    format!("From: melder@example.nl\r\nSubject: x\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{body}")
        .into_bytes()
}

const PART: &str = "Content-Type: text/plain; charset=utf-8\r\n\r\nPlease look at 192.0.2.7, port 27017.\r\n";

#[test]
fn what_gnupg_encrypts_is_opened_whatever_the_key() {
    let Some(gpg) = Gpg::new() else { return };
    for (user_id, algorithm) in [
        ("Ed <ed@example.nl>", "future-default"),
        ("Rsa <rsa@example.nl>", "rsa2048"),
        ("Nist <nist@example.nl>", "nistp256"),
    ] {
        gpg.run(
            &[
                "--faked-system-time",
                "20260101T000000!",
                "--quick-gen-key",
                user_id,
                algorithm,
                "default",
                "never",
            ],
            b"",
        );
        if algorithm != "future-default" {
            let listed = text(&gpg.run(&["--with-colons", "--list-keys", user_id], b""));
            let fingerprint =
                listed.lines().find(|line| line.starts_with("fpr")).unwrap().split(':').nth(9).unwrap();
            let sub = if algorithm == "nistp256" { "nistp256" } else { "rsa2048" };
            gpg.run(
                &[
                    "--faked-system-time",
                    "20260101T000000!",
                    "--quick-add-key",
                    fingerprint,
                    sub,
                    "encr",
                    "never",
                ],
                b"",
            );
        }
        let (public, secret) = (gpg.public(user_id), gpg.secret(user_id));
        assert_eq!(public.state(now()), KeyState::Good, "{user_id}");
        assert_eq!(public.fingerprint(), secret.fingerprint());
        let known = keys(std::slice::from_ref(&secret), std::slice::from_ref(&public));
        for extra in [&["--cipher-algo", "AES128"][..], &["--compress-algo", "zip"], &["--throw-keyids"]] {
            let base = ["--armor", "--local-user", user_id, "--recipient", user_id, "--sign", "--encrypt"];
            let message = gpg.run(&[extra, &base[..]].concat(), PART.as_bytes());
            let opened = open(&encrypted_mail(&message), &known, now());
            assert_eq!(opened.problems, [], "{user_id} {extra:?}");
            assert_eq!(opened.signature.trusted_signer().unwrap().fingerprint, public.fingerprint());
            assert!(text(&opened.inner.unwrap()).contains(SENTENCE));
        }
        // And back.
        let with = Protection::OpenPgp { signer: Some(&secret), to: std::slice::from_ref(&public) };
        let mail = protect(MAIL.as_bytes(), &with, Subject::Shown, now(), &mut random(7)).unwrap();
        let (is_fine, out, errors) = gpg.try_run(&["--decrypt", "--status-fd", "2"], &block(&mail));
        assert!(
            is_fine && errors.contains("GOODSIG") && text(&out).contains(SENTENCE),
            "{user_id}: {errors}"
        );
    }
}

/// From the first line of armour on.
fn block(mail: &[u8]) -> Vec<u8> {
    let at = text(mail).find("-----BEGIN PGP").unwrap();
    let to = text(mail).rfind("-----END PGP").unwrap() + 40;
    mail[at..to.min(mail.len())].to_vec()
}

#[test]
fn what_we_seal_gnupg_opens() {
    let Some(gpg) = Gpg::new() else { return };
    gpg.import_secret(&ours());
    gpg.import(&theirs().public());
    let public = [ours().public()];
    let them = theirs();

    let with = Protection::OpenPgp { signer: Some(&them), to: &public };
    let mail = protect(MAIL.as_bytes(), &with, Subject::Hidden, now(), &mut random(7)).unwrap();
    let (is_fine, out, errors) = gpg.try_run(&["--decrypt", "--status-fd", "2"], &block(&mail));
    assert!(is_fine, "{errors}");
    assert!(
        errors.contains("GOODSIG") && errors.contains("DECRYPTION_OKAY") && errors.contains("GOODMDC"),
        "{errors}"
    );
    assert!(text(&out).contains(SENTENCE) && text(&out).contains("Subject: Open database"));

    let with = Protection::OpenPgp { signer: Some(&them), to: &[] };
    let mail = text(&protect(MAIL.as_bytes(), &with, Subject::Hidden, now(), &mut random(7)).unwrap());
    let boundary =
        mail.split("boundary=\"").nth(2).map_or("=_seal_0", |rest| rest.split('"').next().unwrap());
    let boundary = if boundary == "xyz" { "=_seal_0" } else { boundary };
    let content = mail.split(&format!("--{boundary}\r\n")).nth(1).unwrap().strip_suffix("\r\n").unwrap();
    let (content_file, signature_file) = (gpg.home().join("content"), gpg.home().join("signature"));
    std::fs::write(&content_file, content).unwrap();
    std::fs::write(&signature_file, block(mail.as_bytes())).unwrap();
    let verify = |content: &str| {
        std::fs::write(&content_file, content).unwrap();
        gpg.try_run(
            &[
                "--status-fd",
                "2",
                "--verify",
                signature_file.to_str().unwrap(),
                content_file.to_str().unwrap(),
            ],
            b"",
        )
    };
    let (is_fine, _, errors) = verify(content);
    assert!(is_fine && errors.contains("GOODSIG"), "{errors}");
    let (is_fine, _, errors) = verify(&content.replace("27017", "27018"));
    assert!(!is_fine && errors.contains("BADSIG"), "{errors}");
}

#[test]
fn detached_signatures_of_gnupg_are_checked() {
    let Some(gpg) = Gpg::new() else { return };
    gpg.make("Ed <ed@example.nl>", "future-default", "never");
    let public = [gpg.public("ed@example.nl")];
    for kind in [&["--detach-sign"][..], &["--detach-sign", "--textmode"]] {
        let signature = gpg.run(&[&["--armor", "--digest-algo", "SHA512"], kind].concat(), PART.as_bytes());
        let mail = format!(
            "From: ed@example.nl\r\nContent-Type: multipart/signed; micalg=pgp-sha512;\r\n \
             protocol=\"application/pgp-signature\"; boundary=\"b\"\r\n\r\n--b\r\n{PART}\r\n--b\r\n\
             Content-Type: application/pgp-signature\r\n\r\n{}\r\n--b--\r\n",
            text(&signature)
        );
        let opened = open(mail.as_bytes(), &keys(&[], &public), now());
        assert!(opened.signature.vouches_for("ed@example.nl"), "{opened:?}");
        let changed = mail.replace("27017", "27018");
        let opened = open(changed.as_bytes(), &keys(&[], &public), now());
        assert_eq!(opened.signature, Signature::Invalid { why: Flaw::Mismatch });
    }
    let weak = gpg.run(
        &["--armor", "--digest-algo", "SHA1", "--allow-weak-digest-algos", "--detach-sign"],
        PART.as_bytes(),
    );
    let mail = format!(
        "Content-Type: multipart/signed; protocol=\"application/pgp-signature\"; boundary=\"b\"\r\n\r\n--b\r\n{PART}\r\n\
         --b\r\nContent-Type: application/pgp-signature\r\n\r\n{}\r\n--b--\r\n",
        text(&weak)
    );
    let opened = open(mail.as_bytes(), &keys(&[], &public), now());
    assert_eq!(opened.signature, Signature::Invalid { why: Flaw::Weak });
}

#[test]
fn openpgp_in_the_text() {
    let Some(gpg) = Gpg::new() else { return };
    gpg.make("Ed <ed@example.nl>", "future-default", "never");
    gpg.import(&ours().public());
    let known = keys(&[ours()], &[gpg.public("ed@example.nl")]);
    let said = "Please look at 192.0.2.7, port 27017.\n- dashed\nFrom é\n";

    let signed = text(&gpg.run(&["--clearsign"], said.as_bytes()));
    let opened = open(&text_mail(&signed), &known, now());
    assert!(opened.signature.vouches_for("ed@example.nl"), "{opened:?}");
    let inner = schakel_formats::mail::MailDocument::read(&opened.inner.unwrap());
    assert_eq!(inner.body().trim_end(), said.trim_end());
    assert_eq!((opened.encrypted, opened.problems), (None, vec![]));

    let around = open(&text_mail(&format!("Pay 5 euro\r\n\r\n{signed}\r\n-- \r\nlist")), &known, now());
    assert!(matches!(around.signature, Signature::Partial { .. }), "{around:?}");
    assert_eq!(around.problems, [Problem::TextAround]);
    let changed = open(&text_mail(&signed.replace("27017", "27018")), &known, now());
    assert_eq!(changed.signature, Signature::Invalid { why: Flaw::Mismatch });

    let encrypted =
        text(&gpg.run(
            &["--armor", "--sign", "--encrypt", "--recipient", "meldpunt@cert.example"],
            said.as_bytes(),
        ));
    let opened = open(&text_mail(&encrypted), &known, now());
    assert!(opened.signature.vouches_for("ed@example.nl"), "{opened:?}");
    assert_eq!(opened.encrypted, Some(Standard::OpenPgp));
    assert_eq!(
        schakel_formats::mail::MailDocument::read(&opened.inner.unwrap()).body().trim_end(),
        said.trim_end()
    );

    let around = open(&text_mail(&format!("Hello,\r\n\r\n{encrypted}\r\nBye\r\n")), &known, now());
    assert!(matches!(around.signature, Signature::Partial { .. }), "{around:?}");
    let inner = schakel_formats::mail::MailDocument::read(&around.inner.unwrap());
    assert!(
        inner.body().starts_with("Hello,") && inner.body().contains(SENTENCE) && inner.body().contains("Bye")
    );

    let stranger = open(&text_mail(&encrypted), &keys(&[theirs()], &[]), now());
    assert!(matches!(&stranger.problems[..], [Problem::NoKey { .. }, ..]), "{:?}", stranger.problems);
    assert_eq!((stranger.inner, stranger.encrypted), (None, Some(Standard::OpenPgp)));
}

#[test]
fn an_encrypted_file_is_opened_in_its_place() {
    let Some(gpg) = Gpg::new() else { return };
    gpg.import(&ours().public());
    for armour in [&["--armor"][..], &[]] {
        let file = gpg.run(
            &[armour, &["--encrypt", "--recipient", "meldpunt@cert.example"]].concat(),
            b"ip\n192.0.2.7\n",
        );
        use base64::Engine;
        let mail = format!(
            "From: a@example.nl\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nSee the file\r\n--b\r\n\
             Content-Type: application/octet-stream; name=\"rows.csv.gpg\"\r\nContent-Transfer-Encoding: base64\r\n\
             Content-Disposition: attachment; filename=\"rows.csv.gpg\"\r\n\r\n{}\r\n--b--\r\n",
            base64::engine::general_purpose::STANDARD.encode(&file)
        );
        let opened = open(mail.as_bytes(), &keys(&[ours()], &[]), now());
        assert_eq!((opened.encrypted, opened.problems), (Some(Standard::OpenPgp), vec![]));
        let inner = schakel_formats::mail::MailDocument::read(&opened.inner.unwrap());
        assert_eq!(inner.attachments[0].name, "rows.csv");
        assert_eq!(inner.attachments[0].size_bytes, 13);
    }
}

#[test]
fn keys_of_gnupg_are_judged() {
    let Some(gpg) = Gpg::new() else { return };
    gpg.make("Gone <gone@example.nl>", "future-default", "2026-02-01");
    assert_eq!(gpg.public("gone@example.nl").state(now()), KeyState::Expired);
    assert_eq!(gpg.public("gone@example.nl").state("2026-01-15T00:00:00Z".parse().unwrap()), KeyState::Good);

    gpg.make("Weak <weak@example.nl>", "rsa1024", "never");
    assert_eq!(gpg.public("weak@example.nl").state(now()), KeyState::Weak);

    gpg.make("Back <back@example.nl>", "future-default", "never");
    let signature =
        gpg.run(&["--armor", "--local-user", "back@example.nl", "--detach-sign"], PART.as_bytes());
    let revocations = gpg.home().join("openpgp-revocs.d");
    let listed = text(&gpg.run(&["--with-colons", "--list-keys", "back@example.nl"], b""));
    let fingerprint = listed.lines().find(|line| line.starts_with("fpr")).unwrap().split(':').nth(9).unwrap();
    let revocation = std::fs::read_to_string(revocations.join(format!("{fingerprint}.rev"))).unwrap();
    gpg.run(&["--import"], revocation.replace(":-----BEGIN", "-----BEGIN").as_bytes());
    let back = gpg.public("back@example.nl");
    assert_eq!(back.state(now()), KeyState::Revoked);
    let mail = format!(
        "Content-Type: multipart/signed; protocol=\"application/pgp-signature\"; boundary=\"b\"\r\n\r\n--b\r\n{PART}\r\n\
         --b\r\nContent-Type: application/pgp-signature\r\n\r\n{}\r\n--b--\r\n",
        text(&signature)
    );
    let opened = open(mail.as_bytes(), &keys(&[], &[back]), now());
    assert!(matches!(opened.signature, Signature::RevokedKey { .. }), "{:?}", opened.signature);

    gpg.run(
        &[
            "--faked-system-time",
            "20260101T000000!",
            "--quick-gen-key",
            "Only <only@example.nl>",
            "ed25519",
            "sign",
            "never",
        ],
        b"",
    );
    let only = gpg.public("only@example.nl");
    assert_eq!((only.state(now()), only.can_be_encrypted_to(now())), (KeyState::Good, false));
}

#[test]
fn a_key_behind_a_passphrase() {
    let Some(gpg) = Gpg::new() else { return };
    gpg.run(
        &[
            "--passphrase",
            "secret words",
            "--quick-gen-key",
            "Locked <l@example.nl>",
            "future-default",
            "default",
            "never",
        ],
        b"",
    );
    let file =
        gpg.run(&["--passphrase", "secret words", "--armor", "--export-secret-keys", "l@example.nl"], b"");
    assert_eq!(SecretKey::read(&file, "wrong"), Err(KeyError::WrongPassphrase));
    assert_eq!(SecretKey::read(&file, ""), Err(KeyError::WrongPassphrase));
    let key = SecretKey::read(&file, "secret words").unwrap();
    let message = gpg.run(&["--armor", "--encrypt", "--recipient", "l@example.nl"], PART.as_bytes());
    let opened = open(&encrypted_mail(&message), &keys(&[key], &[]), now());
    assert!(text(&opened.inner.unwrap()).contains(SENTENCE));
}
