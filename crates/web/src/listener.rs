//! Accepts connections and answers on them, with a limit on what a client may take of us before it has said who it is.

use std::{
    net::{IpAddr, SocketAddr, TcpListener},
    pin::pin,
    sync::Arc,
    thread::{self, JoinHandle},
    time::Duration,
};

use anyhow::Context;
use axum::Router;
use hyper::{Request, body::Incoming, server::conn::http1, service::Service, service::service_fn};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    sync::{Semaphore, oneshot, watch},
    task::JoinSet,
    time::timeout,
};

use crate::tls::Tls;

/// The head of a request comes within this time, and so does the next request on a connection that stays open: who sends it byte by byte
/// (slow-loris) loses the connection.
pub(crate) const HEAD_TIME_MAX: Duration = Duration::from_secs(10);

/// The head of a request: a token and a file name are far smaller.
const HEAD_BYTES_MAX: usize = 16 << 10;

/// Bytes of a request in memory at once: larger pieces make a large report no faster.
const BUFFER_BYTES_MAX: usize = 256 << 10;

/// Connections at once. Those beyond wait in the system's queue; nobody holds one for longer than the times above and below without sending.
const CONNECTIONS_MAX: usize = 512;

/// Requests that are still being answered get this long when the server stops; a client that hangs holds nothing up.
pub(crate) const STOP_MAX: Duration = Duration::from_secs(2);

/// After the system had no connection to give (too many open files), wait this long.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Threads for what waits for the disk: more than are busy at once, so that many small reports become durable by one sync.
const BLOCKING_THREADS_MAX: usize = 128;

/// Where a request came from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer(pub IpAddr);

/// A server that listens, or none when nothing was to listen.
#[derive(Debug)]
pub struct Handle {
    running: Option<Running>,
}

#[derive(Debug)]
struct Running {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    thread: JoinHandle<()>,
}

impl Handle {
    /// Listens to nothing.
    pub fn none() -> Self {
        Self { running: None }
    }

    /// Where it listens.
    pub fn address(&self) -> Option<SocketAddr> {
        self.running.as_ref().map(|running| running.address)
    }

    /// Stops, within a few seconds at most.
    pub fn stop(self) {
        let Some(Running { stop, thread, .. }) = self.running else { return };
        // It may have ended by itself; then there is nobody to hear this.
        let _ = stop.send(());
        if thread.join().is_err() {
            tracing::error!("a thread that answers HTTP stopped in an unexpected way");
        }
    }
}

/// Listens on an address, on a thread of its own, which is called `name`.
pub(crate) fn start(listen: &str, name: &str, tls: Option<Tls>, router: Router) -> anyhow::Result<Handle> {
    let listener = TcpListener::bind(listen)?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .enable_time()
        .max_blocking_threads(BLOCKING_THREADS_MAX)
        .build()
        .context("cannot start a server for HTTP")?;
    let (stop, stopped) = oneshot::channel();
    let thread = thread::Builder::new()
        .name(name.to_owned())
        .spawn(move || {
            runtime.block_on(run(listener, tls, router, stopped));
            // What waits for the disk is finished; who waits for a client is not waited for.
            runtime.shutdown_timeout(STOP_MAX);
        })
        .context("cannot start a thread for HTTP")?;
    Ok(Handle { running: Some(Running { address, stop, thread }) })
}

async fn run(listener: TcpListener, tls: Option<Tls>, router: Router, mut stopped: oneshot::Receiver<()>) {
    let listener = match tokio::net::TcpListener::from_std(listener) {
        Ok(listener) => listener,
        Err(error) => {
            tracing::error!(%error, "HTTP cannot be served");
            return;
        }
    };
    let (finish, finishing) = watch::channel(());
    let room = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let tls = tls.map(Arc::new);
    let mut connections = JoinSet::new();
    loop {
        let accepted = async {
            let permit = Arc::clone(&room).acquire_owned().await;
            (listener.accept().await, permit)
        };
        let (accepted, permit) = tokio::select! {
            accepted = accepted => accepted,
            _ = &mut stopped => break,
        };
        // Those that have ended leave nothing behind.
        while connections.try_join_next().is_some() {}
        match accepted {
            Ok((stream, peer)) => {
                let (router, tls, finishing) = (router.clone(), tls.clone(), finishing.clone());
                connections.spawn(async move {
                    converse(stream, Peer(peer.ip().to_canonical()), tls, router, finishing).await;
                    drop(permit);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "a connection cannot be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop(finish);
    let all = async { while connections.join_next().await.is_some() {} };
    let _ = timeout(STOP_MAX, all).await;
}

async fn converse(
    stream: TcpStream,
    peer: Peer,
    tls: Option<Arc<Tls>>,
    router: Router,
    finishing: watch::Receiver<()>,
) {
    // Answers are small and wanted at once; a system that cannot do this sends them all the same.
    let _ = stream.set_nodelay(true);
    let Some(tls) = tls else { return answer(stream, peer, router, finishing).await };
    match timeout(HEAD_TIME_MAX, tls.acceptor().accept(stream)).await {
        Ok(Ok(stream)) => answer(stream, peer, router, finishing).await,
        // Strangers knock on every port: that is no news.
        Ok(Err(error)) => tracing::debug!(%error, "no TLS"),
        Err(_) => tracing::debug!("TLS took too long"),
    }
}

async fn answer(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    peer: Peer,
    router: Router,
    mut finishing: watch::Receiver<()>,
) {
    let router = TowerToHyperService::new(router);
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(peer);
        router.call(request)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIME_MAX)
        .max_header_size(HEAD_BYTES_MAX)
        .max_buf_size(BUFFER_BYTES_MAX)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => Some(ended),
        _ = finishing.changed() => None,
    };
    let ended = match ended {
        Some(ended) => ended,
        None => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection broke off");
    }
}
