//! The chain: parcels from one hub to another, each step by itself. Signing; bringing (packing, checking the request, onto the disk); and their
//! effect (checking each signature, one commit a batch, receipts).

use std::{fs, path::Path, sync::Arc, time::Instant};

use anyhow::Context;
use schakel_app::{
    arrivals::ArrivalDesk,
    config::{self, Config},
    doors::SpoolDoor,
    hub::{
        door::{Asked, HubDoor, LINES_TYPE, MESSAGES},
        links::{self, Proposal},
        ours::{self, Ours, new_id},
    },
};
use schakel_formats::{
    http_signature::{Parameters, Posted, fields},
    hub::{
        message::Kind,
        parcel::{Content, Parcel},
    },
};
use schakel_model::{
    clock::Clock,
    hub::{
        Direction, FindingKeyOnLink, HOPS_MAX, LinkTerms, ParcelClass, ParcelId, Purpose, StatusLevel,
        Transport,
    },
    tlp::Tlp,
};
use schakel_store::{Store, act::Act, data_dir::DataDir, hub_messages, hubs, spool::SpoolDesk};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{
    figures::{count, seconds},
    installation,
    table::Table,
};

/// Parcels of the run.
const PARCELS: u32 = 50_000;

/// Parcels of one request, as they are sent.
const BATCH: usize = 1_000;

/// What the chain took.
#[derive(Serialize, Deserialize)]
pub struct Hub {
    parcels: u32,
    sign_seconds: f64,
    bring_seconds: f64,
    effect_seconds: f64,
}

impl Hub {
    /// As lines of the table.
    pub fn show(&self, table: &mut Table) {
        table.part(&format!("The chain: {} parcels over one link", count(u64::from(self.parcels))));
        let rate = |taken: f64| {
            let parcels = count((f64::from(self.parcels) / taken) as u64);
            format!("{} ({parcels} a second)", seconds(taken))
        };
        table.line("signing them", rate(self.sign_seconds), "", "");
        table.line("bringing them onto the other's disk", rate(self.bring_seconds), "", "");
        table.line("their effect there, and receipts", rate(self.effect_seconds), "", "");
    }
}

/// Two hubs in one process; nothing goes over a socket.
pub fn measure(folder: &Path) -> anyhow::Result<Hub> {
    let clock = Clock::system();
    let now = clock.now_seconds();
    let (top, bottom) = (folder.join("top"), folder.join("bottom"));
    drop(installation::open(&bottom)?.close()?);
    let (top, _, ours) = hub(&top, "top.example")?;
    let (bottom, config, theirs) = hub(&bottom, "bottom.example")?;
    link((&top, &ours), (&bottom, &theirs), now)?;

    let start = Instant::now();
    let mut lines = Vec::with_capacity(PARCELS as usize);
    for number in 0..PARCELS {
        lines.push(parcel(&ours, number, now)?);
    }
    let signed = start.elapsed();

    let spool = Arc::new(SpoolDoor::open(&bottom, &config.doors)?);
    let door = HubDoor::open(&bottom, &config, spool)?;
    let url = format!("{}{MESSAGES}", config.hub.url);
    let start = Instant::now();
    for (number, batch) in lines.chunks(BATCH).enumerate() {
        let body: Vec<u8> = batch.iter().flat_map(|line| line.iter().copied().chain([b'\n'])).collect();
        let body = zstd::bulk::compress(&body, 1)?;
        let (nonce, key_id) = (number.to_string(), ours.key().id());
        let parameters = Parameters { created: now, nonce: Some(&nonce), key_id: &key_id };
        let posted = Posted { target: &url, content_type: LINES_TYPE, body: &body };
        let fields = fields(&posted, &parameters, &|bytes| ours.key().sign(bytes));
        let asked = Asked {
            path: MESSAGES,
            content_type: LINES_TYPE,
            content_encoding: "zstd",
            content_digest: &fields[0].1,
            signature_input: &fields[1].1,
            signature: &fields[2].1,
            body: &body,
            peer: None,
            now,
        };
        door.messages(&asked).map_err(|refused| anyhow::anyhow!("a batch was refused: {refused:?}"))?;
    }
    let brought = start.elapsed();

    let mut intake = installation::open(bottom.root())?;
    let (reader, spool, reading) = (intake.store().reader()?, SpoolDesk::open(&bottom)?, config.reading()?);
    let start = Instant::now();
    while let Some(kept) = spool.next()? {
        let mut desk = ArrivalDesk {
            intake: &mut intake,
            reader: &reader,
            spool: &spool,
            reading: &reading,
            config: &config,
            now,
        };
        desk.handle(&kept, &|_| {})?;
    }
    let effect = start.elapsed();
    let link = reader.read(|connection| hubs::by_peer(connection, &ours.name))?.context("there is a link")?;
    let receipts = reader.read(|connection| hub_messages::count_waiting(connection, link.id))?;
    anyhow::ensure!(receipts == u64::from(PARCELS), "{receipts} receipts for {PARCELS} parcels");
    Ok(Hub {
        parcels: PARCELS,
        sign_seconds: signed.as_secs_f64(),
        bring_seconds: brought.as_secs_f64(),
        effect_seconds: effect.as_secs_f64(),
    })
}

