//! `schakel serve`

use std::sync::{Arc, atomic::AtomicBool};

use schakel_app::{
    config,
    doors::DoorSlot,
    requests,
    serve::{Counters, serve},
};
use signal_hook::consts::{SIGINT, SIGTERM};

use crate::{Context, output::Ending};

pub fn run(context: &Context) -> anyhow::Result<Ending> {
    let config = config::load(&context.data)?;
    start_logging();
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        // The first asks to stop; a second one, while we are still at it, ends the program at once.
        signal_hook::flag::register_conditional_shutdown(signal, 1, Arc::clone(&stop))?;
        signal_hook::flag::register(signal, Arc::clone(&stop))?;
    }
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
    let rest = schakel_web::rest::start(&config, &asking, context.clock, &context.data)?;
    #[cfg(feature = "portal")]
    let portal =
        schakel_web::portal::start(&config.portal, &context.data, context.clock, &config.sender, Vec::new())?;
    #[cfg(not(feature = "portal"))]
    anyhow::ensure!(
        config.portal.listen.is_empty(),
        "this program was built without the portal. Leave portal.listen empty, or build it with the portal"
    );
    let served = serve(&context.data, &config, context.clock, &stop, &counters, &slot, &requests);
    rest.stop();
    #[cfg(feature = "portal")]
    portal.stop();
    hub.stop();
    api.stop();
    http.stop();
    served.map(|()| Ending::Done)
}

/// JSON lines on standard error; `SCHAKEL_LOG=debug` says more.
fn start_logging() {
    let filter = tracing_subscriber::EnvFilter::try_from_env("SCHAKEL_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info"));
    tracing_subscriber::fmt().json().with_env_filter(filter).with_writer(std::io::stderr).init();
}
