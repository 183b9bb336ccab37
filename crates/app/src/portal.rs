//! What the portal's pages are made of. The pages themselves are in `schakel-render`, their addresses in `schakel-web`.
//!
//! - [`sign_in`]: who is at a browser: invitation, password, code, session,
//! - [`morning`]: the desk's first page.

pub mod morning;
pub mod sign_in;
