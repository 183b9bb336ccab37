//! What programs ask over HTTP, of a store with a large day in it: each question many times, each time about something else.

use std::{fs, path::Path, sync::Arc, time::Instant};

use anyhow::Context;
use schakel_app::{
    api_clients::{self, Wanted},
    config, requests,
};
use schakel_model::{api::Scope, clock::Clock};
use schakel_store::{Reader, Store, act::Act, data_dir::DataDir, findings};
use serde::{Deserialize, Serialize};

use crate::{
    figures::{count, seconds},
    http,
    random::Random,
    table::Table,
};

/// So many of each question.
const QUESTIONS: usize = 500;

/// How long the questions took.
#[derive(Serialize, Deserialize)]
pub struct Api {
    findings: u64,
    /// Each with its name, median and p95 in seconds.
    questions: Vec<(String, f64, f64)>,
}

impl Api {
    /// As lines of the table.
    pub fn show(&self, table: &mut Table) {
        table.part(&format!("The API, {} findings, {QUESTIONS} of each question", count(self.findings)));
        for (name, median, p95) in &self.questions {
            table.line(name.clone(), format!("{} median, {} p95", seconds(*median), seconds(*p95)), "", "");
        }
    }
}

/// Asks a service in this process, over a connection for each question.
pub fn measure(data: &Path) -> anyhow::Result<Api> {
    let (data, clock) = (DataDir::new(data), Clock::system());
    let port = http::free_port()?;
    fs::write(data.config(), format!("[api]\nlisten = \"127.0.0.1:{port}\"\n"))
        .context("cannot write the configuration")?;
    let config = config::load(&data)?;
    let act = Act { at: clock.now_seconds(), actor: "bench", reason: "" };
    let wanted = Wanted {
        code: "bench",
        organisation: None,
        scopes: Scope::ALL,
        per_minute_max: u32::MAX,
        expires_at: None,
        public_keys: &[],
    };
    let key = api_clients::add(&mut Store::open(&data)?, act, &wanted)?.context("a client has a key")?;
    let bearer = format!("Authorization: Bearer {key}\r\n");
    let (asking, _requests) = requests::channel();
    let server = schakel_web::rest::start(&config, &asking, &Arc::default(), clock, &data)?;
    let findings = Reader::open(&data)?.read(findings::count)?;
    let mut random = Random(1);
    let mut finding = || random.below(u64::from(findings));
    let any: Vec<u64> = (0..QUESTIONS).map(|_| finding()).collect();
    let asked: [(&str, &dyn Fn(u64) -> String); 6] = [
        ("a page of 100 findings", &|_| "/api/v1/findings?severity=high,critical".into()),
        ("one finding in full", &|nth| format!("/api/v1/findings/F{nth}")),
        ("why it is whose", &|nth| format!("/api/v1/findings/F{nth}/explanation")),
        ("a page of its sightings", &|nth| format!("/api/v1/findings/F{nth}/sightings")),
        ("IntelMQ's look-up (tuency)", &|nth| {
            format!(
                "/intelmq/lookup?feed_status=production&classification_type=vulnerable-system&ip=198.18.{}.{}",
                nth / 256 % 256,
                nth % 256
            )
        }),
        ("a page of what is nobody's", &|_| "/api/v1/unrouted-clusters".into()),
    ];
    let mut questions = Vec::new();
    for (name, path) in asked {
        let mut taken = Vec::with_capacity(QUESTIONS);
        for nth in &any {
            let start = Instant::now();
            http::page(port, &path(*nth), &bearer)?;
            taken.push(start.elapsed().as_secs_f64());
        }
        taken.sort_by(f64::total_cmp);
        questions.push((name.to_owned(), taken[QUESTIONS / 2], taken[QUESTIONS * 95 / 100]));
    }
    server.stop();
    Ok(Api { findings: u64::from(findings), questions })
}
