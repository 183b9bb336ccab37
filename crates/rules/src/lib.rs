//! Pure decisions.

pub mod claim;
pub mod contact_change;
pub mod mandate;
pub mod merger;
pub mod new_assignment;
pub mod onboarding;
pub mod recipients;
pub mod register_diff;
pub mod retry;
pub mod storm_brake;
