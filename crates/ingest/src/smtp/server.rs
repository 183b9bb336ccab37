//! Sockets and threads: one thread for each connection, of which there are few, since the senders are mail servers of ours.

use std::{
    fs, io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream},
    os::unix::{
        fs::PermissionsExt,
        net::{UnixListener, UnixStream},
    },
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::SeqCst},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use anyhow::Context;
use ipnet::IpNet;
use schakel_model::clock::Clock;

use super::{
    connection::{self, Stream},
    reply::line,
    session::Offer,
    settings::{Listen, SmtpSettings, Timeouts},
};
use crate::door::Spool;

/// How often a waiting thread looks whether it should stop.
pub(super) const TICK: Duration = Duration::from_millis(200);

/// A sender that takes no answer for so long has gone.
const WRITE_TIMEOUT: Duration = Duration::from_secs(30);

/// When no connection can be accepted (no file descriptors left), before the next attempt.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// What the connections share.
pub(super) struct Shared {
    pub(super) offer: Arc<Offer>,
    pub(super) timeouts: Timeouts,
    pub(super) spool: Arc<dyn Spool>,
    pub(super) clock: Clock,
    pub(super) stopping: AtomicBool,
    pub(super) received: AtomicU64,
    pub(super) refused: AtomicU64,
    peers: Vec<IpNet>,
    connections_max: usize,
    connections: AtomicUsize,
}

/// What came through the door since it was opened.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Counts {
    /// Mails in the spool.
    pub received: u64,
    /// Mails that were sent in whole or in part and are not in the spool.
    pub refused: u64,
    /// Connections now.
    pub connections: usize,
}

/// An open door. It closes when dropped.
pub struct Handle {
    shared: Arc<Shared>,
    places: Vec<Place>,
}

struct Place {
    bound: Bound,
    thread: Option<JoinHandle<()>>,
}

enum Bound {
    Tcp(SocketAddr),
    Unix(PathBuf),
}

/// Opens the door. The error says which setting is wrong, or where nobody can listen.
pub fn start(settings: &SmtpSettings, spool: Arc<dyn Spool>, clock: Clock) -> anyhow::Result<Handle> {
    start_with(settings, Timeouts::default(), spool, clock)
}

/// The same, with other time limits.
pub fn start_with(
    settings: &SmtpSettings,
    timeouts: Timeouts,
    spool: Arc<dyn Spool>,
    clock: Clock,
) -> anyhow::Result<Handle> {
    let shared = Arc::new(Shared {
        offer: Arc::new(offer(settings)?),
        timeouts,
        spool,
        clock,
        stopping: AtomicBool::new(false),
        received: AtomicU64::new(0),
        refused: AtomicU64::new(0),
        peers: settings.peers.iter().map(|text| network(text)).collect::<anyhow::Result<_>>()?,
        connections_max: settings.connections_max,
        connections: AtomicUsize::new(0),
    });
    let mut handle = Handle { shared, places: Vec::new() };
    for text in &settings.listen {
        let place = text
            .parse()
            .map_err(anyhow::Error::msg)
            .and_then(|listen| open(&listen, &handle.shared))
            .with_context(|| format!("cannot take mail in at {text} (doors.smtp.listen)"))?;
        handle.places.push(place);
    }
    Ok(handle)
}

impl Handle {
    /// The ports it listens on.
    pub fn addresses(&self) -> Vec<SocketAddr> {
        let address = |place: &Place| match place.bound {
            Bound::Tcp(address) => Some(address),
            Bound::Unix(_) => None,
        };
        self.places.iter().filter_map(address).collect()
    }

    /// What came through it.
    pub fn counts(&self) -> Counts {
        Counts {
            received: self.shared.received.load(SeqCst),
            refused: self.shared.refused.load(SeqCst),
            connections: self.shared.connections.load(SeqCst),
        }
    }

    /// Takes no more connections, lets mails that are just coming in come to their end for a short time, and closes.
    pub fn stop(mut self) {
        self.close();
    }

    fn close(&mut self) {
        self.shared.stopping.store(true, SeqCst);
        for place in &mut self.places {
            place.bound.wake();
            if let Some(thread) = place.thread.take()
                && thread.join().is_err()
            {
                tracing::error!("a thread that took mail in ended in an unexpected way");
            }
            if let Bound::Unix(path) = &place.bound {
                // Left over, it would be taken away at the next start.
                let _ = fs::remove_file(path);
            }
        }
        // Each connection ends by itself within this time.
        let deadline = Instant::now() + self.shared.timeouts.stop + 5 * TICK;
        while self.shared.connections.load(SeqCst) > 0 && Instant::now() < deadline {
            thread::sleep(TICK / 10);
        }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.close();
    }
}

impl Bound {
    /// Connects, so that the thread that accepts looks up.
    fn wake(&self) {
        match self {
            Self::Tcp(address) => {
                let mut address = *address;
                if address.ip().is_unspecified() {
                    address.set_ip(match address.ip() {
                        IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
                        IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
                    });
                }
                let _ = TcpStream::connect_timeout(&address, Duration::from_secs(1));
            }
            Self::Unix(path) => {
                let _ = UnixStream::connect(path);
            }
        }
    }
}

