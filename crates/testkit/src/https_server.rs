//! A small HTTPS server that answers what a test says, byte for byte.

use std::{
    io::{self, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use rustls::{ServerConnection, StreamOwned};

use crate::server_tls::ServerTls;

/// A request's head is read up to here.
const HEAD_BYTES_MAX: usize = 16 << 10;

/// What was asked.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// The path, with what stands behind a `?`.
    pub path: String,
    /// The whole head.
    pub head: String,
    /// The body, as long as the head says.
    pub body: Vec<u8>,
}

impl Asked {
    /// A line of the head; empty when it is not there.
    pub fn header(&self, name: &str) -> &str {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines
            .filter(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
            .next()
            .unwrap_or_default()
    }
}

/// What is answered: the bytes of the whole answer, head and body.
type Answer = dyn Fn(&Asked) -> Vec<u8> + Send + Sync;

/// A running server. Stopped when dropped.
#[derive(Debug)]
pub struct HttpsServer {
    address: SocketAddr,
    stop: Arc<AtomicBool>,
    requests: Arc<AtomicUsize>,
    thread: Option<JoinHandle<()>>,
}

impl HttpsServer {
    /// Listens on an address of loopback and answers each request by its path.
    pub fn start(
        listen: &str,
        tls: &ServerTls,
        answer: impl Fn(&str) -> Vec<u8> + Send + Sync + 'static,
    ) -> io::Result<Self> {
        Self::start_asked(listen, tls, move |asked| answer(&asked.path))
    }

    /// As [`Self::start`], and answers each request by all of it.
    pub fn start_asked(
        listen: &str,
        tls: &ServerTls,
        answer: impl Fn(&Asked) -> Vec<u8> + Send + Sync + 'static,
    ) -> io::Result<Self> {
        Self::start_dripping(listen, tls, Duration::ZERO, answer)
    }

    /// As [`Self::start_asked`], and waits so long before each byte of an answer.
    pub fn start_dripping(
        listen: &str,
        tls: &ServerTls,
        pause: Duration,
        answer: impl Fn(&Asked) -> Vec<u8> + Send + Sync + 'static,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind(listen)?;
        let address = listener.local_addr()?;
        let (stop, requests) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let (config, answer): (_, Arc<Answer>) = (Arc::clone(&tls.config), Arc::new(answer));
        let (stopping, counted) = (Arc::clone(&stop), Arc::clone(&requests));
        let thread = thread::spawn(move || {
            for stream in listener.incoming() {
                if stopping.load(Relaxed) {
                    return;
                }
                let (Ok(stream), config) = (stream, Arc::clone(&config)) else { continue };
                let (answer, counted) = (Arc::clone(&answer), Arc::clone(&counted));
                thread::spawn(move || {
                    // A client that goes away is no trouble of the server.
                    let _ = serve(stream, config, (&*answer, pause), &counted);
                });
            }
        });
        Ok(Self { address, stop, requests, thread: Some(thread) })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many requests came in.
    pub fn requests(&self) -> usize {
        self.requests.load(Relaxed)
    }
}

impl Drop for HttpsServer {
    fn drop(&mut self) {
        self.stop.store(true, Relaxed);
        // Wakes the thread that accepts.
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// An answer with this status and body; `more`: further lines of the head, each with its `\r\n`.
pub fn answer(status: &str, more: &str, body: &[u8]) -> Vec<u8> {
    let head =
        format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n{more}\r\n", body.len());
    [head.as_bytes(), body].concat()
}

fn serve(
    stream: TcpStream,
    config: Arc<rustls::ServerConfig>,
    (answer, pause): (&Answer, Duration),
    requests: &AtomicUsize,
) -> io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    let connection = ServerConnection::new(config).map_err(io::Error::other)?;
    let mut stream = StreamOwned::new(connection, stream);
    let mut head = Vec::new();
    let mut buffer = [0; 1024];
    let end_of = |head: &[u8]| head.windows(4).position(|end| end == b"\r\n\r\n").map(|at| at + 4);
    while end_of(&head).is_none() && head.len() < HEAD_BYTES_MAX {
        match stream.read(&mut buffer)? {
            0 => return Ok(()),
            count => head.extend_from_slice(&buffer[..count]),
        }
    }
    requests.fetch_add(1, Relaxed);
    let mut body = end_of(&head).map_or_else(Vec::new, |end| head.split_off(end));
    let head = String::from_utf8_lossy(&head).into_owned();
    let path = head.split(' ').nth(1).unwrap_or("/").to_owned();
    let mut asked = Asked { path, head, body: Vec::new() };
    let length: usize = asked.header("content-length").parse().unwrap_or(0);
    while body.len() < length {
        match stream.read(&mut buffer)? {
            0 => return Ok(()),
            count => body.extend_from_slice(&buffer[..count]),
        }
    }
    asked.body = body;
    let answer = answer(&asked);
    if pause.is_zero() {
        stream.write_all(&answer)?;
    } else {
        for byte in answer {
            thread::sleep(pause);
            stream.write_all(&[byte])?;
            stream.flush()?;
        }
    }
    stream.flush()?;
    stream.conn.send_close_notify();
    stream.flush()
}
