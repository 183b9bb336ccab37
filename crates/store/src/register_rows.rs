//! The rows of the register as they stand in its tables, and as they are in the program. The constants are what is selected, in the order
//! in which the function beside each reads it.

use rusqlite::{Row, types::Type};
use schakel_model::{
    asset::{Asset, AssetFlags, AssetKind, AssetValue},
    ids::{AssetId, ContactId, OrganisationId, RelationId},
    register::{Contact, Organisation},
    relation::Relation,
    tlp::Tlp,
};

const DYNAMIC: u8 = 1;
const SHARED_HOSTING: u8 = 2;
const EXCLUDED: u8 = 4;

/// Which rows stood at a version `?1`.
pub(crate) const RECORDED: &str = "recorded_in <= ?1 AND (withdrawn_in IS NULL OR withdrawn_in > ?1)";

pub(crate) const ORGANISATION: &str = "o.id, o.code, s.name, s.kind, s.parent, s.language
     FROM organisation_state s JOIN organisation o ON o.id = s.organisation";

pub(crate) fn organisation_of(row: &Row<'_>) -> rusqlite::Result<Organisation> {
    Ok(Organisation {
        id: OrganisationId(row.get(0)?),
        code: row.get(1)?,
        name: row.get(2)?,
        kind: word(row, 3)?,
        parent: row.get(4)?,
        language: word(row, 5)?,
    })
}

pub(crate) const ASSET: &str =
    "id, organisation, kind, value, role, valid_from, valid_until, proof, flags, note FROM asset";

pub(crate) fn asset_of(row: &Row<'_>) -> rusqlite::Result<Asset> {
    let flags: u8 = row.get(8)?;
    Ok(Asset {
        id: AssetId(row.get(0)?),
        organisation: OrganisationId(row.get(1)?),
        value: value(word(row, 2)?, row.get(3)?).ok_or_else(|| wrong_word(3, "value of an asset"))?,
        role: word(row, 4)?,
        valid_from: row.get(5)?,
        valid_until: row.get(6)?,
        proof: word(row, 7)?,
        flags: AssetFlags {
            dynamic: flags & DYNAMIC != 0,
            shared_hosting: flags & SHARED_HOSTING != 0,
            excluded: flags & EXCLUDED != 0,
        },
        note: row.get(9)?,
    })
}

/// The flags of an asset as they are stored.
pub(crate) fn flags_of(flags: AssetFlags) -> u8 {
    (u8::from(flags.dynamic) * DYNAMIC)
        | (u8::from(flags.shared_hosting) * SHARED_HOSTING)
        | (u8::from(flags.excluded) * EXCLUDED)
}

pub(crate) const CONTACT: &str = "organisation, role, name, email, phone, language, tlp_max, id, position, valid_from, valid_until FROM contact";

pub(crate) fn contact_of(row: &Row<'_>) -> rusqlite::Result<Contact> {
    let tlp: u8 = row.get(6)?;
    Ok(Contact {
        id: ContactId(row.get(7)?),
        organisation: OrganisationId(row.get(0)?),
        role: word(row, 1)?,
        name: row.get(2)?,
        email: row.get(3)?,
        phone: row.get(4)?,
        language: word(row, 5)?,
        tlp_max: Tlp::ALL.get(usize::from(tlp)).copied().unwrap_or(Tlp::Clear),
        position: row.get(8)?,
        valid_from: row.get(9)?,
        valid_until: row.get(10)?,
    })
}

pub(crate) const RELATION: &str = "id, from_organisation, kind, to_organisation, mandate, scan_consent, valid_from, valid_until, note FROM relation";

pub(crate) fn relation_of(row: &Row<'_>) -> rusqlite::Result<Relation> {
    Ok(Relation {
        id: RelationId(row.get(0)?),
        from: OrganisationId(row.get(1)?),
        kind: word(row, 2)?,
        to: OrganisationId(row.get(3)?),
        mandate: word(row, 4)?,
        scan_consent: row.get(5)?,
        valid_from: row.get(6)?,
        valid_until: row.get(7)?,
        note: row.get(8)?,
    })
}

pub(crate) fn word<T: std::str::FromStr>(row: &Row<'_>, column: usize) -> rusqlite::Result<T> {
    let text = row.get_ref(column)?.as_str()?;
    text.parse().map_err(|_| wrong_word(column, text))
}

pub(crate) fn wrong_word(column: usize, text: &str) -> rusqlite::Error {
    let error = format!("the register holds `{text}`, which this program does not know");
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, error.into())
}

/// The value from its kind and its text as [`AssetValue`] displays it.
pub(crate) fn value(kind: AssetKind, text: String) -> Option<AssetValue> {
    Some(match kind {
        AssetKind::Prefix => AssetValue::Prefix(text.parse().ok()?),
        AssetKind::Address => AssetValue::Address(text.parse().ok()?),
        AssetKind::Asn => AssetValue::Asn(text.strip_prefix("AS")?.parse().ok()?),
        AssetKind::Domain => AssetValue::Domain(text),
        AssetKind::Hostname => AssetValue::Hostname(text),
        AssetKind::Url => AssetValue::Url(text),
        AssetKind::MailDomain => AssetValue::MailDomain(text),
        AssetKind::Country => AssetValue::Country(text.as_bytes().try_into().ok()?),
        AssetKind::RipeHandle => AssetValue::RipeHandle(text),
        AssetKind::Product => AssetValue::Product(text),
    })
}

/// Rows that tests record.
#[cfg(test)]
pub(crate) mod examples {
    use schakel_model::{
        language::Language,
        register::{ContactRole, OrganisationKind},
    };

    use super::*;

    pub(crate) fn organisation(code: &str, name: &str) -> Organisation {
        Organisation {
            id: OrganisationId(0),
            code: code.to_owned(),
            name: name.to_owned(),
            kind: OrganisationKind::Municipality,
            parent: None,
            language: Language::Nl,
        }
    }

    pub(crate) fn vcib() -> Contact {
        Contact {
            id: ContactId(1),
            organisation: OrganisationId(1),
            role: ContactRole::Vcib,
            name: "V".to_owned(),
            email: "v@a.example".to_owned(),
            phone: String::new(),
            language: Language::En,
            tlp_max: Tlp::Red,
            position: 2,
            valid_from: None,
            valid_until: Some(9),
        }
    }
}
