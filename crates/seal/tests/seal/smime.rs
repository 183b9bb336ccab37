//! Our own S/MIME, both ways, with certificates made for the test.

use jiff::Timestamp;
use proptest::prelude::*;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType, ExtendedKeyUsagePurpose,
    IsCa, KeyPair, KeyUsagePurpose, SanType, date_time_ymd,
};
use schakel_formats::mail::MailDocument;
use schakel_seal::{
    keys::Keys,
    open::open,
    problem::Problem,
    protect::{ProtectError, Protection, Subject, Unfit, protect},
    signature::{Flaw, Signature, Standard, Trust},
    smime::{
        certificate::{Certificate, CertificateError, CertificateState},
        identity::Identity,
        trust::Trusted,
    },
};

use crate::tools::{MAIL, SENTENCE, now, random, text};

struct Authority(CertifiedIssuer<'static, KeyPair>);

fn params(name: &str, address: Option<&str>, years: (i32, i32)) -> CertificateParams {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.subject_alt_names =
        address.into_iter().map(|address| SanType::Rfc822Name(address.try_into().unwrap())).collect();
    params.not_before = date_time_ymd(years.0, 1, 1);
    params.not_after = date_time_ymd(years.1, 1, 1);
    params
}

impl Authority {
    fn new(name: &str) -> Self {
        let mut params = params(name, None, (2020, 2040));
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    fn certificate(&self) -> Certificate {
        Certificate::read(self.0.pem().as_bytes()).unwrap()
    }

    fn issue(&self, params: &CertificateParams) -> Identity {
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        Identity::read(format!("{}{}", key.serialize_pem(), certificate.pem()).as_bytes()).unwrap()
    }

    fn person(&self, address: &str) -> Identity {
        let mut params = params("Melder", Some(address), (2026, 2027));
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::EmailProtection];
        self.issue(&params)
    }
}

fn keys(own: &[&Identity], trusted: Trusted) -> Keys {
    Keys {
        smime_own: own.iter().map(|identity| (*identity).clone()).collect(),
        smime_trusted: trusted,
        ..Keys::default()
    }
}

fn authorities(all: &[&Authority]) -> Trusted {
    Trusted { authorities: all.iter().map(|one| one.certificate()).collect(), ..Trusted::default() }
}

fn sealed(signer: Option<&Identity>, to: &[Certificate]) -> Result<Vec<u8>, ProtectError> {
    protect(MAIL.as_bytes(), &Protection::SMime { signer, to }, Subject::Hidden, now(), &mut random(9))
}

#[test]
fn signed_and_encrypted_comes_back_whole() {
    let authority = Authority::new("Root");
    let (us, them) = (authority.person("meldpunt@cert.example"), authority.person("Melder@example.nl"));
    let mail = sealed(Some(&them), &[us.certificate().clone()]).unwrap();
    assert!(!text(&mail).contains(SENTENCE) && text(&mail).contains("Subject: [...]\r\n"));
    let opened = open(&mail, &keys(&[&us], authorities(&[&authority])), now());
    assert_eq!((opened.encrypted, &opened.problems[..]), (Some(Standard::SMime), &[][..]));
    let Signature::Valid { by, made } = &opened.signature else { panic!("{:?}", opened.signature) };
    assert_eq!((by.trust, by.name.as_str(), *made), (Trust::Path, "Melder", Some(now())));
    assert_eq!(by.fingerprint, them.certificate().fingerprint());
    assert!(opened.signature.vouches_for("melder@example.nl"));
    let inner = MailDocument::read(&opened.inner.unwrap());
    assert_eq!(inner.subject, "Open database at 192.0.2.7");
    assert!(inner.body().starts_with(SENTENCE));
    assert_eq!(inner.attachments[0].name, "rows.csv");
}

#[test]
fn trust_comes_from_the_caller() {
    let (authority, stranger) = (Authority::new("Root"), Authority::new("Root"));
    let them = authority.person("melder@example.nl");
    let mail = sealed(Some(&them), &[]).unwrap();
    let own = them.certificate();
    for (trusted, trust) in [
        (Trusted::default(), Trust::Nobody),
        (authorities(&[&stranger]), Trust::Nobody),
        (authorities(&[&stranger, &authority]), Trust::Path),
        (Trusted { certificates: vec![own.clone()], ..Trusted::default() }, Trust::Known),
        (Trusted { fingerprints: vec![own.fingerprint()], ..Trusted::default() }, Trust::Known),
    ] {
        let opened = open(&mail, &keys(&[], trusted), now());
        let Signature::Valid { by, .. } = &opened.signature else { panic!("{:?}", opened.signature) };
        assert_eq!(by.trust, trust);
        assert_eq!(opened.signature.trusted_signer().is_some(), trust != Trust::Nobody);
    }
}

#[test]
fn a_certificate_for_servers_does_not_vouch_for_mail() {
    let authority = Authority::new("Root");
    let mut params = params("www", Some("melder@example.nl"), (2026, 2027));
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let server = authority.issue(&params);
    let opened = open(&sealed(Some(&server), &[]).unwrap(), &keys(&[], authorities(&[&authority])), now());
    assert_eq!(opened.signature.trusted_signer(), None, "{:?}", opened.signature);

    params.extended_key_usages = Vec::new();
    params.key_usages = vec![KeyUsagePurpose::KeyAgreement];
    let reader = authority.issue(&params);
    let error = sealed(Some(&reader), &[]).unwrap_err();
    assert!(matches!(error, ProtectError::Signer { why: Unfit::OtherUse, .. }), "{error}");
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    let writer = authority.issue(&params);
    let error = sealed(None, &[writer.certificate().clone()]).unwrap_err();
    assert!(matches!(error, ProtectError::Recipient { why: Unfit::OtherUse, .. }), "{error}");
}

#[test]
fn changed_content_is_invalid() {
    let authority = Authority::new("Root");
    let them = authority.person("melder@example.nl");
    let mail = text(&sealed(Some(&them), &[]).unwrap()).replace("port 27017", "port 27018");
    let opened = open(mail.as_bytes(), &keys(&[], authorities(&[&authority])), now());
    assert_eq!(opened.signature, Signature::Invalid { why: Flaw::Mismatch });
}

#[test]
fn what_is_over_is_said() {
    let authority = Authority::new("Root");
    let (us, them) = (authority.person("meldpunt@cert.example"), authority.person("melder@example.nl"));
    let mail = sealed(Some(&them), &[us.certificate().clone()]).unwrap();
    let later: Timestamp = "2028-01-01T00:00:00Z".parse().unwrap();
    let opened = open(&mail, &keys(&[&us], authorities(&[&authority])), later);
    assert!(matches!(opened.signature, Signature::ExpiredKey { .. }), "{:?}", opened.signature);
    assert_eq!(
        opened.problems,
        [Problem::OurKeyIsOld { fingerprint: us.certificate().fingerprint() }, Problem::Changeable]
    );
    assert_eq!(us.certificate().state(later), CertificateState::Expired);
    let said = schakel_formats::contact_key::certificate_fingerprint(us.certificate().der()).unwrap();
    assert_eq!(said, us.certificate().fingerprint());

    let old = authority.issue(&params("Old", Some("old@example.nl"), (2020, 2021)));
    let error = sealed(None, &[old.certificate().clone()]).unwrap_err();
    assert_eq!(error, ProtectError::Recipient { key: old.certificate().fingerprint(), why: Unfit::Expired });
    assert!(sealed(Some(&old), &[]).is_err());
}

#[test]
fn a_mail_to_others_says_to_whom() {
    let authority = Authority::new("Root");
    let (us, them) = (authority.person("meldpunt@cert.example"), authority.person("melder@example.nl"));
    let mail = sealed(None, &[them.certificate().clone()]).unwrap();
    let opened = open(&mail, &keys(&[&us], Trusted::default()), now());
    let [Problem::NoKey { to }] = &opened.problems[..] else { panic!("{:?}", opened.problems) };
    assert_eq!(to.len(), 1);
    assert_eq!((opened.inner, opened.encrypted), (None, Some(Standard::SMime)));

    let both = sealed(None, &[them.certificate().clone(), us.certificate().clone()]).unwrap();
    let opened = open(&both, &keys(&[&us], Trusted::default()), now());
    assert_eq!(opened.problems, [Problem::Changeable]);
    assert!(text(&opened.inner.unwrap()).contains(SENTENCE));
}

#[test]
fn keys_and_certificates_belong_together() {
    let authority = Authority::new("Root");
    let certificate = authority.0.pem();
    let other = KeyPair::generate().unwrap().serialize_pem();
    assert_eq!(
        Identity::read(format!("{other}{certificate}").as_bytes()).unwrap_err(),
        CertificateError::OtherKey
    );
    assert_eq!(Identity::read(certificate.as_bytes()).unwrap_err(), CertificateError::NoKey);
    assert_eq!(Identity::read(other.as_bytes()).unwrap_err(), CertificateError::NoCertificate);
    assert_eq!(Certificate::read(b"hello").unwrap_err(), CertificateError::NoCertificate);
    assert_eq!(Certificate::read(&[0x30; 50]).unwrap_err(), CertificateError::NoCertificate);
    assert_eq!(Certificate::read(&vec![b'-'; (1 << 20) + 1]).unwrap_err(), CertificateError::TooBig);
    let locked = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n";
    assert_eq!(
        Identity::read(format!("{locked}{certificate}").as_bytes()).unwrap_err(),
        CertificateError::Locked
    );
}

/// One mail of each kind, with what opens it.
fn samples() -> (Vec<Vec<u8>>, Keys) {
    let authority = Authority::new("Root");
    let (us, them) = (authority.person("meldpunt@cert.example"), authority.person("melder@example.nl"));
    let to = [us.certificate().clone()];
    let mails = vec![
        sealed(Some(&them), &to).unwrap(),
        sealed(Some(&them), &[]).unwrap(),
        sealed(None, &to).unwrap(),
    ];
    (mails, keys(&[&us], authorities(&[&authority])))
}

#[test]
fn cut_anywhere_it_never_counts() {
    let (mails, keys) = samples();
    for mail in mails {
        for at in (0..mail.len() - 40).step_by(mail.len() / 60) {
            let opened = open(&mail[..at], &keys, now());
            assert_eq!(opened.signature.trusted_signer(), None, "cut at {at}");
        }
    }
}

#[test]
fn a_bit_changed_anywhere_gives_the_same_or_does_not_count() {
    let (mails, keys) = samples();
    let mut runner =
        proptest::test_runner::TestRunner::new(ProptestConfig { cases: 200, ..ProptestConfig::default() });
    runner
        .run(&(0_usize..3, any::<prop::sample::Index>(), any::<u8>()), |(which, at, value)| {
            let mut mail = mails[which].clone();
            let at = at.index(mail.len());
            mail[at] = value;
            let opened = open(&mail, &keys, now());
            if opened.signature.trusted_signer().is_some() {
                prop_assert!(opened.inner.is_some_and(|inner| text(&inner).contains(SENTENCE)));
            }
            Ok(())
        })
        .unwrap();
}

proptest! {
    #[test]
    fn random_messages_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        use base64::Engine;
        let letters = base64::engine::general_purpose::STANDARD.encode(&bytes);
        let head = "Content-Type: application/pkcs7-mime\r\nContent-Transfer-Encoding: base64\r\n\r\n";
        let opened = open(format!("{head}{letters}").as_bytes(), &Keys::default(), now());
        prop_assert_eq!(opened.inner, None);
        let _ = Certificate::read(&bytes);
        let _ = Identity::read(&bytes);
    }
}
