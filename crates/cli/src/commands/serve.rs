//! `schakel serve`

use std::sync::{Arc, atomic::AtomicBool};

use schakel_app::{
    config::{self, Config},
    doors::DoorSlot,
    requests::{self, Asking},
    serve::{Counters, serve},
};
use schakel_model::clock::Clock;
use schakel_store::data_dir::DataDir;
use signal_hook::consts::{SIGINT, SIGTERM};

use crate::{Context, output::Ending};

pub fn run(context: &Context) -> anyhow::Result<Ending> {
    let config = config::load(&context.data)?;
    start_logging();
    let stop = stop_when_asked()?;
    let counters = Arc::new(Counters::default());
    // A second `schakel serve` is better told of the first than of its port.
    context.data.create()?;
    drop(context.data.lock()?);
    let http = schakel_web::start(
        &config.http.listen,
        Arc::clone(&counters),
        context.clock,
        &context.data,
        &config.sender,
    )?;
    let slot = Arc::new(DoorSlot::new());
    let (asking, requests) = requests::channel();
    let api = schakel_web::api::start(&config.doors.api, &slot, context.clock, &context.data)?;
    let hub = schakel_web::hub::start(&config, &slot, context.clock, &context.data)?;
    let rest = schakel_web::rest::start(&config, &asking, &slot, context.clock, &context.data)?;
    let portal = portal::start(&config, &asking, &context.data, context.clock)?;
    let served = serve(&context.data, &config, context.clock, &stop, &counters, &slot, &requests);
    portal.stop();
    rest.stop();
    hub.stop();
    api.stop();
    http.stop();
    served.map(|()| Ending::Done)
}

/// Set when the program is asked to stop. A second time, while it is still at it, ends it at once.
pub fn stop_when_asked() -> anyhow::Result<Arc<AtomicBool>> {
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        signal_hook::flag::register_conditional_shutdown(signal, 1, Arc::clone(&stop))?;
        signal_hook::flag::register(signal, Arc::clone(&stop))?;
    }
    Ok(stop)
}

#[cfg(feature = "portal")]
mod portal {
    use super::*;

    pub fn start(
        config: &Config,
        asking: &Asking,
        data: &DataDir,
        clock: Clock,
    ) -> anyhow::Result<schakel_web::Handle> {
        schakel_web::portal::start(config, asking, data, clock, Vec::new())
    }
}

#[cfg(not(feature = "portal"))]
mod portal {
    use super::*;

    pub fn start(config: &Config, _: &Asking, _: &DataDir, _: Clock) -> anyhow::Result<schakel_web::Handle> {
        anyhow::ensure!(
            config.portal.listen.is_empty(),
            "this program was built without the portal. Leave portal.listen empty, or build it with the portal"
        );
        Ok(schakel_web::Handle::none())
    }
}

/// JSON lines on standard error; `SCHAKEL_LOG=debug` says more.
fn start_logging() {
    let filter = tracing_subscriber::EnvFilter::try_from_env("SCHAKEL_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info"));
    tracing_subscriber::fmt().json().with_env_filter(filter).with_writer(std::io::stderr).init();
}
