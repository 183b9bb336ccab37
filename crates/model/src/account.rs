//! People who sign in to the portal, and what they are there.

use std::fmt;

use crate::{asset::words, ids::AccountId, language::Language};

/// What somebody is in the portal. Somebody can be several of these, of one of the two sides.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum PortalRole {
    /// Desk: works on findings, answers, reports.
    Handler,
    /// Desk: also decides what others may not decide alone.
    Coordinator,
    /// Desk: keeps the register.
    RegisterDesk,
    /// Desk: writes texts, rules and campaigns.
    Editor,
    /// Desk: sees figures.
    Manager,
    /// Desk: sees everything, changes nothing.
    Auditor,
    /// Desk: accounts, settings and health; no content of cases.
    Administrator,
    /// Member: its general contact. Learns that something confidential waits, not what.
    Acib,
    /// Member: its trusted contact.
    Vcib,
    /// Member: sees what is not confidential.
    Viewer,
    /// Member: says who of the member signs in.
    MemberAdministrator,
}

words!(
    PortalRole, "role in the portal",
    Handler "handler", Coordinator "coordinator", RegisterDesk "register_desk", Editor "editor", Manager "manager",
    Auditor "auditor", Administrator "administrator", Acib "acib", Vcib "vcib", Viewer "viewer",
    MemberAdministrator "member_administrator",
);

impl PortalRole {
    /// Is it a role of the desk, rather than of a member?
    pub fn is_of_desk(self) -> bool {
        !matches!(self, Self::Acib | Self::Vcib | Self::Viewer | Self::MemberAdministrator)
    }
}

/// Somebody who signs in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Account {
    /// Its number.
    pub id: AccountId,
    /// The name they sign in with. Of the desk it is also the name they act under.
    pub name: String,
    /// The name that people know.
    pub display_name: String,
    /// The code of their organisation; empty: the desk.
    pub organisation: String,
    /// What they are.
    pub roles: Vec<PortalRole>,
    /// In which language they read.
    pub language: Language,
    /// Since when they may not sign in any more, in seconds since 1970.
    pub disabled_at: Option<i64>,
}

impl Account {
    /// Are they of the desk?
    pub fn is_of_desk(&self) -> bool {
        self.organisation.is_empty()
    }
}
