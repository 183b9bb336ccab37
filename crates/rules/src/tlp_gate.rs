//! The one place where a message meets a recipient: may this reader see something with these terms? (TLP 2.0, FIRST,
//! <https://www.first.org/tlp/>)
//!
//! Nothing leaves without a [`Pass`], and only [`gate`] makes one. Whom to write to is decided elsewhere; this module says no.

use std::fmt;

use schakel_model::{
    ids::OrganisationId,
    register::{Contact, ContactRole},
    relation::{Relation, RelationKind},
    tlp::{Terms, Tlp},
};

use crate::{mailbox::is_shared, merger::Successors};

/// How whoever reads stands to the organisation that it is about.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Circle {
    /// The organisation itself, or whoever has taken its place. Also a supplier, when it is told of what the register says it runs.
    Concerned,
    /// One that serves it or is served by it, by a relation in the register.
    Serves,
    /// One that supplies it, by a relation in the register.
    Supplier,
    /// Another of those we work with: a member, the organisation it belongs to, somebody who reports to us.
    Member,
    /// Another hub.
    Hub,
    /// Whoever the outside world names for an address or a name that is nobody's: a provider, an abuse desk.
    Provider,
    /// It has what the message takes back, and hears nothing more of it.
    Has,
}

impl Circle {
    /// Every circle.
    pub const ALL: [Self; 7] =
        [Self::Concerned, Self::Serves, Self::Supplier, Self::Member, Self::Hub, Self::Provider, Self::Has];

    /// The highest marking that reaches it. TLP:AMBER is for an organisation and its clients; a supplier and a parent are neither. For what is
    /// nobody's, whoever holds the address is the organisation concerned as far as anybody knows, but no single organisation: TLP:AMBER+STRICT
    /// names one.
    pub fn marking_max(self) -> Tlp {
        match self {
            Self::Concerned | Self::Has => Tlp::Red,
            Self::Serves | Self::Provider => Tlp::Amber,
            Self::Supplier | Self::Member | Self::Hub => Tlp::Green,
        }
    }
}

/// How an organisation that would read something stands to the organisation concerned, at this time (seconds since 1970).
pub fn circle(relations: &[Relation], concerned: OrganisationId, reader: OrganisationId, at: i64) -> Circle {
    if reader == concerned || Successors::of(relations).at(concerned, at) == reader {
        return Circle::Concerned;
    }
    let between = |relation: &&Relation| {
        let ends = (relation.from, relation.to);
        relation.valid_at(at) && (ends == (reader, concerned) || ends == (concerned, reader))
    };
    let circles = relations.iter().filter(between).filter_map(|relation| match relation.kind {
        RelationKind::Serves => Some(Circle::Serves),
        RelationKind::Supplies if relation.from == reader => Some(Circle::Supplier),
        _ => None,
    });
    circles.max_by_key(|circle| circle.marking_max()).unwrap_or(Circle::Member)
}

/// Who reads what is sent there.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Reads {
    /// One person whom we know by name and trust.
    NamedPerson,
    /// Anybody: several people, or nobody knows who.
    SharedMailbox,
    /// A program: a webhook, a folder, the API.
    Machine,
}

/// A recipient, as far as the gate cares.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Audience<'a> {
    /// How it stands to the organisation concerned.
    pub circle: Circle,
    /// Who reads.
    pub reads: Reads,
    /// The highest marking it may receive, as the register or a setting says.
    pub clearance: Tlp,
    /// A mail address, a URL, a name of a folder.
    pub address: &'a str,
}

impl<'a> Audience<'a> {
    /// A contact of the register.
    pub fn contact(circle: Circle, contact: &'a Contact) -> Self {
        Self { circle, reads: reads(contact), clearance: contact.tlp_max, address: contact.email.trim() }
    }

