//! Three hubs that share nothing: national point, sectoral CERT, municipality; what goes from one to the next is dealt with there as it came.

#![allow(clippy::unwrap_used)]

use std::{fs, sync::Arc};

use schakel_app::{
    arrivals::{ArrivalDesk, Became},
    config::{self, Config},
    doors::SpoolDoor,
    hub::{
        links::{self, Proposal},
        ours::{self, Ours},
        sending::{May, Pace, batch, taken},
    },
    incoming::Incoming,
    intake::Intake,
    register,
    register_import::Import,
    tell::Composer,
    templates, verify,
};
use schakel_formats::{
    hub::{
        message::{self, Kind},
        parcel::{Content, Parcel},
        receipt::Receipt,
    },
    register::import::Options,
};
use schakel_model::{
    arrival::{Door, Envelope},
    clock::Clock,
    hub::{Direction, Link, LinkTerms, Purpose, ReceiptOutcome, Rejection, StatusLevel, Transport},
    tlp::Tlp,
};
use schakel_store::{
    Reader, Store,
    act::Act,
    data_dir::DataDir,
    hub_messages::HubWriter,
    hubs,
    ledger::{self, Scope},
    spool::SpoolDesk,
};

mod by_mail;
mod restored;
mod sealed;

const NOW: i64 = 1_795_000_000;
const ACT: Act<'static> = Act { at: NOW, actor: "test", reason: "" };

fn terms() -> LinkTerms {
    LinkTerms {
        direction: Direction::Both,
        transport: Transport::Push,
        tlp_max: Tlp::Amber,
        purposes: vec![Purpose::Notify, Purpose::Analyse],
        parcels_per_hour: 10_000,
        credit: 1_000,
        service_level_seconds: 900,
        status: StatusLevel::PerFinding,
        retention_days: 30,
    }
}

fn clock() -> Clock {
    Clock::fixed(jiff::Timestamp::from_second(NOW).unwrap())
}

struct Hub {
    _folder: tempfile::TempDir,
    data: DataDir,
    config: Config,
    ours: Ours,
}

impl Hub {
    /// With this register: lines of organisations, assets and contacts.
    fn new(name: &str, organisations: &str, assets: &str, contacts: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = DataDir::new(folder.path().join("data"));
        data.create().unwrap();
        let text = format!(
            "[mail]\nchannel = \"folder\"\nfrom = \"desk@{name}\"\n[hub]\nname = \"{name}\"\nurl = \"https://{name}\"\n"
        );
        fs::write(data.config(), text).unwrap();
        let config = config::load(&data).unwrap();
        ours::init(&config).unwrap();
        let ours = Ours::require(&config).unwrap();
        let hub = Self { _folder: folder, data, config, ours };
        hub.import(organisations, assets, contacts);
        hub
    }

