//! Shadowserver's API for reports, as far as a client needs it: a list for whoever signs for it, and files by their ids.

use std::{
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
};

use ring::hmac;

use crate::{
    https_server::{Asked, HttpsServer, answer},
    server_tls::ServerTls,
};

/// A report on the server.
#[derive(Clone, Debug)]
pub struct Report {
    /// Its day, `2026-11-20`.
    pub date: &'static str,
    /// Its type, `scan_rdp`.
    pub type_name: &'static str,
    /// Its rows, with the header.
    pub csv: String,
}

impl Report {
    /// What it is fetched by.
    pub fn id(&self) -> String {
        format!("ID-{}-{}", self.date, self.type_name)
    }

    /// The name of its file.
    pub fn file(&self) -> String {
        format!("{}-{}-example.csv", self.date, self.type_name)
    }
}

/// A running server. Stopped when dropped.
#[derive(Debug)]
pub struct FakeShadowserver {
    server: HttpsServer,
    reports: Arc<Mutex<Vec<Report>>>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl FakeShadowserver {
    /// Listens on loopback, for one who knows this key and secret.
    pub fn start(tls: &ServerTls, key: &'static str, secret: &'static str) -> io::Result<Self> {
        let (reports, asked) = (Arc::<Mutex<Vec<Report>>>::default(), Arc::<Mutex<Vec<String>>>::default());
        let (listed, noted) = (Arc::clone(&reports), Arc::clone(&asked));
        let server = HttpsServer::start_asked("127.0.0.1:0", tls, move |request| {
            let body = String::from_utf8_lossy(&request.body).into_owned();
            noted.lock().unwrap_or_else(PoisonError::into_inner).push(format!("{} {body}", request.path));
            respond(&listed.lock().unwrap_or_else(PoisonError::into_inner), request, key, secret)
        })?;
        Ok(Self { server, reports, asked })
    }

    /// Adds a report.
    pub fn add(&self, report: Report) {
        self.reports.lock().unwrap_or_else(PoisonError::into_inner).push(report);
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// What was asked so far: path and body.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn respond(reports: &[Report], asked: &Asked, key: &str, secret: &str) -> Vec<u8> {
    if let Some(id) = asked.path.strip_prefix("/files/") {
        return match reports.iter().find(|report| report.id() == id) {
            Some(report) => answer("200 OK", "Content-Type: text/csv\r\n", report.csv.as_bytes()),
            None => answer("404 Not Found", "", b""),
        };
    }
    let body = String::from_utf8_lossy(&asked.body);
    let signed = digits(asked.header("HMAC2")).is_some_and(|tag| {
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
        hmac::verify(&key, &asked.body, &tag).is_ok()
    });
    if !signed || !body.contains(&format!("\"apikey\":\"{key}\"")) {
        return answer("200 OK", "", br#"{"error":"invalid apikey or HMAC"}"#);
    }
    if asked.path != "/api2/reports/list" {
        return answer("404 Not Found", "", br#"{"error":"no such method"}"#);
    }
    let listed = reports.iter().map(|report| {
        let (id, file, (date, word)) = (report.id(), report.file(), (report.date, report.type_name));
        format!(
            r#"{{"id":"{id}","file":"{file}","type":"{word}","report":"example","timestamp":"{date}","url":"https://www.shadowserver.org/"}}"#
        )
    });
    answer("200 OK", "", format!("[{}]", listed.collect::<Vec<_>>().join(",")).as_bytes())
}

fn digits(text: &str) -> Option<Vec<u8>> {
    let pair = |at: usize| u8::from_str_radix(text.get(at..at + 2)?, 16).ok();
    (0..text.len()).step_by(2).map(pair).collect()
}
