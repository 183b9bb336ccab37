//! The rows of the register's files.

use std::{collections::HashMap, sync::Arc};

use foldhash::fast::FixedState;
use schakel_model::{
    asset::{Asset, AssetFlags, AssetValue, Proof, Role},
    ids::{AssetId, ContactId, OrganisationId, RelationId},
    language::Language,
    register::{Contact, ContactRole, Organisation, OrganisationKind, Register},
    relation::{Mandate, Relation, RelationKind},
    tlp::Tlp,
};

/// A row of `organisations.csv`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OrganisationRow {
    /// Its public identifier (`id`).
    pub code: Arc<str>,
    /// Its name.
    pub name: String,
    /// What kind it is.
    pub kind: OrganisationKind,
    /// The code of the organisation it belongs to.
    pub parent: Option<Arc<str>>,
    /// The language it is written to in.
    pub language: Language,
}

/// A row of `assets.csv`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AssetRow {
    /// The code of the organisation.
    pub organisation: Arc<str>,
    /// Kind and value, normalised.
    pub value: AssetValue,
    /// In which role.
    pub role: Role,
    /// From when, inclusive, in seconds since 1970; `None` is open.
    pub valid_from: Option<i64>,
    /// Until when, exclusive, in seconds since 1970; `None` is open.
    pub valid_until: Option<i64>,
    /// How sure.
    pub proof: Proof,
    /// What else holds.
    pub flags: AssetFlags,
    /// A remark of the desk.
    pub note: String,
}

/// A row of `contacts.csv`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ContactRow {
    /// The code of the organisation.
    pub organisation: Arc<str>,
    /// As what.
    pub role: ContactRole,
    /// Name of the person or the mailbox.
    pub name: String,
    /// Mail address; empty when there is none.
    pub email: String,
    /// Telephone number; empty when there is none.
    pub phone: String,
    /// The language they are written to in.
    pub language: Language,
    /// The highest marking they may receive.
    pub tlp_max: Tlp,
    /// Their place among those with the same role (`order`), the lowest first.
    pub position: u16,
    /// From when, inclusive, in seconds since 1970; `None` is open.
    pub valid_from: Option<i64>,
    /// Until when, exclusive, in seconds since 1970; `None` is open.
    pub valid_until: Option<i64>,
}

/// A row of `relations.csv`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RelationRow {
    /// The code of the organisation that serves, supplies, takes part or merges.
    pub from: Arc<str>,
    /// Of which kind.
    pub kind: RelationKind,
    /// The code of the organisation that is served, supplied, taken part in or merged into.
    pub to: Arc<str>,
    /// Of a supplier: what it hears.
    pub mandate: Mandate,
    /// Of a supplier: may its systems be scanned.
    pub scan_consent: bool,
    /// From when, inclusive, in seconds since 1970; `None` is open.
    pub valid_from: Option<i64>,
    /// Until when, exclusive, in seconds since 1970; `None` is open.
    pub valid_until: Option<i64>,
    /// A remark of the desk.
    pub note: String,
}

/// What makes two rows the same asset: organisation, value with its kind, role, and when it begins.
pub type AssetKey<'a> = (&'a str, &'a AssetValue, Role, Option<i64>);

/// What makes two rows the same contact: organisation, role, the mail address, else the name, and when it begins: somebody can
/// leave and come back.
pub type ContactKey<'a> = (&'a str, ContactRole, &'a str, Option<i64>);

/// What makes two rows the same relation: from, kind, to, and when it begins.
pub type RelationKey<'a> = (&'a str, RelationKind, &'a str, Option<i64>);

impl RelationRow {
    /// What makes it this relation and no other.
    pub fn key(&self) -> RelationKey<'_> {
        (&self.from, self.kind, &self.to, self.valid_from)
    }
}

impl AssetRow {
    /// What makes it this asset and no other.
    pub fn key(&self) -> AssetKey<'_> {
        (&self.organisation, &self.value, self.role, self.valid_from)
    }
}

impl ContactRow {
    /// What makes it this contact and no other.
    pub fn key(&self) -> ContactKey<'_> {
        let who = if self.email.is_empty() { &self.name } else { &self.email };
        (&self.organisation, self.role, who, self.valid_from)
    }
}

