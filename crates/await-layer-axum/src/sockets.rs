//! All the sockets of a server.

use std::fmt;
use std::sync::Arc;

use await_layer::WsAwait;
use await_layer_websocket::tungstenite::protocol::WebSocketConfig;
use tokio::sync::watch;

use crate::{Config, ConfigError, Frame};

/// How a server's sockets are set up, and which of them are open: the state
/// that [`Upgrade`](crate::Upgrade) needs. Cheap to clone.
///
/// axum's own graceful shutdown forgets sockets; this ends them well:
///
/// ```no_run
/// # use await_layer_axum::Sockets;
/// # async fn example(listener: tokio::net::TcpListener, app: axum::Router<Sockets>) -> std::io::Result<()> {
/// # let told_to_stop = async {};
/// let sockets = Sockets::default();
/// let app = app.with_state(sockets.clone());
/// let stop = async move {
///     told_to_stop.await;
///     sockets.shutdown().await;
/// };
/// axum::serve(listener, app).with_graceful_shutdown(stop).await
/// # }
/// ```
///
/// To make it part of a larger state, implement
/// [`FromRef`](axum::extract::FromRef) for it.
pub struct Sockets<P = WsAwait<Frame>> {
    config: Arc<Config<P>>,
    bounds: WebSocketConfig,
    /// Whether the server is going away. Every open socket holds a receiver.
    leaving: Arc<watch::Sender<bool>>,
}

impl<P> Sockets<P> {
    /// Sockets that are set up as `config` says.
    ///
    /// # Errors
    /// A configuration that cannot work.
    pub fn new(config: Config<P>) -> Result<Self, ConfigError>
    where
        P: Clone,
    {
        let bounds = config.check()?;
        Ok(Self {
            config: Arc::new(config),
            bounds,
            leaving: Arc::new(watch::Sender::new(false)),
        })
    }

    /// Sockets that are open now, or are being closed.
    #[must_use]
    pub fn open(&self) -> usize {
        self.leaving.receiver_count()
    }

    /// Begins what [`shutdown`](Self::shutdown) does and does not wait for it.
    pub fn begin_shutdown(&self) {
        self.leaving.send_replace(true);
    }

    /// Ends all sockets well, and waits for that: new ones are refused with
    /// status 503; in those that are open nothing new may start, and calls in
    /// flight and answers that are due have
    /// [`close_timeout`](await_layer::Limits::close_timeout) to finish; then
    /// the peer is told code 1001.
    ///
    /// A socket whose handshake is under way is not waited for, and told as
    /// soon as it is there.
    ///
    /// Afterwards each [`on_upgrade`](crate::Upgrade::on_upgrade) future has as
    /// long again to finish, and is dropped. So the whole takes twice
    /// `close_timeout` at most.
    ///
    /// # Cancel safety
    /// Dropping it loses nothing: the shutdown goes on, and can be waited for
    /// again.
    pub async fn shutdown(&self) {
        self.begin_shutdown();
        self.leaving.closed().await;
    }

    pub(crate) fn config(&self) -> &Config<P> {
        &self.config
    }

    /// What tungstenite is to allow.
    pub(crate) fn bounds(&self) -> WebSocketConfig {
        self.bounds
    }

    pub(crate) fn is_leaving(&self) -> bool {
        *self.leaving.borrow()
    }

    /// A socket's place among those that are open.
    pub(crate) fn tally(&self) -> Tally {
        Tally(self.leaving.clone())
    }
}

/// The defaults, with the ws-await wire.
impl Default for Sockets {
    #[expect(
        clippy::expect_used,
        reason = "no input decides it, and the tests take the defaults"
    )]
    fn default() -> Self {
        Self::new(Config::default()).expect("the defaults work")
    }
}

impl<P> Clone for Sockets<P> {
    fn clone(&self) -> Self {
        Self {
            config: self.config.clone(),
            bounds: self.bounds,
            leaving: self.leaving.clone(),
        }
    }
}

impl<P> fmt::Debug for Sockets<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sockets")
            .field("open", &self.open())
            .field("leaving", &self.is_leaving())
            .finish_non_exhaustive()
    }
}

/// What a socket needs of the sockets to be counted as one of them.
#[derive(Clone, Debug)]
pub(crate) struct Tally(Arc<watch::Sender<bool>>);

impl Tally {
    /// Counts from now on.
    pub(crate) fn open(&self) -> Open {
        Open {
            told: self.0.subscribe(),
            _teller: self.0.clone(),
        }
    }
}

/// An open socket: counted until it is dropped.
#[derive(Debug)]
pub(crate) struct Open {
    told: watch::Receiver<bool>,
    /// Without it there would be no telling whether it was told at all.
    _teller: Arc<watch::Sender<bool>>,
}

impl Open {
    /// Ready once the server is going away. Cancel safe.
    pub(crate) async fn leave(&mut self) {
        let told = self.told.wait_for(|leaving| *leaving).await;
        debug_assert!(told.is_ok(), "the teller is held here");
    }
}
