//! Who may do what in the portal. Every page and action asks for one right; this table says which roles have it.

use schakel_model::account::PortalRole;

/// What a page or action asks for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Right {
    /// To be signed in: one's own account and sessions.
    SignedIn,
    /// The desk's first page and the health of feeds: counts, no content.
    SeeDesk,
    /// Findings, reports, answers, calls: the content of cases.
    SeeCases,
    /// To work on them.
    ActOnCases,
    /// What two people decide together, and what others have escalated.
    Decide,
    /// Organisations, assets, contacts.
    SeeRegister,
    /// To change them.
    ChangeRegister,
    /// Policy, texts, campaigns.
    SeeRules,
    /// To change them.
    ChangeRules,
    /// Figures of the sector and the ledger.
    SeeFigures,
    /// The audit log.
    SeeAudit,
    /// Accounts of the desk and of members.
    ManageAccounts,
    /// A member's own: what was told to it and what it said.
    SeeOwn,
    /// What of that is confidential.
    SeeOwnConfidential,
    /// To answer.
    AnswerOwn,
    /// To say what is theirs and who their contacts are.
    ChangeOwn,
    /// Accounts of the member.
    ManageOwnAccounts,
}

impl Right {
    /// Every right.
    pub const ALL: [Self; 17] = [
        Self::SignedIn,
        Self::SeeDesk,
        Self::SeeCases,
        Self::ActOnCases,
        Self::Decide,
        Self::SeeRegister,
        Self::ChangeRegister,
        Self::SeeRules,
        Self::ChangeRules,
        Self::SeeFigures,
        Self::SeeAudit,
        Self::ManageAccounts,
        Self::SeeOwn,
        Self::SeeOwnConfidential,
        Self::AnswerOwn,
        Self::ChangeOwn,
        Self::ManageOwnAccounts,
    ];

    /// As pages name it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SignedIn => "signed_in",
            Self::SeeDesk => "see_desk",
            Self::SeeCases => "see_cases",
            Self::ActOnCases => "act_on_cases",
            Self::Decide => "decide",
            Self::SeeRegister => "see_register",
            Self::ChangeRegister => "change_register",
            Self::SeeRules => "see_rules",
            Self::ChangeRules => "change_rules",
            Self::SeeFigures => "see_figures",
            Self::SeeAudit => "see_audit",
            Self::ManageAccounts => "manage_accounts",
            Self::SeeOwn => "see_own",
            Self::SeeOwnConfidential => "see_own_confidential",
            Self::AnswerOwn => "answer_own",
            Self::ChangeOwn => "change_own",
            Self::ManageOwnAccounts => "manage_own_accounts",
        }
    }
}

/// Does somebody with these roles have this right?
pub fn may(roles: &[PortalRole], right: Right) -> bool {
    roles.iter().any(|role| grants(*role, right))
}

fn grants(role: PortalRole, right: Right) -> bool {
    use PortalRole as R;
    match right {
        Right::SignedIn => true,
        Right::SeeDesk => role.is_of_desk(),
        Right::SeeCases => {
            matches!(role, R::Handler | R::Coordinator | R::RegisterDesk | R::Editor | R::Auditor)
        }
        Right::ActOnCases => matches!(role, R::Handler | R::Coordinator),
        Right::Decide => role == R::Coordinator,
        // An administrator has to see whose account it is, and a manager whose figures; neither sees a case by it.
        Right::SeeRegister => role.is_of_desk(),
        Right::ChangeRegister => matches!(role, R::RegisterDesk | R::Coordinator),
        Right::SeeRules => role.is_of_desk() && role != R::Administrator,
        Right::ChangeRules => matches!(role, R::Editor | R::Coordinator),
        Right::SeeFigures => role.is_of_desk() && role != R::Administrator,
        Right::SeeAudit => matches!(role, R::Auditor | R::Administrator | R::Coordinator),
        Right::ManageAccounts => role == R::Administrator,
        Right::SeeOwn => !role.is_of_desk(),
        Right::SeeOwnConfidential => role == R::Vcib,
        Right::AnswerOwn => matches!(role, R::Acib | R::Vcib),
        Right::ChangeOwn => matches!(role, R::Acib | R::Vcib),
        Right::ManageOwnAccounts => role == R::MemberAdministrator,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_has_no_right_of_the_desk_and_the_desk_none_of_a_member() {
        for role in PortalRole::ALL {
            for right in Right::ALL {
                let of_member = matches!(
                    right,
                    Right::SeeOwn
                        | Right::SeeOwnConfidential
                        | Right::AnswerOwn
                        | Right::ChangeOwn
                        | Right::ManageOwnAccounts
                );
                if right != Right::SignedIn && may(&[*role], right) {
                    assert_eq!(of_member, !role.is_of_desk(), "{role} {right:?}");
                }
            }
        }
    }

    #[test]
    fn an_administrator_sees_no_case_and_an_auditor_changes_nothing() {
        assert!(!may(&[PortalRole::Administrator], Right::SeeCases));
        for right in [
            Right::ActOnCases,
            Right::Decide,
            Right::ChangeRegister,
            Right::ChangeRules,
            Right::ManageAccounts,
        ] {
            assert!(!may(&[PortalRole::Auditor], right), "{right:?}");
        }
        assert!(may(&[PortalRole::Auditor, PortalRole::Handler], Right::ActOnCases), "roles add up");
        assert!(!may(&[], Right::SignedIn), "nobody is nobody");
    }

    #[test]
    fn every_right_is_somebodys() {
        for right in Right::ALL {
            assert!(PortalRole::ALL.iter().any(|role| may(&[*role], right)), "{right:?}");
        }
    }
}
