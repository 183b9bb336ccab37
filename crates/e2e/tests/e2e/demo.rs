//! The demo as anybody can try it: a day, the next day, and the portal.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    process::Stdio,
};

use crate::{
    installation::{Installation, count},
    program::{run, schakel, terminate},
};

/// Fewer rows than the demo makes up by itself.
const ROWS: &str = "4000";

#[test]
fn a_day_is_told_and_of_the_next_day_only_what_is_new() {
    let installation = Installation::empty();
    let folder = installation.path("demo");
    let day =
        || run(schakel().args(["demo", "--rows", ROWS, "--json", "--data"]).arg(&folder)).ended(0).json();
    let (first, second) = (day(), day());
    for day in [&first, &second] {
        assert_eq!(day["balanced"], true, "{day}");
        assert!(count(&day["rows"]) >= 4000 && count(&day["mails"]) > 100, "{day}");
        assert_eq!(day["mails"], day["notifications"], "{day}");
    }
    assert!(count(&second["findings_seen"]) > count(&second["findings_new"]), "{first} {second}");
    assert_ne!(first["date"], second["date"]);
    let verified = run(schakel().args(["verify", "--json", "--data"]).arg(&folder)).ended(0).json();
    assert_eq!(verified["ok"], true, "{verified}");
    let shown = run(schakel().args(["demo", "--rows", ROWS, "--data"]).arg(&folder)).ended(0).stdout;
    for part in ["It balances.", "Next, try", "--portal"] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
}

#[test]
fn a_made_up_person_signs_in_to_its_portal_by_a_link() {
    let installation = Installation::empty();
    let mut command = schakel();
    command.args(["demo", "--rows", ROWS, "--portal", "--data"]).arg(installation.path("demo"));
    let mut demo = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut lines = BufReader::new(demo.stdout.take().unwrap()).lines().map(Result::unwrap);
    let line = lines.find(|line| line.trim_start().starts_with("http://")).expect("a link of somebody");
    let link = line.split_whitespace().next().unwrap();
    let (address, path) = link.strip_prefix("http://").unwrap().split_once('/').unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET /{path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    terminate(demo.id());
    assert!(demo.wait().unwrap().success());
    assert!(answer.starts_with("HTTP/1.1 303") && answer.contains("__Host-"), "{answer}");
}
