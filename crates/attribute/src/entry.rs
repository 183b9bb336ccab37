//! What a table says of one asset: who, in which role, when, how sure. Twenty bytes, because there may be millions.

use schakel_model::{
    asset::{Asset, AssetKind, Proof, Role},
    ids::{AssetId, OrganisationId},
};

/// One asset in a table.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Entry {
    pub organisation: OrganisationId,
    pub asset: AssetId,
    /// Seconds since 1970, inclusive.
    from: u32,
    /// Seconds since 1970, exclusive; [`OPEN`] has no end.
    until: u32,
    bits: u32,
}

const OPEN: u32 = u32::MAX;
const ROLE: u32 = 0b11;
const PROVEN: u32 = 1 << 2;
const EXCLUDED: u32 = 1 << 3;
const SHARED_HOSTING: u32 = 1 << 4;
const KIND: u32 = 5;

impl Entry {
    pub fn of(asset: &Asset) -> Self {
        let mut bits = asset.role as u32 | (kind_code(asset.value.kind()) << KIND);
        for (holds, bit) in [
            (asset.proof != Proof::Asserted, PROVEN),
            (asset.flags.excluded, EXCLUDED),
            (asset.flags.shared_hosting, SHARED_HOSTING),
        ] {
            bits |= if holds { bit } else { 0 };
        }
        let mut entry = Self {
            organisation: asset.organisation,
            asset: asset.id,
            from: asset.valid_from.map_or(0, clamp),
            until: asset.valid_until.map_or(OPEN, clamp),
            bits,
        };
        if asset.valid_from.is_some_and(|from| from > i64::from(u32::MAX)) {
            entry.until = 0; // Begins after the last time an observation can have.
        }
        entry
    }

    pub fn valid_at(&self, at: u32) -> bool {
        self.from <= at && (at < self.until || self.until == OPEN)
    }

    pub fn role(&self) -> Role {
        Role::ALL[(self.bits & ROLE) as usize]
    }

    pub fn proven(&self) -> bool {
        self.bits & PROVEN != 0
    }

    pub fn excluded(&self) -> bool {
        self.bits & EXCLUDED != 0
    }

    pub fn shared_hosting(&self) -> bool {
        self.bits & SHARED_HOSTING != 0
    }

    pub fn is(&self, kind: AssetKind) -> bool {
        self.bits >> KIND == kind_code(kind)
    }

    pub fn kind(&self) -> AssetKind {
        AssetKind::ALL[(self.bits >> KIND) as usize]
    }
}

fn kind_code(kind: AssetKind) -> u32 {
    kind as u32
}

/// Times outside what an observation can have are as good as the nearest one.
fn clamp(seconds: i64) -> u32 {
    u32::try_from(seconds.max(0)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use schakel_model::asset::{AssetFlags, AssetValue};

    use super::*;

    #[test]
    fn an_entry_is_twenty_bytes_and_says_what_the_asset_says() {
        assert_eq!(size_of::<Entry>(), 20);
        assert!(Role::ALL.len() <= ROLE as usize + 1);
        for (at, role) in Role::ALL.iter().enumerate() {
            assert_eq!(*role as usize, at);
        }
        for (at, kind) in AssetKind::ALL.iter().enumerate() {
            assert_eq!(kind_code(*kind) as usize, at);
        }
        let mut asset = Asset {
            id: AssetId(7),
            organisation: OrganisationId(3),
            value: AssetValue::Address(IpAddr::from([192, 0, 2, 1])),
            role: Role::Supplier,
            valid_from: Some(100),
            valid_until: Some(200),
            proof: Proof::Dns,
            flags: AssetFlags { dynamic: false, shared_hosting: true, excluded: false },
            note: String::new(),
        };
        let entry = Entry::of(&asset);
        assert_eq!((entry.role(), entry.proven(), entry.excluded()), (Role::Supplier, true, false));
        assert!(entry.shared_hosting() && entry.is(AssetKind::Address) && entry.kind() == AssetKind::Address);
        for (from, until) in [
            (None, None),
            (Some(100), Some(200)),
            (Some(100), Some(100)),
            (Some(-5), None),
            (None, Some(-5)),
            (None, Some(0)),
            (Some(i64::from(u32::MAX) + 1), None),
            (None, Some(i64::MAX)),
            (Some(i64::MIN), Some(i64::MAX)),
        ] {
            (asset.valid_from, asset.valid_until) = (from, until);
            for at in [0, 99, 100, 199, 200, u32::MAX] {
                assert_eq!(
                    Entry::of(&asset).valid_at(at),
                    asset.valid_at(i64::from(at)),
                    "{from:?} {until:?} {at}"
                );
            }
        }
    }
}
