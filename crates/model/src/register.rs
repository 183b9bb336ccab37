//! The register: organisations, what they own, whom to tell.

use std::fmt;

use crate::{
    announced::Announced,
    asset::{Asset, holds_at, words},
    ids::{ContactId, OrganisationId, RegisterVersion},
    language::Language,
    relation::Relation,
    tlp::Tlp,
};

/// The kind of organisation.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[allow(missing_docs)]
pub enum OrganisationKind {
    Municipality,
    ItPartnership,
    TaxPartnership,
    SocialService,
    JointArrangement,
    Supplier,
    Provider,
    Province,
    WaterBoard,
    CentralGovernment,
    Authority,
    Hub,
}

words!(
    OrganisationKind, "kind of organisation",
    Municipality "municipality", ItPartnership "it_partnership", TaxPartnership "tax_partnership",
    SocialService "social_service", JointArrangement "joint_arrangement", Supplier "supplier", Provider "provider",
    Province "province", WaterBoard "water_board", CentralGovernment "central_government", Authority "authority",
    Hub "hub",
);

/// An organisation.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Organisation {
    /// Its number in this installation.
    pub id: OrganisationId,
    /// Its public identifier (`id` in `organisations.csv`), for example `GM0513`.
    pub code: String,
    /// Its name.
    pub name: String,
    /// What kind it is.
    pub kind: OrganisationKind,
    /// The code of the organisation it belongs to, if any.
    pub parent: Option<String>,
    /// The language it is written to in.
    pub language: Language,
}

/// In which role a contact is reached.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum ContactRole {
    /// Algemene Contactpersoon Informatiebeveiliging: nothing confidential.
    Acib,
    /// Vertrouwde Contactpersoon: the only one for confidential information.
    Vcib,
    /// Where findings go.
    Findings,
    /// The weekly overview of everything sent.
    Weekly,
    /// Chief information security officer.
    Ciso,
    /// Data protection officer (functionaris gegevensbescherming).
    Fg,
    /// The 24/7 number.
    Duty,
    /// Communication.
    Communication,
    /// Municipal secretary.
    Secretary,
    /// Mayor.
    Mayor,
}

words!(
    ContactRole, "role of a contact",
    Acib "acib", Vcib "vcib", Findings "findings", Weekly "weekly", Ciso "ciso", Fg "fg", Duty "duty",
    Communication "communication", Secretary "secretary", Mayor "mayor",
);

/// Somebody at an organisation who may be told something.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Contact {
    /// Its number in the register.
    pub id: ContactId,
    /// Where they work.
    pub organisation: OrganisationId,
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
    /// Their place among those with the same role, the lowest first.
    pub position: u16,
    /// From when, inclusive, in seconds since 1970; `None` is open.
    pub valid_from: Option<i64>,
    /// Until when, exclusive, in seconds since 1970; `None` is open.
    pub valid_until: Option<i64>,
}

impl Contact {
    /// Do they have this role at this time (seconds since 1970)?
    pub fn valid_at(&self, at: i64) -> bool {
        holds_at(self.valid_from, self.valid_until, at)
    }
}

/// The register as it is recorded at one version.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Register {
    /// Which state this is.
    pub version: RegisterVersion,
    /// Organisations, sorted by id.
    pub organisations: Vec<Organisation>,
    /// Assets, sorted by id.
    pub assets: Vec<Asset>,
    /// Contacts: by organisation, role and position.
    pub contacts: Vec<Contact>,
    /// Relations, sorted by id.
    pub relations: Vec<Relation>,
    /// Prefixes that AS numbers and RIPE handles among the assets stand for.
    pub announced: Announced,
}

impl Register {
    /// The organisation with this number.
    pub fn organisation(&self, id: OrganisationId) -> Option<&Organisation> {
        self.organisations
            .binary_search_by_key(&id, |organisation| organisation.id)
            .ok()
            .map(|at| &self.organisations[at])
    }
}
