//! The portal of the demo: made-up people who sign in by a link, until Ctrl-C.

use std::sync::Arc;

use schakel_app::{
    config::{self, Config},
    doors::DoorSlot,
    portal::accounts::{Invite, invite},
    random,
    requests::{self, Asking},
    serve::{Counters, serve},
};
use schakel_model::{account::PortalRole, language::Language};
use schakel_store::{Store, act::Act, data_dir::DataDir};
use schakel_web::{
    Handle,
    portal::{SamplePerson, start},
};

use super::serve::stop_when_asked;
use crate::Context;

/// Where the portal of the demo listens, unless something else does.
const LISTEN: &str = "127.0.0.1:8680";

/// Any port that is free.
const ANY: &str = "127.0.0.1:0";

/// The made-up people: what they sign in with, what they are called, the member they belong to (none: the desk) and what they do.
const PEOPLE: [(&str, &str, &str, &[PortalRole]); 7] = [
    ("anna", "Anna Appel", "", &[PortalRole::Handler, PortalRole::Coordinator]),
    ("bram", "Bram Berk", "", &[PortalRole::RegisterDesk]),
    ("carla", "Carla Ceder", "", &[PortalRole::Auditor]),
    ("daan", "Daan Den", "", &[PortalRole::Administrator]),
    ("eva", "Eva Els", "GM0513", &[PortalRole::Vcib, PortalRole::MemberAdministrator]),
    ("fatma", "Fatma Fijnspar", "GM0513", &[PortalRole::Acib]),
    ("gijs", "Gijs Gagel", "ROO30092751", &[PortalRole::Vcib]),
];

/// Opens the portal, says where, and serves until it is asked to stop.
pub fn run(context: &Context, data: &DataDir) -> anyhow::Result<()> {
    let samples = people(&mut Store::open(data)?, context.clock.now_seconds())?;
    let stop = stop_when_asked()?;
    let mut config = config::load(data)?;
    // Nothing but the portal: a service of the machine's own may have the other ports.
    config.http.listen = String::new();
    let (asking, requests) = requests::channel();
    let portal = open(context, data, &mut config, &asking, &samples)?;
    if let Some(address) = portal.address() {
        context.out.line("");
        context.out.line(format!("Portal  http://{address}, as one of these made-up people:"));
        for (sample, (_, name, organisation, roles)) in samples.iter().zip(PEOPLE) {
            let roles: Vec<&str> = roles.iter().map(|role| role.as_str()).collect();
            let of = if organisation.is_empty() { "desk" } else { organisation };
            context.out.line(format!(
                "  http://{address}/demo/{}  {name}, {of} ({})",
                sample.token,
                roles.join(", ")
            ));
        }
        context.out.line("It runs until you press Ctrl-C.");
    }
    let slot = Arc::new(DoorSlot::new());
    let counters = Arc::new(Counters::default());
    let served = serve(data, &config, context.clock, &stop, &counters, &slot, &requests);
    portal.stop();
    served
}

fn open(
    context: &Context,
    data: &DataDir,
    config: &mut Config,
    asking: &Asking,
    samples: &[SamplePerson],
) -> anyhow::Result<Handle> {
    config.portal.listen = LISTEN.to_owned();
    start(config, asking, data, context.clock, samples.to_vec()).or_else(|_| {
        config.portal.listen = ANY.to_owned();
        start(config, asking, data, context.clock, samples.to_vec())
    })
}

/// Their accounts, each with a link that works as long as this process runs.
fn people(store: &mut Store, now: i64) -> anyhow::Result<Vec<SamplePerson>> {
    let act = Act { at: now, actor: "demo", reason: "" };
    let mut samples = Vec::new();
    for (name, display_name, organisation, roles) in PEOPLE {
        let asked = Invite { name, display_name, organisation, roles, language: Language::Nl };
        // Nobody is sent the invitation: they come by the link of the demo.
        invite(store, &act, &asked)?;
        samples.push(SamplePerson { token: random::token()?, account: name.to_owned() });
    }
    Ok(samples)
}