fn hub(folder: &Path, name: &str) -> anyhow::Result<(DataDir, Config, Ours)> {
    let data = DataDir::new(folder);
    data.create()?;
    fs::write(data.config(), format!("[hub]\nname = \"{name}\"\nurl = \"https://{name}\"\n"))
        .context("cannot write the configuration")?;
    let config = config::load(&data)?;
    ours::init(&config)?;
    let ours = Ours::require(&config)?;
    Ok((data, config, ours))
}

fn link(top: (&DataDir, &Ours), bottom: (&DataDir, &Ours), now: i64) -> anyhow::Result<()> {
    let act = Act { at: now, actor: "bench", reason: "" };
    let terms = LinkTerms {
        direction: Direction::Both,
        transport: Transport::Push,
        tlp_max: Tlp::Amber,
        purposes: vec![Purpose::Notify],
        parcels_per_hour: 10 * PARCELS,
        credit: PARCELS,
        service_level_seconds: 3_600,
        status: StatusLevel::PerFinding,
        retention_days: 30,
    };
    let proposal =
        Proposal { peer: bottom.1.name.clone(), organisation: String::new(), terms: terms.clone() };
    let invitation = links::invite(&mut Store::open(top.0)?, act, top.1, &proposal)?;
    let print = top.1.fingerprint();
    let (_, acceptance) =
        links::accept(&mut Store::open(bottom.0)?, act, bottom.1, &invitation, &print, "", &terms)?;
    links::confirm(&mut Store::open(top.0)?, act, top.1, &acceptance, &bottom.1.fingerprint())?;
    Ok(())
}

/// A parcel like one of a daily scan, about an address of its own.
fn parcel(ours: &Ours, number: u32, now: i64) -> anyhow::Result<Vec<u8>> {
    let [a, b, c, d] = number.to_be_bytes();
    let mut key = [0; 16];
    key[..4].copy_from_slice(&[a, b, c, d]);
    let parcel = Parcel {
        id: ParcelId(new_id()?),
        key: FindingKeyOnLink(key),
        revision: 1,
        class: ParcelClass::Normal,
        origin: ours.name.clone(),
        path: vec![ours.name.clone()],
        hop_limit: HOPS_MAX,
        tlp: Tlp::Amber,
        purposes: vec![Purpose::Notify],
        may_notify: true,
        may_look_up: false,
        expires_at: now + 86_400,
        asset: None,
        content: Content::Event(json!({
            "classification.identifier": "open-rdp",
            "classification.type": "vulnerable-system",
            "destination.port": 3389,
            "feed.name": "Accessible-RDP",
            "protocol.application": "rdp",
            "protocol.transport": "tcp",
            "source.asn": 64500,
            "source.geolocation.cc": "NL",
            "source.ip": format!("10.{b}.{c}.{d}"),
            "source.port": 3389,
            "time.source": "2026-11-20T03:00:00+00:00",
        })),
    };
    ours.line(
        &"bottom.example".parse().map_err(anyhow::Error::msg)?,
        Kind::Parcel,
        &parcel.id.to_string(),
        None,
        parcel.to_data(),
        now,
    )
}
