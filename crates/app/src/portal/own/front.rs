//! A member's first page: what asks for their attention, and whom to call.

use schakel_model::register::ContactRole;
use schakel_store::{Reader, follow_ups::Open, register};
use serde::Serialize;

use super::{
    Head, Own,
    findings::{self, Known, Row},
    sent::{self, Sent},
};

/// Findings on the page: what somebody deals with in a morning.
const LISTED: usize = 20;

/// Notifications on the page.
const SENT: usize = 5;

/// The page.
#[derive(Debug, Serialize)]
pub struct Front {
    /// At whom one looks.
    pub head: Head,
    /// How many findings are open.
    pub open: u64,
    /// How many of them are late.
    pub overdue: u64,
    /// To how many nobody has said anything.
    pub silent: u64,
    /// How many are for the trusted contact only.
    pub confidential: u64,
    /// Who that is: names; empty: there is none.
    pub trusted: Vec<String>,
    /// The most pressing ones.
    pub findings: Vec<Row>,
    /// What was sent last.
    pub sent: Vec<Sent>,
}

/// The page as it is now.
pub fn front(reader: &Reader, own: &Own, now: i64) -> anyhow::Result<Front> {
    let Known { mut rows, confidential } = findings::known(reader, own, Open::Yes, now)?;
    let count = |fits: &dyn Fn(&Row) -> bool| rows.iter().filter(|row| fits(row)).count() as u64;
    let (overdue, silent) = (count(&|row| row.overdue), count(&|row| row.state == "told"));
    let open = rows.len() as u64;
    // What nobody has said anything about comes before what somebody works on, unless it is late.
    rows.sort_by_key(|row| !row.overdue && row.state != "told");
    rows.truncate(LISTED);
    Ok(Front {
        head: own.head.clone(),
        open,
        overdue,
        silent,
        confidential,
        trusted: trusted(reader, own, now)?,
        findings: rows,
        sent: sent::newest(reader, own, None, SENT)?.0,
    })
}

/// The names of the trusted contacts.
fn trusted(reader: &Reader, own: &Own, now: i64) -> anyhow::Result<Vec<String>> {
    let mut part =
        schakel_model::register::Register { version: reader.read(register::version)?, ..Default::default() };
    reader.read(|connection| register::load_of(connection, &mut part, own.organisation.id))?;
    let is_trusted =
        |one: &&schakel_model::register::Contact| one.role == ContactRole::Vcib && one.valid_at(now);
    Ok(part.contacts.iter().filter(is_trusted).map(|one| one.name.clone()).collect())
}
