//! One question over HTTP, on a connection of its own.

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
};

use anyhow::Context;

/// What was answered.
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The lines before the empty one.
    pub head: String,
    /// What follows it.
    pub body: Vec<u8>,
}

/// A port of this machine that nothing listens on.
pub fn free_port() -> anyhow::Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0)).context("no port is free")?.local_addr()?.port())
}

/// Asks; `more` are header lines, each with its end. A form goes along when there is one.
pub fn ask(port: u16, path: &str, more: &str, form: Option<&str>) -> anyhow::Result<Answer> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).context("the service does not listen")?;
    let head = match form {
        None => {
            format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n{more}\r\n")
        }
        Some(form) => format!(
            "POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n{more}\r\n{form}",
            form.len()
        ),
    };
    stream.write_all(head.as_bytes())?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n").context("half an answer")?;
    let body = answer.split_off(end + 4);
    let head = String::from_utf8_lossy(&answer).into_owned();
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).context("no status")?;
    Ok(Answer { status, head, body })
}

/// Asks, and takes nothing but a page for an answer.
pub fn page(port: u16, path: &str, more: &str) -> anyhow::Result<Answer> {
    let answer = ask(port, path, more, None)?;
    anyhow::ensure!(answer.status == 200, "{path}: {}", answer.head);
    Ok(answer)
}
