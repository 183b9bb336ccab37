//! Our own keys.

use std::fmt;

use jiff::Timestamp;
use pgp::{
    composed::{
        ArmorOptions, KeyType, PublicOrSecret, SignedKeyDetails, SignedPublicKey, SignedSecretKey,
        SignedSecretSubKey,
    },
    crypto::{ecc_curve::ECCCurve, hash::HashAlgorithm, sym::SymmetricKeyAlgorithm},
    errors::Error,
    packet::{
        Features, KeyFlags, PubKeyInner, PublicKey as PublicPacket, PublicSubkey, RevocationCode,
        SecretKey as SecretPacket, SecretSubkey, Signature, SignatureConfig, SignatureType, Subpacket,
        SubpacketData, UserId,
    },
    types::{
        CompressionAlgorithm, Duration, KeyDetails, KeyVersion, Password, SignedUser, SigningKey, Tag,
        Timestamp as PgpTime,
    },
};

use super::{
    key::{KeyError, PublicKey, hex, read_any, seconds},
    policy::{self, KeyState},
};
use crate::random::Random;

/// A key pair, opened: it lies in memory without a passphrase.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretKey {
    pub(super) inner: SignedSecretKey,
}

/// The part of a key pair that signs.
#[derive(Clone, Copy)]
pub(super) enum SigningPart<'k> {
    Primary(&'k SecretPacket),
    Sub(&'k SecretSubkey),
}

impl SecretKey {
    /// The first key pair in a file, armoured or binary. What the passphrase does not open is an error, unless only the primary key stays
    /// away from its subkeys, as it should.
    pub fn read(bytes: &[u8], passphrase: &str) -> Result<Self, KeyError> {
        let key = read_any(bytes)?.into_iter().next().ok_or(KeyError::Unreadable)?;
        let PublicOrSecret::Secret(mut inner) = key else { return Err(KeyError::Public) };
        let password = Password::from(passphrase);
        let has_primary = inner.primary_key.remove_password(&password).is_ok();
        let before = inner.secret_subkeys.len();
        inner.secret_subkeys.retain_mut(|subkey| subkey.key.remove_password(&password).is_ok());
        let has_subkeys = !inner.secret_subkeys.is_empty();
        if (!has_primary && !has_subkeys) || (has_primary && inner.secret_subkeys.len() < before) {
            return Err(KeyError::WrongPassphrase);
        }
        Ok(Self { inner })
    }

    /// A new key pair on Curve25519, in the form that programs of the last ten years read (version 4).
    pub fn generate(
        user_id: &str,
        now: Timestamp,
        expires: Option<Timestamp>,
        random: &mut Random,
    ) -> Result<Self, KeyError> {
        generate(user_id, seconds(now), expires.map(seconds), random)
            .map(|inner| Self { inner })
            .map_err(|error| KeyError::Make(error.to_string()))
    }

    /// What others may have.
    pub fn public(&self) -> PublicKey {
        PublicKey { inner: SignedPublicKey::from(self.inner.clone()) }
    }

    /// The public key with a note that it is not to be used any more.
    pub fn revoked(&self, now: Timestamp) -> Result<PublicKey, KeyError> {
        let mut public = self.public();
        let config = config(
            SignatureType::KeyRevocation,
            &self.inner.primary_key,
            seconds(now),
            vec![SubpacketData::RevocationReason(RevocationCode::NoReason, Vec::new().into())],
        );
        let signature = config
            .and_then(|config| {
                config.sign_key(
                    &self.inner.primary_key,
                    &Password::empty(),
                    self.inner.primary_key.public_key(),
                )
            })
            .map_err(|error| KeyError::Make(error.to_string()))?;
        public.inner.details.revocation_signatures.push(signature);
        Ok(public)
    }

    /// Of the primary key, in upper case hexadecimal digits.
    pub fn fingerprint(&self) -> String {
        hex(self.inner.primary_key.fingerprint().as_bytes())
    }

    /// For a file that nobody else may read: it has no passphrase.
    pub fn to_armoured(&self) -> String {
        self.inner.to_armored_string(ArmorOptions::default()).expect("writing into memory does not fail")
    }

    /// What signs: the newest subkey that may, or the primary key.
    pub(super) fn signing_part(&self, now: Timestamp) -> Option<SigningPart<'_>> {
        let public = self.public().inner;
        let at = seconds(now);
        if policy::key_state(&public, at) != KeyState::Good {
            return None;
        }
        let may_sign = |fingerprint| {
            public.public_subkeys.iter().find(|subkey| subkey.key.fingerprint() == fingerprint).is_some_and(
                |subkey| {
                    let (state, binding) = policy::subkey_state(&public, subkey, at);
                    state == KeyState::Good
                        && binding.is_some_and(|binding| policy::subkey_may_sign(&public, subkey, binding))
                },
            )
        };
        let subkey = self
            .inner
            .secret_subkeys
            .iter()
            .filter(|subkey| !subkey.key.secret_params().is_encrypted() && may_sign(subkey.key.fingerprint()))
            .max_by_key(|subkey| subkey.key.created_at());
        match subkey {
            Some(subkey) => Some(SigningPart::Sub(&subkey.key)),
            None => {
                let primary = &self.inner.primary_key;
                (!primary.secret_params().is_encrypted() && policy::primary_may_sign(&public, at))
                    .then_some(SigningPart::Primary(primary))
            }
        }
    }
}

