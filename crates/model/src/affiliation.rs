//! How an organisation joins (aansluiten): eight steps, of which those of the general and the trusted contact make it officially
//! affiliated.

use std::fmt;

use crate::{asset::words, ids::OrganisationId};

/// A step of joining, in the order in which they are taken.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Step {
    /// It was invited.
    Invitation,
    /// It named its general contact (ACIB).
    Acib,
    /// The signed form that appoints the trusted contact (VCIB) came in.
    VcibForm,
    /// The signature on the form was checked: a mandated officer's.
    FormChecked,
    /// The intake talk was held.
    IntakeTalk,
    /// A telephone number that was not learnt by mail is on record.
    OutOfBandNumber,
    /// IP addresses and URLs are in the register.
    Assets,
    /// The product inventory (ICT-foto) is there.
    Products,
}

impl Step {
    /// Must it be done before the organisation is officially affiliated?
    pub fn is_for_affiliation(self) -> bool {
        !matches!(self, Self::Assets | Self::Products)
    }
}

/// A step that was taken.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StepTaken {
    /// Which.
    pub step: Step,
    /// When, in seconds since 1970.
    pub at: i64,
    /// The desk user who confirmed it.
    pub actor: String,
    /// With whom, or by whom: the name of the person at the organisation; may be empty.
    pub by: String,
    /// The telephone number it is about; may be empty.
    pub number: String,
}

/// The joining of one organisation.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Joining {
    /// Which.
    pub organisation: OrganisationId,
    /// What was done, each step once, in the order of [`Step`].
    pub taken: Vec<StepTaken>,
}

words!(
    Step, "step of joining",
    Invitation "invitation", Acib "acib", VcibForm "vcib_form", FormChecked "form_checked", IntakeTalk "intake_talk",
    OutOfBandNumber "out_of_band_number", Assets "assets", Products "products",
);