    /// As it is after a backup of it was brought back into an empty directory.
    fn restored(of: &Hub, backup: &std::path::Path) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = DataDir::new(folder.path().join("data"));
        drop(schakel_store::backup::restore(backup, &data).unwrap());
        let config = config::load(&data).unwrap();
        let ours = Ours::require(&config).unwrap();
        assert_eq!(ours.name, of.ours.name);
        Self { _folder: folder, data, config, ours }
    }

    fn import(&self, organisations: &str, assets: &str, contacts: &str) {
        let mut intake = self.intake();
        let folder = self.data.root().join("register");
        fs::create_dir_all(&folder).unwrap();
        for (name, head, text) in [
            ("organisations.csv", "id,name,kind", organisations),
            ("assets.csv", "organisation,kind,value,role", assets),
            ("contacts.csv", "organisation,role,name,email,language,tlp_max", contacts),
        ] {
            fs::write(folder.join(name), format!("{head}\n{text}")).unwrap();
        }
        let standing = register::standing(intake.store()).unwrap();
        let import = Import::read(&[folder], &Options::default(), standing).unwrap();
        assert_eq!(import.reading.errors, 0, "{:?}", import.reading.problems);
        import.apply(intake.store(), &import.diff(), ACT).unwrap();
        intake.close().unwrap();
    }

    fn intake(&self) -> Intake {
        Intake::open(&self.data, clock()).unwrap()
    }

    fn store(&self) -> Store {
        Store::open(&self.data).unwrap()
    }

    fn reader(&self) -> Reader {
        Reader::open(&self.data).unwrap()
    }

    fn link(&self, peer: &Hub) -> Link {
        self.reader().read(|connection| hubs::by_peer(connection, &peer.ours.name)).unwrap().unwrap()
    }

    /// A finding for each address, of a report that comes in here.
    fn report(&self, addresses: &[&str]) {
        let line = |ip: &&str| {
            format!(
                "{{\"time.source\":\"2026-11-18T03:00:00+00:00\",\"source.ip\":\"{ip}\",\"classification.type\":\"vulnerable-system\",\
                 \"classification.identifier\":\"open-rdp\",\"feed.name\":\"scan\",\"severity\":\"critical\"}}\n"
            )
        };
        let bytes = addresses.iter().map(line).collect::<String>().into_bytes();
        let mut intake = self.intake();
        let reading = self.config.reading().unwrap();
        intake.take(Incoming::memory("report.json", bytes), &reading, &|_| {}).unwrap();
        intake.settle().unwrap();
        intake.close().unwrap();
    }

    fn compose(&self) {
        let mut intake = self.intake();
        let (reader, view) = (self.reader(), intake.view());
        let templates = templates::in_force(&reader).unwrap();
        let composer = Composer {
            reader: &reader,
            view: &view,
            config: &self.config,
            templates: &templates,
            now: clock().now(),
        };
        composer.compose(Some(intake.store()), &mut |_| {}).unwrap();
        intake.close().unwrap();
    }

    /// What is due for another hub goes there and is dealt with. Gives the lines.
    fn bring(&self, other: &Hub) -> Vec<Vec<u8>> {
        let lines = self.lines(other);
        if !lines.is_empty() {
            other.get(self, &lines);
            other.deal();
        }
        lines
    }

    /// What is due for another hub, as taken.
    fn lines(&self, other: &Hub) -> Vec<Vec<u8>> {
        let mut writer = HubWriter::open(&self.data).unwrap();
        let batch = batch(&writer, &self.link(other), &mut Pace::default(), NOW, (May::All, 10_000)).unwrap();
        writer.write(|transaction| taken(transaction, &batch, NOW)).unwrap();
        batch
            .lines()
            .split(|byte| *byte == b'\n')
            .filter(|line| !line.is_empty())
            .map(<[u8]>::to_vec)
            .collect()
    }

    fn get(&self, from: &Hub, lines: &[Vec<u8>]) {
        let source = hubs::source_code(&from.ours.name);
        let envelope = Envelope {
            door: Door::Hub,
            name: format!("{source}.jsonl"),
            source,
            received_at: NOW,
            sender: String::new(),
            peer: None,
        };
        let bytes: Vec<u8> = lines.iter().flat_map(|line| line.iter().copied().chain([b'\n'])).collect();
        let spool = Arc::new(SpoolDoor::open(&self.data, &self.config.doors).unwrap());
        spool.keep_from_hub(&envelope, &bytes, false).unwrap();
    }

    /// Deals with all that came. Gives what could not be read.
    fn deal(&self) -> Vec<String> {
        let mut intake = self.intake();
        let (reader, spool) = (self.reader(), SpoolDesk::open(&self.data).unwrap());
        let reading = self.config.reading().unwrap();
        let mut failures = Vec::new();
        while let Some(kept) = spool.next().unwrap() {
            let mut desk = ArrivalDesk {
                intake: &mut intake,
                reader: &reader,
                spool: &spool,
                reading: &reading,
                config: &self.config,
                now: NOW,
            };
            let (became, _) = desk.handle(&kept, &|_| {}).unwrap();
            if let Became::Taken(ingested) = became {
                failures.extend(ingested.failures);
            }
        }
        intake.settle().unwrap();
        intake.close().unwrap();
        failures
    }

    /// Everything holds.
    fn check(&self) {
        let sums = self.store().read(|connection| ledger::sums(connection, &Scope::All)).unwrap();
        assert!(sums.balanced(), "{sums:?}");
        let verified = verify::verify(&self.reader(), &|_| {}).unwrap();
        assert!(verified.ok, "{:?}", verified.violations);
    }
}

/// The one above invites the one below, which stands for the organisation with this code there.
fn linked(above: &Hub, below: &Hub, code: &str) {
    let peer = below.ours.name.clone();
    let proposal = Proposal { peer, organisation: code.to_owned(), terms: terms() };
    let invitation = links::invite(&mut above.store(), ACT, &above.ours, &proposal).unwrap();
    let print = above.ours.fingerprint();
    let (_, acceptance) =
        links::accept(&mut below.store(), ACT, &below.ours, &invitation, &print, "", &terms()).unwrap();
    links::confirm(&mut above.store(), ACT, &above.ours, &acceptance, &below.ours.fingerprint()).unwrap();
}

/// National point, CERT and municipality, each linked with the next.
fn three() -> [Hub; 3] {
    let top = Hub::new(
        "top.example",
        "CERT,Sectoral CERT,hub\n",
        "CERT,prefix,203.0.113.0/24,owner\n",
        "CERT,findings,Desk,desk@cert.example,en,TLP:AMBER\n",
    );
    let middle = Hub::new(
        "cert.example",
        "GM1,Gemeente Eikendam,municipality\nGM2,Gemeente Wilgendam,municipality\n",
        "GM1,prefix,203.0.113.0/25,owner\nGM2,prefix,203.0.113.128/25,owner\n",
        "GM1,findings,IB,ib@eikendam.example,nl,TLP:AMBER\nGM2,findings,IB,ib@wilgendam.example,nl,TLP:AMBER\n",
    );
    let bottom = Hub::new(
        "eikendam.example",
        "ICT,Dienst ICT,authority\n",
        "ICT,prefix,203.0.113.0/25,owner\n",
        "ICT,findings,Beheer,beheer@eikendam.example,nl,TLP:AMBER\n",
    );
    linked(&top, &middle, "CERT");
    linked(&middle, &bottom, "GM1");
    [top, middle, bottom]
}

fn parcels(lines: &[Vec<u8>]) -> Vec<Parcel> {
    let read = lines.iter().map(|line| message::read(line).unwrap().envelope);
    let parcels = read.filter(|envelope| envelope.kind == Kind::Parcel);
    parcels.map(|envelope| Parcel::read(&envelope.id, &envelope.data).unwrap()).collect()
}

fn receipts(lines: &[Vec<u8>]) -> Vec<ReceiptOutcome> {
    let read = lines.iter().map(|line| message::read(line).unwrap().envelope);
    let receipts = read.filter(|envelope| envelope.kind == Kind::Receipt);
    receipts.map(|envelope| Receipt::read(&envelope.data).unwrap().outcome).collect()
}