// Rows name organisations by their code; whoever makes values of them says the numbers.

impl OrganisationRow {
    /// The organisation, with this number.
    pub fn organisation(&self, id: OrganisationId) -> Organisation {
        Organisation {
            id,
            code: self.code.to_string(),
            name: self.name.clone(),
            kind: self.kind,
            parent: self.parent.as_deref().map(str::to_owned),
            language: self.language,
        }
    }
}

impl AssetRow {
    /// The asset, with these numbers.
    pub fn asset(&self, id: AssetId, organisation: OrganisationId) -> Asset {
        Asset {
            id,
            organisation,
            value: self.value.clone(),
            role: self.role,
            valid_from: self.valid_from,
            valid_until: self.valid_until,
            proof: self.proof,
            flags: self.flags,
            note: self.note.clone(),
        }
    }
}

impl ContactRow {
    /// The contact, with these numbers.
    pub fn contact(&self, id: ContactId, organisation: OrganisationId) -> Contact {
        Contact {
            id,
            organisation,
            role: self.role,
            name: self.name.clone(),
            email: self.email.clone(),
            phone: self.phone.clone(),
            language: self.language,
            tlp_max: self.tlp_max,
            position: self.position,
            valid_from: self.valid_from,
            valid_until: self.valid_until,
        }
    }
}

impl RelationRow {
    /// The relation, with these numbers.
    pub fn relation(&self, id: RelationId, from: OrganisationId, to: OrganisationId) -> Relation {
        Relation {
            id,
            from,
            kind: self.kind,
            to,
            mandate: self.mandate,
            scan_consent: self.scan_consent,
            valid_from: self.valid_from,
            valid_until: self.valid_until,
            note: self.note.clone(),
        }
    }
}

/// The register by its rows, in the order of the files.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct RegisterFiles {
    /// `organisations.csv`.
    pub organisations: Vec<OrganisationRow>,
    /// `assets.csv`.
    pub assets: Vec<AssetRow>,
    /// `contacts.csv`.
    pub contacts: Vec<ContactRow>,
    /// `relations.csv`.
    pub relations: Vec<RelationRow>,
}

impl RegisterFiles {
    /// The rows of what stands. What belongs to no organisation of the register is left out.
    pub fn of(register: &Register) -> Self {
        let mut codes: HashMap<OrganisationId, Arc<str>, FixedState> = HashMap::default();
        let mut organisations = Vec::with_capacity(register.organisations.len());
        for organisation in &register.organisations {
            let code: Arc<str> = organisation.code.as_str().into();
            codes.insert(organisation.id, Arc::clone(&code));
            organisations.push(OrganisationRow {
                code,
                name: organisation.name.clone(),
                kind: organisation.kind,
                parent: organisation.parent.as_deref().map(Arc::from),
                language: organisation.language,
            });
        }
        let assets = register.assets.iter().filter_map(|asset| {
            Some(AssetRow {
                organisation: Arc::clone(codes.get(&asset.organisation)?),
                value: asset.value.clone(),
                role: asset.role,
                valid_from: asset.valid_from,
                valid_until: asset.valid_until,
                proof: asset.proof,
                flags: asset.flags,
                note: asset.note.clone(),
            })
        });
        let contacts = register.contacts.iter().filter_map(|contact| {
            Some(ContactRow {
                organisation: Arc::clone(codes.get(&contact.organisation)?),
                role: contact.role,
                name: contact.name.clone(),
                email: contact.email.clone(),
                phone: contact.phone.clone(),
                language: contact.language,
                tlp_max: contact.tlp_max,
                position: contact.position,
                valid_from: contact.valid_from,
                valid_until: contact.valid_until,
            })
        });
        let relations = register.relations.iter().filter_map(|relation| {
            Some(RelationRow {
                from: Arc::clone(codes.get(&relation.from)?),
                kind: relation.kind,
                to: Arc::clone(codes.get(&relation.to)?),
                mandate: relation.mandate,
                scan_consent: relation.scan_consent,
                valid_from: relation.valid_from,
                valid_until: relation.valid_until,
                note: relation.note.clone(),
            })
        });
        Self {
            assets: assets.collect(),
            contacts: contacts.collect(),
            relations: relations.collect(),
            organisations,
        }
    }
}
