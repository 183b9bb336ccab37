//! The weekly overviews, when it is their time.

use jiff::Timestamp;
use schakel_model::clock::Clock;
use schakel_render::templates::Templates;
use schakel_store::Reader;

use crate::{arrivals::is_store_trouble, config::Config, intake::Intake, weekly_overview::Overviews};

/// How far this service has come. After a restart it looks again: what was made stands in the store.
#[derive(Default)]
pub struct Weekly {
    done: Option<Timestamp>,
}

impl Weekly {
    /// Makes what is due. That it cannot be made is said once a week.
    pub fn turn(
        &mut self,
        intake: &mut Intake,
        reader: &Reader,
        (config, templates): (&Config, &Templates),
        clock: &Clock,
    ) -> anyhow::Result<()> {
        let now = clock.now();
        let latest = config.telling.schedule()?.latest(now);
        if latest == self.done {
            return Ok(());
        }
        self.done = latest;
        let view = intake.view();
        let overviews = Overviews { reader, view: &view, config, templates, now };
        match overviews.make(Some(intake.store()), &mut |_| {}) {
            Ok(0) => {}
            Ok(count) => tracing::info!(count, "made weekly overviews"),
            Err(error) if is_store_trouble(&error) => return Err(error),
            Err(error) => tracing::error!(error = %format!("{error:#}"), "cannot make weekly overviews"),
        }
        Ok(())
    }
}
