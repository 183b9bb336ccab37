//! What is due of what was told, while the service runs: looked at on a thread of its own, done between two reports.

use std::thread::{self, JoinHandle};

use schakel_model::clock::Clock;
use schakel_render::templates::Templates;
use schakel_store::{Reader, data_dir::DataDir};

use crate::{
    config::Config,
    following::{
        self, Done, Looked,
        new_cves::{self, Noticed},
    },
    intake::Intake,
    policy,
    tell::Composer,
};

/// How often it is looked, in seconds: the shortest step of a ladder is half an hour.
const LOOK_SECONDS: i64 = 60;

/// What is due, and what is new about what was told.
type Found = (Looked, Option<Noticed>);

/// What is under way.
#[derive(Default)]
pub(super) struct Following {
    next_at: Option<i64>,
    looking: Option<JoinHandle<anyhow::Result<Found>>>,
    said: String,
}

impl Following {
    /// One turn: begins to look when it is time, does what is due.
    pub fn turn(
        &mut self,
        intake: &mut Intake,
        (config, templates, clock): (&Config, &Templates, &Clock),
    ) -> anyhow::Result<Done> {
        let now = clock.now_seconds();
        // A clock that was set back does not stop it.
        if self.looking.is_none() && self.next_at.is_none_or(|at| now >= at || at - now > LOOK_SECONDS) {
            self.next_at = Some(now.saturating_add(LOOK_SECONDS));
            let data = intake.store().data().clone();
            self.looking = Some(thread::spawn(move || look(&data, now)));
        }
        let Some(looking) = self.looking.take_if(|looking| looking.is_finished()) else {
            return Ok(Done::default());
        };
        match looking.join() {
            Ok(Ok((looked, None))) if looked.is_empty() => Ok(Done::default()),
            Ok(Ok((_, noticed))) => {
                if let Some(noticed) = noticed {
                    noticed.keep(intake.store())?;
                }
                // Somebody may have answered since: what is done is decided again, while nothing else changes the store.
                let reader = intake.store().reader()?;
                let looked = following::look(&reader, &policy::in_force(&reader)?.policy, now)?;
                let view = intake.view();
                let composer = Composer { reader: &reader, view: &view, config, templates, now: clock.now() };
                let done = following::carry_out(&composer, intake.store(), &looked)?;
                if done != Done::default() {
                    tracing::info!(
                        told_again = done.told_again,
                        escalated = done.escalated,
                        to_be_called = done.called,
                        closed = done.closed,
                        "did what was due of what was told"
                    );
                }
                Ok(done)
            }
            Ok(Err(error)) => {
                // The same trouble is said once.
                let text = format!("{error:#}");
                if text != self.said {
                    tracing::error!(error = %text, "cannot look what is due of what was told");
                    self.said = text;
                }
                Ok(Done::default())
            }
            Err(_) => anyhow::bail!("the thread that looks what is due stopped in an unexpected way"),
        }
    }
}

fn look(data: &DataDir, now: i64) -> anyhow::Result<Found> {
    let reader = Reader::open(data)?;
    let policy = policy::in_force(&reader)?;
    Ok((following::look(&reader, &policy.policy, now)?, new_cves::notice(&reader)?))
}
