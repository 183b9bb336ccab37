//! Mail that lies in a mailbox elsewhere: fetched by IMAP, and put away there once it is in the spool.
//!
//! - [`settings`]: which mailbox, and what becomes of the mails in it,
//! - [`response`]: what a server says, without sockets,
//! - [`wire`] and [`client`]: the connection and the commands,
//! - [`mailbox`]: mail by mail; [`status`]: how it goes.

pub mod client;
pub mod mailbox;
pub mod response;
pub mod settings;
pub mod status;
pub mod waiting;
pub mod wire;

use std::{
    sync::Arc,
    thread::{self, JoinHandle},
};

use schakel_model::clock::Clock;

use self::{
    mailbox::{Mailbox, Waits},
    status::StatusBoard,
    waiting::Stop,
};
pub use self::{settings::ImapSettings, status::Status};
use crate::door::Spool;

/// A mailbox that is watched, by a thread of its own. It is let go when dropped.
pub struct Handle {
    stop: Arc<Stop>,
    board: Arc<StatusBoard>,
    thread: Option<JoinHandle<()>>,
}

/// Begins to watch a mailbox. A server that cannot be reached is no error here: it is tried again and again, and the status says so.
pub fn start(settings: &ImapSettings, spool: Arc<dyn Spool>, clock: Clock) -> anyhow::Result<Handle> {
    start_with(settings, Waits::default(), spool, clock)
}

/// The same, with other waits.
pub fn start_with(
    settings: &ImapSettings,
    waits: Waits,
    spool: Arc<dyn Spool>,
    clock: Clock,
) -> anyhow::Result<Handle> {
    anyhow::ensure!(
        !settings.host.is_empty(),
        "doors.imap.host is empty: name the server that has the mailbox"
    );
    anyhow::ensure!(!settings.username.is_empty(), "doors.imap.username is empty");
    anyhow::ensure!(
        settings.folder != settings.done_folder && settings.folder != settings.refused_folder,
        "doors.imap.folder, done_folder and refused_folder must not be the same: mails would be fetched for ever"
    );
    client::secret(settings)?;
    let (stop, board) = (Arc::<Stop>::default(), Arc::<StatusBoard>::default());
    let mailbox = Mailbox::new(settings.clone(), waits, spool, clock, Arc::clone(&stop), Arc::clone(&board));
    let thread = thread::Builder::new().name("mailbox".into()).spawn(move || mailbox.watch())?;
    Ok(Handle { stop, board, thread: Some(thread) })
}

impl Handle {
    /// How it goes.
    pub fn status(&self) -> Status {
        self.board.status()
    }

    /// Stops. What is just coming in is not kept, and is still in the mailbox.
    pub fn stop(mut self) {
        self.close();
    }

    fn close(&mut self) {
        self.stop.set();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the thread that fetches mail ended in an unexpected way");
        }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.close();
    }
}
