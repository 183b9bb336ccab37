//! Our signature on a mail, and its encryption to a recipient: which keys, and what to say when none will do.

use std::fmt;

use anyhow::Context;
use jiff::Timestamp;
use schakel_deliver::{mail::address, settings::Sign};
use schakel_seal::{
    openpgp::{
        key::{KeyState, PublicKey},
        secret::SecretKey,
    },
    protect::{ProtectError, Protection, Subject, Unfit, protect},
    random::Random,
    smime::{
        certificate::{Certificate, CertificateState},
        identity::Identity,
    },
};
use schakel_store::contact_keys::{ContactKey, KeyKind};

use crate::{config::Config, keys};

/// Why a mail cannot be encrypted to its recipient.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Unprotected {
    /// Nobody registered one.
    NoKey,
    /// There is one, and it cannot be used.
    Unfit {
        /// Its fingerprint.
        key: String,
        /// What is wrong with it.
        why: Unfit,
    },
    /// What was registered as a key is none.
    Unreadable,
}

impl fmt::Display for Unprotected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("confidential, and the recipient has no key to encrypt to")?;
        match self {
            Self::NoKey => Ok(()),
            Self::Unfit { key, why } => write!(f, ": of {key}, {why}"),
            Self::Unreadable => f.write_str(": what is registered cannot be read"),
        }
    }
}

/// Signs and encrypts.
pub(crate) struct Protector {
    sign: Sign,
    openpgp: Option<SecretKey>,
    smime: Option<Identity>,
    contact_keys: Vec<ContactKey>,
}

/// A key of a recipient that was read.
enum RecipientKey {
    OpenPgp(Vec<PublicKey>),
    SMime(Vec<Certificate>),
}

impl Protector {
    /// With our keys, and those of contacts. Signing without a key that can is an error: a mail without the signature that others expect looks
    /// forged.
    pub fn new(config: &Config, contact_keys: Vec<ContactKey>, now: Timestamp) -> anyhow::Result<Self> {
        let own = keys::load(&config.intake.keys).0;
        let from = address("mail.from", &config.mail.from)?.to_ascii_lowercase();
        let openpgp = own
            .openpgp_secret
            .into_iter()
            .filter(|key| key.public().state(now) == KeyState::Good)
            .max_by_key(|key| key.public().addresses(now).contains(&from));
        let smime = own
            .smime_own
            .into_iter()
            .filter(|identity| identity.certificate().state(now) == CertificateState::Good)
            .max_by_key(|identity| has_address(identity.certificate(), &from));
        let missing = match config.mail.sign {
            Sign::OpenPgp => openpgp.is_none(),
            Sign::SMime => smime.is_none(),
            Sign::No => false,
        };
        anyhow::ensure!(
            !missing,
            "mail.sign wants mails signed, and there is no good key of ours for that. `schakel key list` shows ours"
        );
        Ok(Self { sign: config.mail.sign, openpgp, smime, contact_keys })
    }

    /// Signed, when mails are.
    pub fn signed(&self, mail: &[u8], now: Timestamp) -> anyhow::Result<Vec<u8>> {
        let with = match (self.sign, &self.openpgp, &self.smime) {
            (Sign::OpenPgp, Some(key), _) => Protection::OpenPgp { signer: Some(key), to: &[] },
            (Sign::SMime, _, Some(identity)) => Protection::SMime { signer: Some(identity), to: &[] },
            _ => return Ok(mail.to_vec()),
        };
        Ok(protect(mail, &with, Subject::Shown, now, &mut random()?)?)
    }

    /// Encrypted to the recipient, signed when there is a key of that kind; `subject` is what stands outside.
    pub fn encrypted(
        &self,
        mail: &[u8],
        recipient: &str,
        subject: &str,
        now: Timestamp,
    ) -> anyhow::Result<Result<Vec<u8>, Unprotected>> {
        let mut why = Unprotected::NoKey;
        for key in self.keys_of(recipient) {
            let Some(key) = key else {
                why = Unprotected::Unreadable;
                continue;
            };
            let with = match &key {
                RecipientKey::OpenPgp(to) => Protection::OpenPgp { signer: self.openpgp.as_ref(), to },
                RecipientKey::SMime(to) => Protection::SMime { signer: self.smime.as_ref(), to },
            };
            match protect(mail, &with, Subject::Instead(subject), now, &mut random()?) {
                Ok(bytes) => return Ok(Ok(bytes)),
                Err(ProtectError::Recipient { key, why: unfit }) => {
                    why = Unprotected::Unfit { key, why: unfit }
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(Err(why))
    }

    /// The keys registered for an address, those of the kind that we sign with first, then the newest; `None` for one that cannot be read.
    fn keys_of(&self, recipient: &str) -> impl Iterator<Item = Option<RecipientKey>> {
        let mut found: Vec<&ContactKey> = self
            .contact_keys
            .iter()
            .filter(|key| key.email.trim().eq_ignore_ascii_case(recipient.trim()))
            .collect();
        let ours = match self.sign {
            Sign::SMime => KeyKind::SMime,
            Sign::OpenPgp | Sign::No => KeyKind::OpenPgp,
        };
        found.sort_by_key(|key| (key.key.kind != ours, std::cmp::Reverse(key.id)));
        found.into_iter().map(|key| match key.key.kind {
            KeyKind::OpenPgp => {
                PublicKey::read(&key.key.bytes).ok().map(|key| RecipientKey::OpenPgp(vec![key]))
            }
            KeyKind::SMime => {
                Certificate::read(&key.key.bytes).ok().map(|key| RecipientKey::SMime(vec![key]))
            }
        })
    }
}

fn has_address(certificate: &Certificate, address: &str) -> bool {
    certificate.addresses().iter().any(|one| one.eq_ignore_ascii_case(address))
}

fn random() -> anyhow::Result<Random> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).context("the system gives no random numbers")?;
    Ok(Random::from_seed(seed))
}