impl<'k> SigningPart<'k> {
    pub fn key(self) -> &'k dyn SigningKey {
        match self {
            Self::Primary(key) => key,
            Self::Sub(key) => key,
        }
    }

    /// SHA-256, or more where the curve asks for it.
    pub fn hash(self) -> HashAlgorithm {
        let preferred = self.key().hash_alg();
        if policy::is_strong(preferred) { preferred } else { HashAlgorithm::Sha256 }
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretKey({})", self.fingerprint())
    }
}

/// The subpackets of every signature of ours: when, and by which key.
pub(super) fn subpackets(
    key: &dyn SigningKey,
    now: PgpTime,
    more: Vec<SubpacketData>,
) -> Result<(Vec<Subpacket>, Vec<Subpacket>), Error> {
    let mut hashed = vec![
        Subpacket::regular(SubpacketData::SignatureCreationTime(now))?,
        Subpacket::regular(SubpacketData::IssuerFingerprint(key.fingerprint()))?,
    ];
    for data in more {
        hashed.push(Subpacket::regular(data)?);
    }
    let mut unhashed = Vec::new();
    if key.version() <= KeyVersion::V4 {
        unhashed.push(Subpacket::regular(SubpacketData::IssuerKeyId(key.legacy_key_id()))?);
    }
    Ok((hashed, unhashed))
}

fn config(
    kind: SignatureType,
    key: &SecretPacket,
    now: PgpTime,
    more: Vec<SubpacketData>,
) -> Result<SignatureConfig, Error> {
    let mut config = SignatureConfig::v4(kind, key.algorithm(), HashAlgorithm::Sha512);
    (config.hashed_subpackets, config.unhashed_subpackets) = subpackets(key, now, more)?;
    Ok(config)
}

/// By hand, because the library's own way reads the clock.
fn generate(
    user_id: &str,
    now: PgpTime,
    expires: Option<PgpTime>,
    random: &mut Random,
) -> Result<SignedSecretKey, Error> {
    let lasts = expires.map(|expires| Duration::from_secs(expires.as_secs().saturating_sub(now.as_secs())));
    let lasts = || lasts.map(SubpacketData::KeyExpirationTime);
    let none = Password::empty();

    let signs = KeyType::Ed25519Legacy;
    let (public, secret) = signs.generate(random.rng())?;
    let public =
        PublicPacket::from_inner(PubKeyInner::new(KeyVersion::V4, signs.to_alg(), now, None, public)?)?;
    let primary = SecretPacket::new(public.clone(), secret)?;

    let mut flags = KeyFlags::default();
    flags.set_certify(true);
    flags.set_sign(true);
    let mut features = Features::default();
    features.set_seipd_v1(true);
    let mut says = vec![
        SubpacketData::KeyFlags(flags),
        SubpacketData::Features(features),
        SubpacketData::IsPrimary(true),
        SubpacketData::PreferredSymmetricAlgorithms(
            vec![SymmetricKeyAlgorithm::AES256, SymmetricKeyAlgorithm::AES128].into(),
        ),
        SubpacketData::PreferredHashAlgorithms(vec![HashAlgorithm::Sha512, HashAlgorithm::Sha256].into()),
        SubpacketData::PreferredCompressionAlgorithms(
            vec![CompressionAlgorithm::ZLIB, CompressionAlgorithm::ZIP].into(),
        ),
    ];
    says.extend(lasts());
    let id = UserId::from_str(Default::default(), user_id)?;
    let certification = config(SignatureType::CertPositive, &primary, now, says)?.sign_certification(
        &primary,
        &public,
        &none,
        Tag::UserId,
        &id,
    )?;

    let reads = KeyType::ECDH(ECCCurve::Curve25519Legacy);
    let (sub_public, sub_secret) = reads.generate(random.rng())?;
    let sub_public =
        PublicSubkey::from_inner(PubKeyInner::new(KeyVersion::V4, reads.to_alg(), now, None, sub_public)?)?;
    let subkey = SecretSubkey::new(sub_public.clone(), sub_secret)?;
    let mut flags = KeyFlags::default();
    flags.set_encrypt_comms(true);
    flags.set_encrypt_storage(true);
    let mut says = vec![SubpacketData::KeyFlags(flags)];
    says.extend(lasts());
    let binding: Signature = config(SignatureType::SubkeyBinding, &primary, now, says)?.sign_subkey_binding(
        &primary,
        &public,
        &none,
        &sub_public,
    )?;

    let details = SignedKeyDetails::new(
        Vec::new(),
        Vec::new(),
        vec![SignedUser::new(id, vec![certification])],
        Vec::new(),
    );
    Ok(SignedSecretKey::new(
        primary,
        details,
        Vec::new(),
        vec![SignedSecretSubKey::new(subkey, vec![binding])],
    ))
}
