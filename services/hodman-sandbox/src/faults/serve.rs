//! Serving a router on a socket whose connections can be cut.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use axum::Router;
use axum::extract::connect_info::Connected;
use axum::extract::{ConnectInfo, Request};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use super::Faults;

/// Cuts the connection a request came on: the next byte written to it fails.
#[derive(Debug, Clone, Default)]
pub struct Hangup(Arc<AtomicBool>);

impl Hangup {
    /// Cuts it.
    pub fn hang_up(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    fn check(&self) -> io::Result<()> {
        if self.0.load(Ordering::SeqCst) {
            Err(io::ErrorKind::ConnectionReset.into())
        } else {
            Ok(())
        }
    }
}

impl Connected<IncomingStream<'_, CuttableListener>> for Hangup {
    fn connect_info(stream: IncomingStream<'_, CuttableListener>) -> Self {
        stream.io().hangup.clone()
    }
}

struct CuttableListener(TcpListener);

impl Listener for CuttableListener {
    type Io = CuttableStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        let (stream, addr) = Listener::accept(&mut self.0).await;
        (
            CuttableStream {
                stream,
                hangup: Hangup::default(),
            },
            addr,
        )
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        self.0.local_addr()
    }
}

struct CuttableStream {
    stream: TcpStream,
    hangup: Hangup,
}

impl AsyncRead for CuttableStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for CuttableStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.hangup.check()?;
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.hangup.check()?;
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// A running server; dropping it stops it.
#[derive(Debug)]
pub struct Server {
    addr: SocketAddr,
    stop: watch::Sender<bool>,
    task: tokio::task::JoinHandle<()>,
}

impl Server {
    /// The address it listens on.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// `http://` and the address, without a slash at the end.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// Stops accepting and closes idle connections; requests in work are given `patience`.
    pub async fn shutdown(mut self, patience: std::time::Duration) {
        self.stop.send_replace(true);
        if tokio::time::timeout(patience, &mut self.task)
            .await
            .is_err()
        {
            self.task.abort();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.send_replace(true);
    }
}

/// Binds `addr` (port 0: any free one) and serves `router` with the fault rules around it.
///
/// # Errors
/// The address cannot be bound.
pub async fn serve(addr: SocketAddr, router: Router, faults: &Faults) -> io::Result<Server> {
    let listener = std::net::TcpListener::bind(addr)?;
    serve_on(listener, router, faults)
}

/// Serves on a port that is bound, as [`serve`] does; called within the runtime.
///
/// # Errors
/// The listener is not usable.
pub fn serve_on(
    listener: std::net::TcpListener,
    router: Router,
    faults: &Faults,
) -> io::Result<Server> {
    listener.set_nonblocking(true)?;
    let listener = TcpListener::from_std(listener)?;
    let addr = listener.local_addr()?;
    let app = router
        .layer(middleware::from_fn_with_state(
            faults.clone(),
            super::middleware,
        ))
        .merge(faults.router())
        .layer(middleware::from_fn(remember_connection));
    let (stop, mut stopped) = watch::channel(false);
    let service = app.into_make_service_with_connect_info::<Hangup>();
    let task = tokio::spawn(async move {
        let until_stopped = async move {
            // An error means the handle is gone, which is a stop as well.
            let _gone = stopped.wait_for(|stop| *stop).await;
        };
        if let Err(error) = axum::serve(CuttableListener(listener), service)
            .with_graceful_shutdown(until_stopped)
            .await
        {
            tracing::error!(%error, "the sandbox server stopped");
        }
    });
    Ok(Server { addr, stop, task })
}

/// Makes the connection's switch readable by the fault middleware.
async fn remember_connection(
    ConnectInfo(hangup): ConnectInfo<Hangup>,
    mut request: Request,
    next: Next,
) -> Response {
    request.extensions_mut().insert(hangup);
    next.run(request).await
}
