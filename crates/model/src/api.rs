//! Programs that use the API: who they are and what they may do.

use std::fmt;

use crate::{asset::words, ids::OrganisationId};

/// What a client may do. Every route of the API names the one that it asks for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[allow(missing_docs)] // The words say it.
pub enum Scope {
    FindingsRead,
    FindingsAnswer,
    NotificationsRead,
    RegisterRead,
    RegisterWrite,
    ReportsRead,
    VettingRead,
    VettingWrite,
    CallsRead,
    CallsWrite,
    PolicyRead,
    LedgerRead,
    SourcesRead,
    AuditRead,
    ChangesRead,
    ReportsWrite,
    FindingsWrite,
    PolicyWrite,
    TextsRead,
    TextsWrite,
    AccountsRead,
    AccountsWrite,
    ShiftsRead,
    ShiftsWrite,
    SectorRead,
    OwnWrite,
    MailRead,
    MailWrite,
    BreachesRead,
    BreachesWrite,
    PeopleRead,
    PeopleWrite,
}

words!(
    Scope, "scope",
    FindingsRead "findings:read", FindingsAnswer "findings:answer", NotificationsRead "notifications:read", RegisterRead "register:read",
    RegisterWrite "register:write", ReportsRead "reports:read", VettingRead "vetting:read", VettingWrite "vetting:write",
    CallsRead "calls:read", CallsWrite "calls:write", PolicyRead "policy:read", LedgerRead "ledger:read", SourcesRead "sources:read",
    AuditRead "audit:read", ChangesRead "changes:read", ReportsWrite "reports:write", FindingsWrite "findings:write",
    PolicyWrite "policy:write", TextsRead "texts:read", TextsWrite "texts:write", AccountsRead "accounts:read",
    AccountsWrite "accounts:write", ShiftsRead "shifts:read", ShiftsWrite "shifts:write", SectorRead "sector:read", OwnWrite "own:write", MailRead "mail:read", MailWrite "mail:write",
    BreachesRead "breaches:read", BreachesWrite "breaches:write", PeopleRead "people:read", PeopleWrite "people:write",
);

impl Scope {
    /// May a member's client have it? The rest is the desk's.
    pub fn is_for_members(self) -> bool {
        matches!(
            self,
            Self::FindingsRead
                | Self::FindingsAnswer
                | Self::NotificationsRead
                | Self::RegisterRead
                | Self::ChangesRead
                | Self::ReportsWrite
                | Self::SectorRead
                | Self::OwnWrite
                | Self::PeopleRead
                | Self::PeopleWrite
        )
    }
}

/// Scopes as one text, a space between them, as OAuth writes them (RFC 6749, section 3.3).
pub fn scopes_text(scopes: &[Scope]) -> String {
    scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join(" ")
}

/// Reads [`scopes_text`], sorted and each once; the first word that is none is the error.
pub fn read_scopes(text: &str) -> Result<Vec<Scope>, String> {
    let mut scopes = text.split_ascii_whitespace().map(str::parse).collect::<Result<Vec<Scope>, _>>()?;
    scopes.sort_unstable();
    scopes.dedup();
    Ok(scopes)
}

/// Whose client it is, and so what it can see.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ClientOf {
    /// The desk's own: everything.
    Desk,
    /// A member's: what was told to that organisation.
    Member(OrganisationId),
}

impl fmt::Display for ClientOf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Desk => "desk",
            Self::Member(_) => "member",
        })
    }
}

/// A client of the API.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Client {
    /// Its number.
    pub id: u32,
    /// What it is called.
    pub code: String,
    /// Whose it is.
    pub of: ClientOf,
    /// What it may do, sorted.
    pub scopes: Vec<Scope>,
    /// Requests that it may make in a minute.
    pub per_minute_max: u32,
    /// When it was made, in seconds since 1970.
    pub created_at: i64,
    /// From when on it counts no more.
    pub expires_at: Option<i64>,
    /// When the desk revoked it.
    pub revoked_at: Option<i64>,
}

impl Client {
    /// Does it count at this time?
    pub fn counts_at(&self, now: i64) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|at| now < at)
    }

    /// May it do this?
    pub fn may(&self, scope: Scope) -> bool {
        // A scope that members must not have does not count, whatever the row says.
        self.scopes.contains(&scope) && (self.of == ClientOf::Desk || scope.is_for_members())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_read_as_they_are_written() {
        let all = Scope::ALL.to_vec();
        assert_eq!(read_scopes(&scopes_text(&all)), Ok(all));
        assert_eq!(read_scopes(" audit:read  findings:read audit:read").unwrap().len(), 2);
        assert_eq!(read_scopes(""), Ok(Vec::new()));
        assert!(read_scopes("findings:read everything").unwrap_err().contains("`everything` is no scope"));
    }

    #[test]
    fn a_member_has_no_scope_of_the_desk_even_when_its_row_says_so() {
        let client = |of| Client {
            id: 1,
            code: "x".into(),
            of,
            scopes: Scope::ALL.to_vec(),
            per_minute_max: 1,
            created_at: 0,
            expires_at: Some(10),
            revoked_at: None,
        };
        let member = client(ClientOf::Member(OrganisationId(1)));
        assert!(member.may(Scope::FindingsRead) && !member.may(Scope::AuditRead));
        assert!(!member.may(Scope::RegisterWrite) && client(ClientOf::Desk).may(Scope::AuditRead));
        assert!(member.counts_at(9) && !member.counts_at(10));
        assert!(!Client { revoked_at: Some(1), ..member }.counts_at(0));
    }
}