fn offer(settings: &SmtpSettings) -> anyhow::Result<Offer> {
    let SmtpSettings { hostname, recipients, .. } = settings;
    anyhow::ensure!(
        !hostname.is_empty() && hostname.bytes().all(|byte| byte.is_ascii_graphic()),
        "doors.smtp.hostname: `{hostname}` is no host name"
    );
    anyhow::ensure!(
        !recipients.is_empty() || settings.listen.is_empty(),
        "doors.smtp.recipients is empty: name the addresses that mail is taken for"
    );
    if let Some(wrong) = recipients.iter().find(|text| !text.contains('@') || text.ends_with('@')) {
        anyhow::bail!("doors.smtp.recipients: `{wrong}` is no address and no @domain");
    }
    Ok(Offer {
        protocol: settings.protocol,
        hostname: hostname.clone(),
        recipients: recipients.iter().map(|address| address.to_lowercase()).collect(),
        bytes_max: settings.bytes_max,
    })
}

fn network(text: &str) -> anyhow::Result<IpNet> {
    let network = text.parse().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
    network.with_context(|| format!("doors.smtp.peers: `{text}` is no address and no network"))
}

fn open(listen: &Listen, shared: &Arc<Shared>) -> anyhow::Result<Place> {
    match listen {
        Listen::Tcp(address) => {
            let listener = TcpListener::bind(address)?;
            let bound = Bound::Tcp(listener.local_addr()?);
            let accept = move || listener.accept().map(|(stream, peer)| (stream, Some(peer.ip())));
            Ok(Place { bound, thread: Some(accept_on_a_thread(accept, shared)?) })
        }
        Listen::Unix(path) => {
            remove_left_over(path)?;
            let listener = UnixListener::bind(path)?;
            // Our own group, to which the mail server's user is added, and nobody else.
            fs::set_permissions(path, fs::Permissions::from_mode(0o660))?;
            let accept = move || listener.accept().map(|(stream, _)| (stream, None));
            Ok(Place { bound: Bound::Unix(path.clone()), thread: Some(accept_on_a_thread(accept, shared)?) })
        }
    }
}

/// A socket that a killed program left behind would keep us from listening. One that answers is another program's.
fn remove_left_over(path: &Path) -> anyhow::Result<()> {
    match UnixStream::connect(path) {
        Ok(_) => anyhow::bail!("another program listens there"),
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
            fs::remove_file(path).context("cannot take away the socket that was left behind")
        }
        Err(_) => Ok(()),
    }
}

fn accept_on_a_thread<S: Stream>(
    accept: impl Fn() -> io::Result<(S, Option<IpAddr>)> + Send + 'static,
    shared: &Arc<Shared>,
) -> io::Result<JoinHandle<()>> {
    let shared = Arc::clone(shared);
    thread::Builder::new().name("mail-door".into()).spawn(move || {
        while !shared.stopping.load(SeqCst) {
            match accept() {
                Ok((stream, peer)) => admit(stream, peer.map(|peer| peer.to_canonical()), &shared),
                Err(error) => {
                    tracing::warn!(%error, "cannot accept a connection for mail");
                    thread::sleep(ACCEPT_PAUSE);
                }
            }
        }
    })
}

fn admit<S: Stream>(mut stream: S, peer: Option<IpAddr>, shared: &Arc<Shared>) {
    if shared.stopping.load(SeqCst) || stream.set_timeouts(TICK, WRITE_TIMEOUT).is_err() {
        return;
    }
    let known = may_connect(peer, &shared.peers);
    let refusal = if !known {
        tracing::warn!(?peer, "somebody who is not in doors.smtp.peers wanted to hand mail over");
        Some(line("554 5.7.1", "no mail is taken from your address"))
    } else if shared.connections.load(SeqCst) >= shared.connections_max {
        Some(line("421 4.3.2", "too many connections, try again later"))
    } else {
        None
    };
    if let Some(refusal) = refusal {
        // Who has gone already needs no answer.
        let _ = stream.write_all(refusal.as_bytes());
        return;
    }
    let place = Counted::new(shared);
    let spawned = thread::Builder::new().name("mail-in".into()).spawn(move || {
        connection::serve(stream, peer, &place.0);
    });
    if let Err(error) = spawned {
        tracing::error!(%error, "cannot serve a connection for mail");
    }
}

/// Whoever reaches a socket in the file system was let in by its permissions.
fn may_connect(peer: Option<IpAddr>, peers: &[IpNet]) -> bool {
    peer.is_none_or(|peer| peer.is_loopback() || peers.iter().any(|network| network.contains(&peer)))
}

/// Counts a connection for as long as it lives.
struct Counted(Arc<Shared>);

impl Counted {
    fn new(shared: &Arc<Shared>) -> Self {
        shared.connections.fetch_add(1, SeqCst);
        Self(Arc::clone(shared))
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.connections.fetch_sub(1, SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_and_the_peers_may_connect() {
        let peers = ["192.0.2.25", "2001:db8:25::/48"].map(|text| network(text).unwrap());
        for (peer, may) in [
            (None, true),
            (Some("127.0.0.1"), true),
            (Some("::1"), true),
            (Some("192.0.2.25"), true),
            (Some("192.0.2.26"), false),
            (Some("2001:db8:25:1::2"), true),
            (Some("2001:db8:26::2"), false),
        ] {
            let peer = peer.map(|peer| peer.parse().unwrap());
            assert_eq!(may_connect(peer, &peers), may, "{peer:?}");
        }
        assert!(network("mx.example").is_err());
    }
}
