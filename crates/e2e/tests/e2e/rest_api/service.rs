//! A service with the API, findings of three organisations, and clients of the desk and of two of them.

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::Duration,
};

use schakel_testkit::ports::free_port;
use serde_json::Value;

use crate::{
    fixtures::{Register, rdp, rdp_name},
    installation::Installation,
    serve::Serving,
};

/// What a member's client can have.
const FOR_MEMBERS: [&str; 10] = [
    "sector:read",
    "own:write",
    "people:read",
    "people:write",
    "findings:read",
    "findings:answer",
    "notifications:read",
    "register:read",
    "changes:read",
    "reports:write",
];

/// And the desk's beside those.
const FOR_THE_DESK: [&str; 22] = [
    "breaches:read",
    "breaches:write",
    "mail:read",
    "mail:write",
    "findings:write",
    "policy:write",
    "texts:read",
    "texts:write",
    "accounts:read",
    "accounts:write",
    "shifts:read",
    "shifts:write",
    "register:write",
    "reports:read",
    "vetting:read",
    "vetting:write",
    "calls:read",
    "calls:write",
    "policy:read",
    "ledger:read",
    "sources:read",
    "audit:read",
];

/// An answer.
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {} {}", self.head, self.body))
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        let is_it = |line: &&str| line.to_ascii_lowercase().starts_with(&format!("{name}: "));
        self.head.lines().find(is_it).and_then(|line| line.split_once(": ")).map(|(_, value)| value)
    }
}

/// A service with findings at GM1 (F0, and SV1 that operates there), GM2 (F1) and GM3 (F2), and clients.
pub struct Service {
    pub installation: Installation,
    pub serving: Option<Serving>,
    pub port: u16,
    pub desk: String,
    pub gm1: String,
    pub gm2: String,
}

impl Service {
    pub fn start() -> Self {
        let port = free_port().unwrap();
        let mut installation = Installation::empty();
        installation.at("2026-11-20T09:00:00Z");
        installation.import(&Register::small());
        let report = rdp("2026-11-20", &["198.51.100.5", "198.51.100.200", "2001:db8:3::7"]);
        let file = installation.file(&rdp_name("2026-11-20"), report);
        installation.ingest(&file);
        installation.run(&["tell"]).ended(0);
        installation.run(&["source", "add", "siem.gm2", "--trust", "vetted"]).ended(0);
        let add = |code: &str, of: &[&str], scopes: &[&[&str]]| {
            let mut args = vec!["client", "add", code, "--per-minute", "60000"];
            args.extend(of);
            scopes.iter().copied().flatten().for_each(|scope| args.extend(["--scope", scope]));
            installation.json(&args)["key"].as_str().unwrap().to_owned()
        };
        let desk = add("desk", &[], &[&FOR_MEMBERS, &FOR_THE_DESK]);
        let gm1 = add("siem.gm1", &["--organisation", "GM1"], &[&FOR_MEMBERS]);
        let gm2 = add("siem.gm2", &["--organisation", "GM2"], &[&FOR_MEMBERS]);
        let mut service = Self { installation, serving: None, port, desk, gm1, gm2 };
        service.serve();
        service
    }

    pub fn serve(&mut self) {
        let config = format!("[api]\nlisten = \"127.0.0.1:{}\"\n", self.port);
        self.serving = Some(Serving::start(&self.installation, &config));
    }

    pub fn stop(&mut self) {
        self.serving.take().map(Serving::stop);
    }

    fn send(&self, head: &str, body: &[u8]) -> Answer {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let length = body.len();
        write!(stream, "{head}Host: localhost\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n")
            .unwrap();
        // A body that is refused is not read to its end.
        let _ = stream.write_all(body);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        let answer = String::from_utf8(answer).unwrap();
        let (head, body) =
            answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer to {head}: {answer}"));
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Answer { status, head: head.to_owned(), body: body.to_owned() }
    }

    pub fn get(&self, token: &str, path: &str) -> Answer {
        self.send(&format!("GET {path} HTTP/1.1\r\nAuthorization: Bearer {token}\r\n"), b"")
    }

    pub fn v1(&self, token: &str, path: &str) -> Value {
        let answer = self.get(token, &format!("/api/v1{path}"));
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        answer.json()
    }

    pub fn post_with(&self, token: &str, path: &str, more: &str, body: &str) -> Answer {
        let head = format!("POST /api/v1{path} HTTP/1.1\r\nAuthorization: Bearer {token}\r\n{more}");
        self.send(&head, body.as_bytes())
    }

    pub fn post(&self, token: &str, path: &str, body: &Value) -> Answer {
        self.post_with(token, path, "Content-Type: application/json\r\n", &body.to_string())
    }

    pub fn form(&self, body: &str) -> Answer {
        let head = "POST /oauth2/token HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\n";
        self.send(head, body.as_bytes())
    }
}

pub fn ids(page: &Value) -> Vec<&str> {
    page["items"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap()).collect()
}
