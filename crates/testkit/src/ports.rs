//! Ports of loopback for servers that tests start.

use std::{
    hash::{BuildHasher, RandomState},
    io,
    net::{TcpListener, UdpSocket},
};

/// Below the ports that systems give to connections and to "any port" (Linux: 32768 and up; IANA: 49152 and up, RFC 6335): a port
/// from here stays free between the moment it is chosen and the moment a server takes it.
const FIRST: u64 = 10_000;
const LAST: u64 = 32_000;

/// A port of 127.0.0.1 that is free for TCP and UDP. Each call begins at a place of its own, so that tests side by side do not choose
/// the same one.
pub fn free_port() -> io::Result<u16> {
    let span = LAST - FIRST;
    let start = RandomState::new().hash_one(std::process::id()) % span;
    (0..span)
        .filter_map(|step| u16::try_from(FIRST + (start + step) % span).ok())
        .find(|port| both(*port).is_ok())
        .ok_or_else(|| io::Error::other("no port of loopback is free"))
}

/// A port of 127.0.0.1 that is held for both.
pub fn both(port: u16) -> io::Result<(TcpListener, UdpSocket)> {
    Ok((TcpListener::bind(("127.0.0.1", port))?, UdpSocket::bind(("127.0.0.1", port))?))
}
