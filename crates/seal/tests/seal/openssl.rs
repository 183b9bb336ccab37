//! OpenSSL seals and we open; we seal and OpenSSL opens.

use std::{fs, path::PathBuf, process::Command};

use jiff::Timestamp;
use schakel_seal::{
    keys::Keys,
    open::open,
    problem::Problem,
    protect::{Protection, Subject, protect},
    signature::{Flaw, Signature, Standard, Trust},
    smime::{certificate::Certificate, identity::Identity, trust::Trusted},
};

use crate::tools::{MAIL, SENTENCE, random, run, text};

/// OpenSSL writes the time of the machine into what it signs; nobody runs these tests after this.
fn later() -> Timestamp {
    "2060-01-01T00:00:00Z".parse().unwrap()
}

const PART: &str = "Content-Type: text/plain; charset=utf-8\r\n\r\nPlease look at 192.0.2.7, port 27017.\r\n";

/// An authority and people with certificates. The certificate of `old` is over, the key of `curve` is on P-256, the others have RSA.
struct Openssl {
    folder: tempfile::TempDir,
}

impl Openssl {
    fn new(people: &[&str]) -> Option<Self> {
        if Command::new("openssl").arg("version").output().is_err() {
            println!("skipped: openssl is not installed");
            return None;
        }
        let openssl = Self { folder: tempfile::tempdir().unwrap() };
        fs::create_dir(openssl.file("new")).unwrap();
        fs::write(openssl.file("index"), "").unwrap();
        fs::write(openssl.file("serial"), "1001").unwrap();
        openssl.certify("root", "ec:prime256v1", "root", "20990101000000Z");
        for person in people {
            let algorithm = if *person == "curve" { "ec:prime256v1" } else { "rsa:2048" };
            let until = if *person == "old" { "20210101000000Z" } else { "20990101000000Z" };
            openssl.certify(person, algorithm, "person", until);
        }
        Some(openssl)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn has(&self, name: &str) -> bool {
        self.file(&format!("{name}.pem")).exists()
    }

    fn path(&self, name: &str) -> String {
        self.file(name).to_str().unwrap().to_owned()
    }

    fn certify(&self, name: &str, algorithm: &str, extensions: &str, until: &str) {
        let (kind, size) = algorithm.split_once(':').unwrap();
        let option = if kind == "rsa" {
            format!("rsa_keygen_bits:{size}")
        } else {
            format!("ec_paramgen_curve:{size}")
        };
        let kind = if kind == "rsa" { "RSA" } else { "EC" };
        let key = self.path(&format!("{name}.key"));
        self.run(&["genpkey", "-algorithm", kind, "-pkeyopt", &option, "-out", &key], b"");
        let (request, certificate) = (self.path("request"), self.path(&format!("{name}.pem")));
        let (config, folder) = (self.path("config"), self.folder.path().to_str().unwrap());
        let lines = format!(
            "[ca]\ndefault_ca=own\n[own]\nnew_certs_dir={folder}/new\ndatabase={folder}/index\nserial={folder}/serial\n\
             default_md=sha256\npolicy=any\nunique_subject=no\ncopy_extensions=none\n[any]\ncommonName=supplied\n\
             [req]\ndistinguished_name=dn\n[dn]\n[root]\nbasicConstraints=critical,CA:TRUE\n\
             subjectKeyIdentifier=hash\n[person]\nbasicConstraints=CA:FALSE\nsubjectKeyIdentifier=hash\n\
             extendedKeyUsage=emailProtection\nsubjectAltName=email:{name}@example.nl\n"
        );
        fs::write(&config, lines).unwrap();
        let subject = format!("/CN={name}");
        self.run(
            &["req", "-new", "-config", &config, "-key", &key, "-subj", &subject, "-out", &request],
            b"",
        );
        let issuer = if name == "root" {
            vec!["-selfsign".to_owned(), "-keyfile".to_owned(), key]
        } else {
            vec!["-cert".to_owned(), self.path("root.pem"), "-keyfile".to_owned(), self.path("root.key")]
        };
        let mut arguments = vec![
            "ca",
            "-batch",
            "-notext",
            "-config",
            &config,
            "-extensions",
            extensions,
            "-startdate",
            "20200101000000Z",
            "-enddate",
            until,
            "-in",
            &request,
            "-out",
            &certificate,
        ];
        arguments.extend(issuer.iter().map(String::as_str));
        self.run(&arguments, b"");
    }

    #[track_caller]
    fn run(&self, arguments: &[&str], input: &[u8]) -> Vec<u8> {
        let (is_fine, out, errors) = self.try_run(arguments, input);
        assert!(is_fine, "openssl {arguments:?}: {errors}");
        out
    }

    fn try_run(&self, arguments: &[&str], input: &[u8]) -> (bool, Vec<u8>, String) {
        run("openssl", arguments, input)
    }

    fn certificate(&self, name: &str) -> Certificate {
        Certificate::read(&fs::read(self.file(&format!("{name}.pem"))).unwrap()).unwrap()
    }

    fn identity(&self, name: &str) -> Identity {
        let read = |ending: &str| fs::read_to_string(self.file(&format!("{name}.{ending}"))).unwrap();
        Identity::read(format!("{}{}", read("key"), read("pem")).as_bytes()).unwrap()
    }

    fn keys(&self) -> Keys {
        Keys {
            smime_own: ["us", "curve"]
                .into_iter()
                .filter(|name| self.has(name))
                .map(|name| self.identity(name))
                .collect(),
            smime_trusted: Trusted { authorities: vec![self.certificate("root")], ..Trusted::default() },
            ..Keys::default()
        }
    }
}

#[test]
fn what_openssl_encrypts_is_opened() {
    let Some(openssl) = Openssl::new(&["us", "curve", "old"]) else { return };
    let keys = openssl.keys();
    let (us, curve, old) = (openssl.path("us.pem"), openssl.path("curve.pem"), openssl.path("old.pem"));
    let tries: [(&[&str], &str, &[Problem]); 10] = [
        (&["-aes256"], &us, &[Problem::Changeable]),
        (&["-aes128"], &us, &[Problem::Changeable]),
        (&["-aes192", "-stream"], &us, &[Problem::Changeable]),
        (&["-aes256", "-keyid"], &us, &[Problem::Changeable]),
        (&["-des3"], &us, &[Problem::WeakCipher { what: "3DES" }, Problem::Changeable]),
        (&["-aes-256-gcm"], &us, &[]),
        (&["-aes-128-gcm", "-stream"], &us, &[]),
        (&["-aes256"], &curve, &[Problem::Changeable]),
        (&["-aes-256-gcm"], &curve, &[]),
        (&["-aes128"], &old, &[]),
    ];
    for (options, recipient, problems) in tries {
        let arguments = [&["cms", "-encrypt", "-binary"][..], options, &[recipient]].concat();
        let mail = openssl.run(&arguments, PART.as_bytes());
        let opened = open(&mail, &keys, later());
        assert_eq!(opened.encrypted, Some(Standard::SMime), "{options:?}");
        if recipient == old {
            assert!(matches!(opened.problems[..], [Problem::NoKey { .. }]), "{:?}", opened.problems);
        } else {
            assert_eq!(opened.problems, problems, "{options:?} {recipient}");
            assert!(text(&opened.inner.unwrap()).contains(SENTENCE), "{options:?}");
        }
    }
    for padding in [
        &["-keyopt", "rsa_padding_mode:oaep"][..],
        &["-keyopt", "rsa_padding_mode:oaep", "-keyopt", "rsa_oaep_md:sha256"],
        &["-keyopt", "rsa_padding_mode:oaep", "-keyopt", "rsa_oaep_md:sha256", "-keyopt", "rsa_mgf1_md:sha1"],
    ] {
        let arguments = [&["cms", "-encrypt", "-binary", "-aes256", "-recip", &us][..], padding].concat();
        let opened = open(&openssl.run(&arguments, PART.as_bytes()), &keys, later());
        assert!(opened.inner.is_some(), "{padding:?}: {:?}", opened.problems);
    }
}

#[test]
fn a_changed_message_with_a_check_gives_nothing() {
    let Some(openssl) = Openssl::new(&["us"]) else { return };
    let keys = openssl.keys();
    let mail = text(
        &openssl
            .run(&["cms", "-encrypt", "-binary", "-aes-256-gcm", &openssl.path("us.pem")], PART.as_bytes()),
    );
    let (head, body) = mail.split_once("\n\n").unwrap();
    let letters: String = body.split_whitespace().collect();
    assert!(open(format!("{head}\n\n{letters}\n").as_bytes(), &keys, later()).inner.is_some());
    // The proof stands at the end, the content before it.
    for from_end in [8, 16, 40, 60, 90] {
        let mut changed = letters.clone();
        let at = letters.len() - from_end;
        let swap = if changed.as_bytes()[at] == b'A' { "B" } else { "A" };
        changed.replace_range(at..=at, swap);
        let opened = open(format!("{head}\n\n{changed}\n").as_bytes(), &keys, later());
        assert_eq!(
            (opened.inner, opened.problems),
            (None, vec![Problem::Damaged]),
            "{from_end} from the end"
        );
    }
}

#[test]
fn what_openssl_signs_is_checked() {
    let Some(openssl) = Openssl::new(&["them", "curve", "old"]) else { return };
    let keys = openssl.keys();
    let sign = |name: &str, options: &[&str]| {
        let (certificate, key) = (openssl.path(&format!("{name}.pem")), openssl.path(&format!("{name}.key")));
        let base = ["cms", "-sign", "-binary", "-signer", &certificate, "-inkey", &key];
        openssl.run(&[&base[..], options].concat(), PART.as_bytes())
    };
    for (name, options) in [
        ("them", &[][..]),
        ("them", &["-nodetach"]),
        ("them", &["-nodetach", "-stream"]),
        ("them", &["-md", "sha512"]),
        ("them", &["-md", "sha384", "-noattr"]),
        ("them", &["-keyid"]),
        ("them", &["-keyopt", "rsa_padding_mode:pss", "-keyopt", "rsa_pss_saltlen:-1"]),
        ("curve", &[]),
        ("curve", &["-nodetach", "-md", "sha384"]),
    ] {
        let mail = sign(name, options);
        let opened = open(&mail, &keys, later());
        assert_eq!(opened.problems, [], "{name} {options:?}");
        let Signature::Valid { by, .. } = &opened.signature else {
            panic!("{options:?}: {:?}", opened.signature)
        };
        assert_eq!(by.trust, Trust::Path, "{name} {options:?}");
        assert_eq!(by.addresses, [format!("{name}@example.nl")]);
        assert_eq!(by.fingerprint, openssl.certificate(name).fingerprint());
        assert!(text(&opened.inner.unwrap()).contains(SENTENCE));
        if !options.contains(&"-nodetach") {
            let changed = text(&mail).replace("27017", "27018");
            let opened = open(changed.as_bytes(), &keys, later());
            assert_eq!(opened.signature, Signature::Invalid { why: Flaw::Mismatch }, "{options:?}");
        }
    }
    let without = sign("them", &["-nocerts"]);
    assert!(matches!(open(&without, &keys, later()).signature, Signature::UnknownKey { .. }));
    let mut known = openssl.keys();
    known.smime_trusted.certificates.push(openssl.certificate("them"));
    assert_eq!(open(&without, &known, later()).signature.trusted_signer().unwrap().trust, Trust::Known);
    let old = open(&sign("old", &[]), &keys, later());
    assert!(matches!(old.signature, Signature::ExpiredKey { .. }), "{:?}", old.signature);
    let salty = sign("them", &["-keyopt", "rsa_padding_mode:pss", "-keyopt", "rsa_pss_saltlen:60"]);
    assert_eq!(open(&salty, &keys, later()).signature, Signature::Invalid { why: Flaw::Unsupported });
    let weak = open(&sign("them", &["-md", "sha1"]), &keys, later());
    assert_eq!(weak.signature, Signature::Invalid { why: Flaw::Weak });
}

#[test]
fn layers_of_openssl_are_taken_off() {
    let Some(openssl) = Openssl::new(&["us", "them"]) else { return };
    let (signer, key, us) = (openssl.path("them.pem"), openssl.path("them.key"), openssl.path("us.pem"));
    let sign =
        |mail: &[u8]| openssl.run(&["smime", "-sign", "-nodetach", "-signer", &signer, "-inkey", &key], mail);
    let encrypt = |mail: &[u8]| openssl.run(&["smime", "-encrypt", "-aes256", &us], mail);
    let opened = open(&encrypt(&sign(PART.as_bytes())), &openssl.keys(), later());
    assert!(opened.signature.vouches_for("them@example.nl"), "{opened:?}");
    assert_eq!((opened.encrypted, opened.problems), (Some(Standard::SMime), vec![]));
    // Triple wrapping.
    let opened = open(&sign(&encrypt(&sign(PART.as_bytes()))), &openssl.keys(), later());
    assert!(opened.signature.vouches_for("them@example.nl"), "{opened:?}");
    assert!(text(&opened.inner.unwrap()).contains(SENTENCE));
}

#[test]
fn what_we_seal_openssl_opens() {
    let Some(openssl) = Openssl::new(&["us", "them", "curve"]) else { return };
    let at = later().as_second().to_string();
    let root = openssl.path("root.pem");
    let verify = ["cms", "-verify", "-CAfile", &root, "-attime", &at, "-purpose", "smimesign"];
    for (signer, recipient) in [("them", "us"), ("curve", "us"), ("them", "curve"), ("curve", "curve")] {
        let identity = openssl.identity(signer);
        let to = [openssl.certificate("us"), openssl.certificate("curve")];
        let seal = |signer: Option<&Identity>, to: &[Certificate]| {
            let with = Protection::SMime { signer, to };
            protect(MAIL.as_bytes(), &with, Subject::Shown, later(), &mut random(7)).unwrap()
        };
        let signed = seal(Some(&identity), &[]);
        let (is_fine, out, errors) = openssl.try_run(&verify, &signed);
        assert!(is_fine && text(&out).contains(SENTENCE), "{signer}: {errors}");
        let changed = text(&signed).replace("27017", "27018");
        assert!(!openssl.try_run(&verify, changed.as_bytes()).0);

        let sealed = seal(Some(&identity), &to);
        let (own, key) =
            (openssl.path(&format!("{recipient}.pem")), openssl.path(&format!("{recipient}.key")));
        let inner = openssl.run(&["cms", "-decrypt", "-recip", &own, "-inkey", &key], &sealed);
        let (is_fine, out, errors) = openssl.try_run(&verify, &inner);
        assert!(is_fine && text(&out).contains(SENTENCE), "{signer} to {recipient}: {errors}");
    }
}
