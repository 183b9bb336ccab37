//! Who of a member says which people of the member sign in, and what they may be. A trusted contact is appointed by a signed form, so that role is
//! the CERT's to give. A member has one or two administrators, and never loses the last one by what its own people do. Whoever serves a member manages
//! its people too, but neither its administrators nor its trusted contacts.

use schakel_model::account::PortalRole;

use crate::tlp_gate::Circle;

/// A member has this many administrators at most: one, and one for when that one is away.
pub const ADMINISTRATORS_MAX: usize = 2;

/// What somebody wants to do about the account of somebody else of the same member.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Wish {
    /// Give them a new link: all that they signed in by before counts no more.
    InviteAgain,
    /// Say whether they answer or only look.
    ChangeRole,
    /// Keep them from signing in.
    ShutOut,
    /// End where they are signed in.
    EndSessions,
}

/// Why not.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum No {
    /// They can do that about others, not about themselves.
    Yourself,
    /// It concerns a trusted contact: that is for the CERT.
    Trusted,
    /// It concerns an administrator, and whoever wants it only serves the member.
    Administrator,
    /// A member's own people do not give this role.
    Role,
    /// There are as many administrators as there can be.
    Full,
    /// There would be none left.
    LastOne,
    /// They have not set up their account, so they cannot take over.
    NotReady,
}

/// May this be done? `to`: what the other one is; `who`: themselves, or somebody else.
pub fn may(circle: Circle, wish: Wish, who: Whom, to: &[PortalRole]) -> Result<(), No> {
    let (trusted, administrator) =
        (to.contains(&PortalRole::Vcib), to.contains(&PortalRole::MemberAdministrator));
    if who == Whom::Themselves && wish != Wish::EndSessions {
        return Err(No::Yourself);
    }
    if circle != Circle::Concerned {
        return match (trusted, administrator) {
            (true, _) => Err(No::Trusted),
            (_, true) => Err(No::Administrator),
            _ => Ok(()),
        };
    }
    match wish {
        // Whoever has the new link is the trusted contact.
        Wish::InviteAgain | Wish::ChangeRole if trusted => Err(No::Trusted),
        _ => Ok(()),
    }
}

/// Is it about whoever asks?
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Whom {
    /// It is.
    Themselves,
    /// It is not.
    Another,
}

/// What somebody has from now on who was given this role by their own administrator: beside it they stay administrator, when they are.
pub fn with_role(role: PortalRole, before: &[PortalRole]) -> Result<Vec<PortalRole>, No> {
    if !GIVEN.contains(&role) {
        return Err(No::Role);
    }
    let mut roles = vec![role];
    roles.extend(before.iter().filter(|one| **one == PortalRole::MemberAdministrator));
    Ok(roles)
}

/// Roles that an administrator of a member gives.
pub const GIVEN: [PortalRole; 2] = [PortalRole::Acib, PortalRole::Viewer];

/// What becomes of the administration of a member.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Administration {
    /// Somebody becomes administrator beside those there are.
    Add,
    /// Somebody takes it over from whoever asks.
    HandOver,
    /// Whoever asks stops.
    LayDown,
}

/// Somebody of a member, as far as administration goes.
#[derive(Clone, Copy, Debug)]
pub struct Person<'a> {
    /// What they are.
    pub roles: &'a [PortalRole],
    /// Can they sign in: set up, and not shut out?
    pub ready: bool,
}

/// Roles after a change of administration: of whoever asks, and of the other one. `administrators`: how many of the member can sign in.
pub fn administration(
    circle: Circle,
    change: Administration,
    administrators: usize,
    (asks, other): (Person<'_>, Person<'_>),
) -> Result<(Vec<PortalRole>, Vec<PortalRole>), No> {
    match change {
        _ if circle != Circle::Concerned => Err(No::Administrator),
        Administration::Add | Administration::HandOver if !other.ready => Err(No::NotReady),
        Administration::Add if administrators >= ADMINISTRATORS_MAX => Err(No::Full),
        Administration::Add => Ok((asks.roles.to_vec(), with_administration(other.roles))),
        Administration::HandOver => {
            Ok((without_administration(asks.roles), with_administration(other.roles)))
        }
        Administration::LayDown if administrators < 2 => Err(No::LastOne),
        Administration::LayDown => Ok((without_administration(asks.roles), other.roles.to_vec())),
    }
}

