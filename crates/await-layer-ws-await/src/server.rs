//! The server: accepts, and configures every socket.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use await_layer_tungstenite::tungstenite::protocol::WebSocketConfig;
use await_layer_tungstenite::{HandshakeError, tokio_tungstenite};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, ToSocketAddrs};
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tokio_util::compat::TokioAsyncReadCompatExt;

use crate::validate::Live;
use crate::{Config, ConnectError, Events, Settings, ValidationError, WebSocketAwait};

/// Handshakes under way, and sockets that wait to be taken, at most: what
/// strangers can make us hold before they are anybody.
const MAX_WAITING: usize = 64;
/// How long a client may take for its handshake.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// Accepts WebSockets and gives each the server's settings. Share it in an
/// `Arc` to change them from elsewhere.
///
/// No origin is checked: browsers want await-layer-axum.
pub struct WebSocketAwaitServer {
    listener: TcpListener,
    live: Live,
    config: Config,
    handshake: Handshake,
    waiting: Arc<Semaphore>,
    done: (
        async_channel::Sender<Shaken>,
        async_channel::Receiver<Shaken>,
    ),
    failed: Arc<AtomicU64>,
}

/// Done with its handshake: how to make a socket of it, with the settings of
/// the moment when it is taken.
type Shaken = Box<dyn FnOnce(Config) -> Result<(WebSocketAwait, Events), ValidationError> + Send>;

/// How the server shakes hands.
#[derive(Clone)]
struct Handshake {
    websocket: WebSocketConfig,
    compressing: Option<await_layer_deflate::Config>,
}

impl Handshake {
    async fn with<T>(&self, stream: T) -> Result<Shaken, ConnectError>
    where
        T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        if let Some(config) = &self.compressing {
            let stream = stream.compat();
            let shaken = await_layer_deflate::WebSocket::server(stream, config, |_, _| Ok(()));
            let websocket = shaken.await?;
            return Ok(Box::new(|config| {
                WebSocketAwait::over_deflate(websocket, config)
            }));
        }
        let shaken = tokio_tungstenite::accept_async_with_config(stream, Some(self.websocket));
        let stream = shaken.await.map_err(HandshakeError::from)?;
        Ok(Box::new(|config| {
            WebSocketAwait::over_tungstenite(stream, false, config)
        }))
    }
}

impl WebSocketAwaitServer {
    /// Listens at `address`. The settings are checked first.
    ///
    /// # Errors
    /// Settings that cannot be used, or the system's refusal to listen.
    pub async fn bind(
        address: impl ToSocketAddrs,
        config: impl Into<Config>,
    ) -> Result<Self, ConnectError> {
        let config = config.into();
        config.settings.validate()?;
        let listener = TcpListener::bind(address).await;
        Self::on(listener.map_err(HandshakeError::from)?, config)
    }

    /// On a listener that is there already.
    ///
    /// # Errors
    /// Settings that cannot be used.
    pub fn on(listener: TcpListener, config: impl Into<Config>) -> Result<Self, ConnectError> {
        let config = config.into();
        Ok(Self {
            listener,
            live: Live::new(config.settings.clone())?,
            handshake: Handshake {
                websocket: config.adapter().websocket()?,
                compressing: config.compressing()?,
            },
            config,
            waiting: Arc::new(Semaphore::new(MAX_WAITING)),
            done: async_channel::bounded(MAX_WAITING),
            failed: Arc::default(),
        })
    }

    /// The next socket whose handshake is done, with the settings of this
    /// moment. Up to 64 handshakes run beside each other, and one that takes
    /// longer than 10 s is dropped: fewer silent clients than that hold up
    /// nobody. They go on between calls, but new connections are taken only
    /// during one.
    ///
    /// Cancel safe. Any number of tasks may wait.
    ///
    /// # Errors
    /// What the system says of accepting: out of files, say. Wait a little and
    /// call again. A client that fails its handshake is no error, but counted.
    pub async fn accept(&self) -> io::Result<(WebSocketAwait, Events)> {
        let (sender, done) = &self.done;
        loop {
            let accept = async {
                let waiting = self.waiting.clone().acquire_owned().await;
                let accepted = self.listener.accept().await;
                accepted.map(|(stream, _)| (stream, waiting))
            };
            let (stream, waiting) = tokio::select! {
                biased;
                shaken = done.recv() => {
                    let shaken = shaken.map_err(io::Error::other)?;
                    return shaken(self.config_now()).map_err(io::Error::other);
                }
                accepted = accept => accepted?,
            };
            let (sender, failed) = (sender.clone(), self.failed.clone());
            let handshake = self.handshake.clone();
            tokio::spawn(async move {
                let shake = async {
                    stream.set_nodelay(true).ok()?;
                    handshake.with(stream).await.ok()
                };
                match timeout(HANDSHAKE, shake).await {
                    // Its permit is held until there is room.
                    Ok(Some(shaken)) => drop(sender.send(shaken).await),
                    _ => drop(failed.fetch_add(1, Ordering::Relaxed)),
                }
                drop(waiting);
            });
        }
    }

    fn config_now(&self) -> Config {
        Config {
            settings: Settings::clone(&self.live.get()),
            ..self.config.clone()
        }
    }

    /// A socket on a stream from elsewhere, TLS say, with the settings of this
    /// moment. It waits for as long as the client lets it.
    ///
    /// # Errors
    /// See [`ConnectError`].
    pub async fn accept_on<T>(&self, stream: T) -> Result<(WebSocketAwait, Events), ConnectError>
    where
        T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let shaken = self.handshake.with(stream).await?;
        Ok(shaken(self.config_now())?)
    }

    /// Where it listens.
    ///
    /// # Errors
    /// The system's.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// The settings for sockets that are accepted from now on.
    #[must_use]
    pub fn settings(&self) -> Settings {
        Settings::clone(&self.live.get())
    }

    /// Replaces the settings for sockets that are accepted from now on: all or
    /// none. Those that are there keep theirs.
    ///
    /// # Errors
    /// Every field that is wrong, by name; nothing has changed.
    pub fn set_settings(&self, settings: Settings) -> Result<(), ValidationError> {
        self.live.set(settings)
    }

    /// Changes the timeout of calls of sockets that are accepted from now on.
    ///
    /// # Errors
    /// A timeout of zero, or above 2^31 - 1 ms other than [`Duration::MAX`].
    pub fn set_await_timeout(&self, timeout: Duration) -> Result<(), ValidationError> {
        self.live.set_await_timeout(timeout)
    }

    /// Clients whose handshake failed so far.
    #[must_use]
    pub fn failed_handshakes(&self) -> u64 {
        self.failed.load(Ordering::Relaxed)
    }
}

impl fmt::Debug for WebSocketAwaitServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebSocketAwaitServer")
            .field("settings", &self.live)
            .finish_non_exhaustive()
    }
}
