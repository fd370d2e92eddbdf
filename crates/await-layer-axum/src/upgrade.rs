//! From a request to a connection.

use std::fmt;
use std::future::Future;

use await_layer::{AwaitLayer, Link, Protocol, TokioTimer, WsAwait};
use await_layer_websocket::Capped;
use await_layer_websocket::tungstenite::protocol::WebSocketConfig;
use axum::extract::ws::{self, WebSocketUpgrade};
use axum::extract::{FromRef, FromRequestParts};
use axum::http::HeaderValue;
use axum::http::request::Parts;
use axum::response::Response;

use crate::attend::attend;
use crate::config::bound;
use crate::sockets::Tally;
use crate::{Config, Frame, Layer, Rejection, Socket, Sockets, WebSocket};

/// A request for a socket that may have one: an extractor, whose state is, or
/// [holds](FromRef), the [`Sockets`].
///
/// By the time a handler has it the `Origin` was checked. What a handler
/// checks itself, a session cookie say, it checks before
/// [`on_upgrade`](Self::on_upgrade) and answers with a response of its own.
///
/// ```
/// use await_layer::serve;
/// use await_layer_axum::{Sockets, Upgrade};
/// use axum::{Router, response::Response, routing::any};
/// use serde_json::{Value, json};
/// use std::convert::Infallible;
///
/// async fn socket(upgrade: Upgrade) -> Response {
///     upgrade.on_upgrade(|layer| async move {
///         let (handle, incoming) = layer.split();
///         // Asks the client, while the client asks.
///         let name = handle.send_await::<Value>(&json!({ "what": "your name?" }));
///         let answers = serve(incoming, 16, async |question: Value| {
///             Ok::<_, Infallible>(json!({ "echo": question }))
///         });
///         let (name, reason) = tokio::join!(name, answers);
///         println!("{name:?} left: {reason}");
///     })
/// }
///
/// let app: Router = Router::new().route("/socket", any(socket)).with_state(Sockets::default());
/// ```
///
/// # Rejection
/// See [`Rejection`].
#[must_use = "a client waits for the response that `on_upgrade` makes"]
pub struct Upgrade<P = WsAwait<Frame>> {
    upgrade: WebSocketUpgrade,
    config: await_layer_websocket::Config<P>,
    bounds: WebSocketConfig,
    subprotocol: Option<String>,
    tally: Tally,
}

impl<P> Upgrade<P> {
    /// The subprotocol that was chosen, if the client offered any and
    /// [`Config::subprotocols`] are set.
    #[must_use]
    pub fn subprotocol(&self) -> Option<&str> {
        self.subprotocol.as_deref()
    }

    /// The same with another protocol than the configuration's: one that
    /// depends on the [subprotocol](Self::subprotocol), or on who asks.
    pub fn speaking<Q>(self, protocol: Q) -> Upgrade<Q> {
        Upgrade {
            upgrade: self.upgrade,
            config: self.config.protocol(protocol),
            bounds: self.bounds,
            subprotocol: self.subprotocol,
            tally: self.tally,
        }
    }

    /// Accepts: the response, which the handler must return. `callback` gets
    /// the connection, in a task of its own, once the response is written.
    ///
    /// The connection lasts as long as the future that `callback` returns, and
    /// is closed well when it is ready; wait for
    /// [`Handle::closed`](await_layer::Handle::closed) in it to leave the end
    /// to the client. After a panic in it the peer is told code 1011.
    ///
    /// It does not drive the connection: nothing is read, and pings go
    /// unanswered, while nothing of it is polled. A future that has long to do
    /// elsewhere spawns [`Handle::driver`](await_layer::Handle::driver), after
    /// [`split`](AwaitLayer::split), before which requests are refused.
    ///
    /// The future outlives the connection, so it can clean up; only
    /// [`Sockets::shutdown`] drops it, some time after the connection has
    /// ended.
    pub fn on_upgrade<C, F>(self, callback: C) -> Response
    where
        P: Protocol<Frame = Frame> + Send + 'static,
        Link<WebSocket, Capped<P>, TokioTimer>: Send + Sync,
        C: FnOnce(Layer<P>) -> F + Send + 'static,
        F: Future<Output = ()> + Send + 'static,
    {
        let Self {
            upgrade,
            config,
            bounds,
            tally,
            ..
        } = self;
        upgrade.on_upgrade(move |socket: ws::WebSocket| {
            let open = tally.open();
            let grace = config.limits.close_timeout;
            let limits = config.limits.clone();
            let io = WebSocket::with(Socket::new(socket), bounds, config.keep_alive);
            let parting = io.parting();
            let layer = AwaitLayer::with(io, Capped::new(config), TokioTimer::new(), limits);
            let handle = layer.handle();
            // A callback that panics does so inside the future.
            let work = async move { callback(layer).await };
            attend(handle, parting, grace, open, work)
        })
    }
}

impl<P, S> FromRequestParts<S> for Upgrade<P>
where
    P: Protocol<Frame = Frame> + Clone + Send + Sync,
    S: Send + Sync,
    Sockets<P>: FromRef<S>,
{
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Rejection> {
        let sockets = Sockets::from_ref(state);
        let config = sockets.config();
        config.origins.check(parts).map_err(Rejection::Origin)?;
        if sockets.is_leaving() {
            return Err(Rejection::GoingAway);
        }
        let upgrade = WebSocketUpgrade::from_request_parts(parts, state)
            .await
            .map_err(Rejection::NoWebSocket)?;
        let bounds = sockets.bounds();
        let (upgrade, subprotocol) = choose(bound(upgrade, &bounds), config)?;
        Ok(Self {
            upgrade,
            config: config.websocket(),
            bounds,
            subprotocol,
            tally: sockets.tally(),
        })
    }
}

/// The first subprotocol of ours among those of the client's.
fn choose<P>(
    upgrade: WebSocketUpgrade,
    config: &Config<P>,
) -> Result<(WebSocketUpgrade, Option<String>), Rejection> {
    let spoken = &config.subprotocols;
    if spoken.is_empty() || upgrade.requested_protocols().next().is_none() {
        return Ok((upgrade, None));
    }
    let upgrade = upgrade.protocols(spoken.iter().cloned());
    let chosen = upgrade.selected_protocol().map(HeaderValue::to_str);
    match chosen {
        Some(Ok(name)) => {
            let name = name.to_owned();
            Ok((upgrade, Some(name)))
        }
        _ => Err(Rejection::Subprotocol(spoken.clone())),
    }
}

impl<P> fmt::Debug for Upgrade<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upgrade")
            .field("subprotocol", &self.subprotocol)
            .finish_non_exhaustive()
    }
}
