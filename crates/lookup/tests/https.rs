//! Files over HTTPS from a real server on loopback, with names from a real name server.

#![allow(clippy::unwrap_used)]

use std::{
    fs,
    time::{Duration, Instant},
};

use schakel_lookup::{Lookup, https::FetchError, settings::OutgoingSettings};
use schakel_testkit::{
    https_server::{HttpsServer, answer},
    knot::Knot,
    server_tls::ServerTls,
};

struct World {
    knot: Knot,
    server: HttpsServer,
    folder: tempfile::TempDir,
}

impl World {
    /// `web.example` is the server; `inside.example` an address of an internal network, `both.example` the server and an internal one.
    fn new() -> Option<Self> {
        let knot = Knot::start(&[(
            "example",
            "web A 127.0.0.1\nmetadata A 169.254.169.254\ninside A 10.0.0.1\nmapped AAAA ::ffff:127.0.0.2\n\
             both A 127.0.0.1\nboth A 10.0.0.1\nnone TXT \"x\"\nother A 127.0.0.1\n",
        )])?;
        let tls = ServerTls::for_names(&["web.example", "both.example", "inside.example"]);
        let server = HttpsServer::start("127.0.0.1:0", &tls, |path| match path {
            "/token" => answer("200 OK", "", b"the token\n"),
            "/chunked" => {
                b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nthe \r\n5\r\ntoken\r\n0\r\n\r\n"
                    .to_vec()
            }
            "/moved" => answer("302 Found", "Location: /token\r\n", b""),
            "/huge" => answer("200 OK", "", &vec![b'x'; 10 << 20]),
            "/head" => answer("200 OK", &format!("X: {}\r\n", "x".repeat(100_000)), b""),
            "/to-metadata" => answer("302 Found", "Location: https://metadata.example/latest\r\n", b""),
            "/to-loopback" => answer("302 Found", "Location: https://[::1]/x\r\n", b""),
            "/to-mapped" => answer("302 Found", "Location: https://[::ffff:10.0.0.1]/x\r\n", b""),
            "/to-decimal" => answer("302 Found", "Location: https://167772161/x\r\n", b""),
            "/to-http" => answer("301 Moved", "Location: http://web.example/token\r\n", b""),
            "/to-file" => answer("301 Moved", "Location: file:///etc/passwd\r\n", b""),
            "/round" => answer("302 Found", "Location: /round\r\n", b""),
            "/nowhere" => answer("302 Found", "", b""),
            "/nonsense" => b"220 smtp.example ESMTP\r\n".to_vec(),
            "/silent" => {
                std::thread::sleep(Duration::from_secs(5));
                Vec::new()
            }
            _ => answer("404 Not Found", "", b"no"),
        })
        .unwrap();
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("ca.pem"), &tls.certificate_pem).unwrap();
        Some(Self { knot, server, folder })
    }

    fn lookup(&self, allow: &[&str]) -> Lookup {
        Lookup::new(&OutgoingSettings {
            allow: allow.iter().map(|net| (*net).to_owned()).collect(),
            resolvers: vec![self.knot.address().to_string()],
            timeout_seconds: 2,
            ca_file: self.folder.path().join("ca.pem"),
            ..OutgoingSettings::default()
        })
        .unwrap()
    }

    fn url(&self, host: &str, path: &str) -> String {
        format!("https://{host}:{}{path}", self.server.address().port())
    }
}

#[test]
fn a_file_is_fetched_within_its_limits_and_nothing_else() {
    let Some(world) = World::new() else { return };
    let lookup = world.lookup(&["127.0.0.1/32"]);
    let get = |path: &str| lookup.file(&world.url("web.example", path));
    assert_eq!(get("/token").unwrap(), b"the token\n");
    assert_eq!(get("/chunked").unwrap(), b"the token");
    assert_eq!(get("/moved").unwrap(), b"the token\n");
    assert!(matches!(get("/missing"), Err(FetchError::Status { status: 404, .. })));
    assert!(matches!(get("/nowhere"), Err(FetchError::Status { status: 302, .. })));
    assert!(matches!(get("/huge"), Err(FetchError::TooLarge { .. })));
    assert!(matches!(get("/round"), Err(FetchError::Redirects(_))));
    for path in ["/head", "/nonsense"] {
        assert!(matches!(get(path), Err(FetchError::Failed { .. })), "{path}: {:?}", get(path));
    }
    let started = Instant::now();
    assert!(matches!(get("/silent"), Err(FetchError::Timeout(_))));
    assert!(started.elapsed() < Duration::from_secs(4), "{:?}", started.elapsed());
}

#[test]
fn a_redirect_to_an_internal_address_is_refused() {
    let Some(world) = World::new() else { return };
    let lookup = world.lookup(&["127.0.0.1/32"]);
    let get = |path: &str| lookup.file(&world.url("web.example", path));
    for path in ["/to-metadata", "/to-loopback", "/to-mapped", "/to-decimal"] {
        assert!(matches!(get(path), Err(FetchError::Refused { .. })), "{path}: {:?}", get(path));
    }
    for path in ["/to-http", "/to-file"] {
        assert!(matches!(get(path), Err(FetchError::NotHttps(_))), "{path}: {:?}", get(path));
    }
}

#[test]
fn by_default_no_name_leads_to_our_own_network() {
    let Some(world) = World::new() else { return };
    let lookup = world.lookup(&[]);
    for host in [
        "web.example",
        "inside.example",
        "mapped.example",
        "metadata.example",
        "127.0.0.1",
        "[::1]",
        "localhost",
        "0x7f.1",
    ] {
        let result = lookup.file(&world.url(host, "/token"));
        let refused = matches!(result, Err(FetchError::Refused { .. }));
        // `localhost` is asked like any other name, and no name server of ours knows it.
        assert!(
            refused || (host == "localhost" && matches!(result, Err(FetchError::Dns(_)))),
            "{host}: {result:?}"
        );
    }
    assert_eq!(world.server.requests(), 0);
    assert!(matches!(lookup.file("https://none.example/"), Err(FetchError::NoAddress(_))));
    assert!(matches!(lookup.file("http://web.example/"), Err(FetchError::NotHttps(_))));
    assert!(matches!(lookup.file("no url"), Err(FetchError::Url(_))));
}

#[test]
fn of_a_name_with_several_addresses_only_those_that_may_be_reached_are() {
    let Some(world) = World::new() else { return };
    let lookup = world.lookup(&["127.0.0.1/32"]);
    assert_eq!(lookup.file(&world.url("both.example", "/token")).unwrap(), b"the token\n");
}

#[test]
fn a_certificate_for_another_name_or_by_nobody_we_trust_is_refused() {
    let Some(world) = World::new() else { return };
    let lookup = world.lookup(&["127.0.0.1/32"]);
    let other = lookup.file(&world.url("other.example", "/token"));
    assert!(matches!(other, Err(FetchError::Failed { .. })), "{other:?}");
    let browsers = Lookup::new(&OutgoingSettings {
        allow: vec!["127.0.0.1".into()],
        resolvers: vec![world.knot.address().to_string()],
        ..OutgoingSettings::default()
    })
    .unwrap();
    let untrusted = browsers.file(&world.url("web.example", "/token"));
    assert!(matches!(untrusted, Err(FetchError::Failed { .. })), "{untrusted:?}");
    assert_eq!(world.server.requests(), 0);
}