fn with_administration(roles: &[PortalRole]) -> Vec<PortalRole> {
    let mut roles: Vec<_> = roles.to_vec();
    if !roles.contains(&PortalRole::MemberAdministrator) {
        roles.push(PortalRole::MemberAdministrator);
    }
    roles
}

/// Whoever was nothing else goes on as one who looks.
fn without_administration(roles: &[PortalRole]) -> Vec<PortalRole> {
    let mut left: Vec<_> =
        roles.iter().copied().filter(|role| *role != PortalRole::MemberAdministrator).collect();
    if left.is_empty() {
        left.push(PortalRole::Viewer);
    }
    left
}

#[cfg(test)]
mod tests {
    use PortalRole::{Acib, MemberAdministrator as Admin, Vcib, Viewer};

    use super::*;

    #[test]
    fn who_may_do_what_about_whose_account() {
        use Circle::{Concerned, Serves};
        use Whom::{Another, Themselves};
        use Wish::{ChangeRole, EndSessions, InviteAgain, ShutOut};
        type Case<'a> = (Circle, Wish, Whom, &'a [PortalRole], Result<(), No>);
        let cases: &[Case<'_>] = &[
            (Concerned, InviteAgain, Another, &[Viewer], Ok(())),
            (Concerned, InviteAgain, Another, &[Admin], Ok(())),
            (Concerned, InviteAgain, Another, &[Vcib], Err(No::Trusted)),
            (Concerned, InviteAgain, Another, &[Acib, Vcib], Err(No::Trusted)),
            (Concerned, ChangeRole, Another, &[Vcib], Err(No::Trusted)),
            (Concerned, ChangeRole, Themselves, &[Acib], Err(No::Yourself)),
            (Concerned, ShutOut, Another, &[Vcib], Ok(())),
            (Concerned, ShutOut, Themselves, &[Admin], Err(No::Yourself)),
            (Concerned, EndSessions, Themselves, &[Admin], Ok(())),
            (Serves, InviteAgain, Another, &[Acib], Ok(())),
            (Serves, ShutOut, Another, &[Admin, Acib], Err(No::Administrator)),
            (Serves, EndSessions, Another, &[Vcib], Err(No::Trusted)),
            (Serves, ShutOut, Another, &[Viewer], Ok(())),
        ];
        for (circle, wish, who, to, expected) in cases {
            assert_eq!(may(*circle, *wish, *who, to), *expected, "{circle:?} {wish:?} {who:?} {to:?}");
        }
    }

    #[test]
    fn an_administrator_gives_no_role_of_trust() {
        for role in PortalRole::ALL {
            let given = with_role(*role, &[Viewer, Admin]);
            match role {
                Acib | Viewer => assert_eq!(given, Ok(vec![*role, Admin])),
                _ => assert_eq!(given, Err(No::Role), "{role}"),
            }
        }
        assert_eq!(with_role(Acib, &[Vcib]), Ok(vec![Acib]), "`may` keeps this from a trusted contact");
    }

    #[test]
    fn there_are_two_administrators_at_most_and_always_one() {
        use Administration::{Add, HandOver, LayDown};
        use Circle::{Concerned, Serves};
        let asks = Person { roles: &[Admin], ready: true };
        let other = |roles| Person { roles, ready: true };
        let of = |circle, change, count, one| administration(circle, change, count, (asks, one));
        assert_eq!(of(Concerned, Add, 1, other(&[Vcib])), Ok((vec![Admin], vec![Vcib, Admin])));
        assert_eq!(of(Concerned, Add, 2, other(&[Vcib])), Err(No::Full));
        assert_eq!(of(Concerned, HandOver, 2, other(&[Acib])), Ok((vec![Viewer], vec![Acib, Admin])));
        assert_eq!(of(Concerned, HandOver, 1, other(&[Admin])), Ok((vec![Viewer], vec![Admin])));
        assert_eq!(of(Concerned, LayDown, 1, asks), Err(No::LastOne));
        assert_eq!(of(Concerned, LayDown, 2, other(&[Admin])), Ok((vec![Viewer], vec![Admin])));
        let new = Person { roles: &[Acib], ready: false };
        assert_eq!(of(Concerned, Add, 1, new), Err(No::NotReady));
        assert_eq!(of(Concerned, HandOver, 1, new), Err(No::NotReady));
        assert_eq!(of(Serves, Add, 1, other(&[Acib])), Err(No::Administrator));
    }
}
