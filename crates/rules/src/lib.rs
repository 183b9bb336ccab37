//! Pure decisions.

pub mod new_assignment;
pub mod recipients;
pub mod retry;
pub mod storm_brake;