    /// A mail address of which the register knows no person. A letter to it says nothing confidential.
    pub fn mailbox(circle: Circle, address: &'a str, clearance: Tlp) -> Self {
        Self { circle, reads: Reads::SharedMailbox, clearance, address: address.trim() }
    }

    /// A program that asks or is sent something on behalf of an organisation.
    pub fn machine(circle: Circle, address: &'a str) -> Self {
        Self { circle, reads: Reads::Machine, clearance: Tlp::AmberStrict, address }
    }

    /// Somebody who is signed in. A trusted contact is a person whom we know by name; anybody else of an organisation sees what is for
    /// several people there.
    pub fn signed_in(circle: Circle, name: &'a str, reads: Reads) -> Self {
        let clearance = match reads {
            Reads::NamedPerson => Tlp::Red,
            Reads::SharedMailbox | Reads::Machine => Tlp::Amber,
        };
        Self { circle, reads, clearance, address: name.trim() }
    }

    /// Whoever has what is taken back, be they a contact still or not.
    pub fn has(address: &'a str) -> Self {
        Self {
            circle: Circle::Has,
            reads: Reads::SharedMailbox,
            clearance: Tlp::Red,
            address: address.trim(),
        }
    }
}

/// Who reads the mail of a contact. Only a trusted contact (VCIB) counts as a person, who is appointed by name on a form; and only when the name
/// and the address do not say that it is a mailbox of several people.
pub fn reads(contact: &Contact) -> Reads {
    match contact.role {
        ContactRole::Vcib if !is_shared(&contact.name, &contact.email) => Reads::NamedPerson,
        _ => Reads::SharedMailbox,
    }
}

/// Why something does not go there.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Refusal {
    /// There is no address.
    NoAddress,
    /// The recipient may only receive less than this marking.
    Clearance,
    /// TLP:RED is for named persons.
    NoNamedPerson,
    /// The marking does not reach this circle.
    Circle,
    /// The source does not permit that those who are affected are told.
    Source,
}

impl Refusal {
    /// Every reason.
    pub const ALL: [Self; 5] =
        [Self::NoAddress, Self::Clearance, Self::NoNamedPerson, Self::Circle, Self::Source];

    /// The word in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NoAddress => "no_address",
            Self::Clearance => "clearance",
            Self::NoNamedPerson => "no_named_person",
            Self::Circle => "circle",
            Self::Source => "source",
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoAddress => "there is no address",
            Self::Clearance => "it may only receive less than this marking",
            Self::NoNamedPerson => "TLP:RED is for named persons",
            Self::Circle => "the marking does not reach it",
            Self::Source => "the source permits nobody to be told",
        })
    }
}

impl std::error::Error for Refusal {}

/// Leave to send something with a marking to an address. Not to be copied: one message, one pass.
#[derive(PartialEq, Eq, Debug)]
pub struct Pass {
    address: String,
    tlp: Tlp,
}

impl Pass {
    /// Where it may go, and nowhere else.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// What the message is marked.
    pub fn tlp(&self) -> Tlp {
        self.tlp
    }
}

/// May something with these terms go to this audience?
pub fn gate(terms: impl Into<Terms>, audience: &Audience<'_>) -> Result<Pass, Refusal> {
    let Terms { tlp, may_notify } = terms.into();
    let Audience { circle, reads, clearance, address } = *audience;
    if address.is_empty() {
        Err(Refusal::NoAddress)
    } else if circle == Circle::Has {
        // That something must be deleted is for whoever has it.
        Ok(Pass { address: address.to_owned(), tlp })
    } else if !may_notify {
        Err(Refusal::Source)
    } else if tlp > circle.marking_max() {
        Err(Refusal::Circle)
    } else if tlp > clearance {
        Err(Refusal::Clearance)
    } else if tlp == Tlp::Red && reads != Reads::NamedPerson {
        Err(Refusal::NoNamedPerson)
    } else {
        Ok(Pass { address: address.to_owned(), tlp })
    }
}
