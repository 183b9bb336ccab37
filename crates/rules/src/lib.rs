//! Pure decisions.

pub mod claim;
pub mod contact_change;
pub mod correction;
pub mod mandate;
pub mod merger;
pub mod new_assignment;
pub mod onboarding;
pub mod recipients;
pub mod register_conflict;
pub mod register_diff;
pub mod register_merge;
pub mod register_selection;
pub mod register_undo;
pub mod rerouting;
pub mod retry;
pub mod storm_brake;
