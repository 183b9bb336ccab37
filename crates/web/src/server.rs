//! Health, metrics and the pages behind links in mails. On a thread of its own, so that a question about health is answered while the data
//! plane is busy.

use std::sync::Arc;

use anyhow::Context;
use axum::{Router, routing::get};
use prometheus_client::registry::Registry;
use schakel_app::serve::Counters;
use schakel_model::clock::Clock;
use schakel_store::data_dir::DataDir;

use crate::{
    answer,
    brake::Brake,
    contact,
    health::{livez, readyz},
    listener::{self, Handle},
    metrics::{metrics, registry},
    verify,
};

/// What the answers are made of.
#[derive(Clone)]
pub(crate) struct Served {
    pub counters: Arc<Counters>,
    pub clock: Clock,
    pub registry: Arc<Registry>,
    pub data: DataDir,
    pub sender: String,
    pub checks: Brake,
}

/// Listens on `listen`, such as `127.0.0.1:9618`; on nothing when it is empty.
pub fn start(
    listen: &str,
    counters: Arc<Counters>,
    clock: Clock,
    data: &DataDir,
    sender: &str,
) -> anyhow::Result<Handle> {
    if listen.is_empty() {
        return Ok(Handle::none());
    }
    let served = Served {
        registry: Arc::new(registry(Arc::clone(&counters), clock.now_seconds())),
        counters,
        clock,
        data: data.clone(),
        sender: sender.to_owned(),
        checks: Brake::new(verify::IN_A_MINUTE_MAX),
    };
    let router = Router::new()
        .route("/livez", get(livez))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics))
        .route("/contact/{token}", get(contact::show).post(contact::confirm))
        .route("/answer/{token}", get(answer::show).post(answer::take))
        .route("/verify", get(verify::show).post(verify::check))
        .with_state(served);
    let handle = listener::start(listen, "http", None, router).with_context(|| {
        format!("cannot listen on {listen} for health and metrics: set http.listen in schakel.toml to another address, or to \"\" for none")
    })?;
    if let Some(address) = handle.address() {
        tracing::info!(%address, "health and metrics");
    }
    Ok(handle)
}

#[cfg(test)]
mod tests {
    use std::{
        io::{Read, Write},
        net::TcpStream,
        sync::atomic::Ordering::Relaxed,
        time::Instant,
    };

    use jiff::Timestamp;

    use super::*;
    use crate::listener::STOP_MAX;

    /// A data directory that is not there: health does not need it.
    fn nowhere() -> DataDir {
        DataDir::new("/nonexistent")
    }

    fn started(clock: Clock) -> (Handle, Arc<Counters>) {
        let counters = Arc::new(Counters::default());
        (start("127.0.0.1:0", Arc::clone(&counters), clock, &nowhere(), "").unwrap(), counters)
    }

    /// Status and the whole answer, over a real connection.
    fn request(handle: &Handle, path: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(handle.address().unwrap()).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        (answer.split(' ').nth(1).unwrap().parse().unwrap(), answer)
    }

    #[test]
    fn it_is_ready_only_while_reports_are_taken_in() {
        let (handle, counters) = started(Clock::system());
        assert_eq!(request(&handle, "/readyz").0, 503);
        counters.ready.store(true, Relaxed);
        assert_eq!(request(&handle, "/readyz").0, 200);
        assert_eq!(request(&handle, "/elsewhere").0, 404);
        handle.stop();
    }

    #[test]
    fn it_is_alive_while_the_loop_goes_round() {
        let now = 1_800_000_000;
        let (handle, counters) = started(Clock::fixed(Timestamp::from_second(now).unwrap()));
        for (last_round_at, status) in
            [(0, 200), (now, 200), (now - 60, 200), (now - 61, 503), (now + 500, 200)]
        {
            counters.last_round_at.store(last_round_at as u64, Relaxed);
            assert_eq!(request(&handle, "/livez").0, status, "last round at {last_round_at}");
        }
        handle.stop();
    }

    #[test]
    fn metrics_are_read_when_they_are_asked_for() {
        let (handle, counters) = started(Clock::fixed(Timestamp::from_second(1_800_000_000).unwrap()));
        counters.rows.store(12, Relaxed);
        counters.mails_given_up.store(3, Relaxed);
        let (status, answer) = request(&handle, "/metrics");
        assert_eq!(status, 200);
        assert!(answer.contains("content-type: application/openmetrics-text; version=1.0.0"), "{answer}");
        for line in [
            "# TYPE schakel_rows counter",
            "schakel_rows_total 12",
            "schakel_rows_rejected_total 0",
            "schakel_reports_total 0",
            "schakel_findings_new_total 0",
            "schakel_notifications_total 0",
            "schakel_mails_total{state=\"accepted\"} 0",
            "schakel_mails_total{state=\"given_up\"} 3",
            "process_start_time_seconds 1800000000",
            "# EOF",
        ] {
            assert!(answer.lines().any(|found| found == line), "{line} is missing in {answer}");
        }
        handle.stop();
    }

    #[test]
    fn a_port_that_is_taken_is_named_with_what_to_do() {
        let (handle, counters) = started(Clock::system());
        let address = handle.address().unwrap().to_string();
        let error = format!("{:#}", start(&address, counters, Clock::system(), &nowhere(), "").unwrap_err());
        assert!(error.contains(&address) && error.contains("http.listen"), "{error}");
        handle.stop();
    }

    #[test]
    fn no_address_is_no_server() {
        let handle = start("", Arc::default(), Clock::system(), &nowhere(), "").unwrap();
        assert_eq!(handle.address(), None);
        handle.stop();
    }

    #[test]
    fn a_client_that_hangs_does_not_hold_up_the_end() {
        let (handle, _) = started(Clock::system());
        let mut stream = TcpStream::connect(handle.address().unwrap()).unwrap();
        stream.write_all(b"GET /livez HTTP/1.1\r\n").unwrap();
        let asked = Instant::now();
        handle.stop();
        assert!(asked.elapsed() < STOP_MAX * 3);
    }
}
