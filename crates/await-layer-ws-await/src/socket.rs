//! A connection, from either end.

use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;
use std::time::Duration;

use await_layer::{AwaitLayer, CloseReason, Handle, Link, Stats, TokioTimer, Transport};
use bytes::Bytes;

use crate::codec::Codec;
use crate::frame::{Control, Frame};
use crate::hooks::guarded;
use crate::id::Recent;
use crate::protocol::{Dynamic, Once};
use crate::transport::{Wire, wire};
use crate::validate::Live;
use crate::{
    Ask, AwaitId, Call, Capabilities, Config, Data, Events, Goodbye, HookError, InvalidClose,
    ResAwait, SendCause, SendError, SendOptions, Sending, Settings, ValidationError, WireFrame,
};

pub(crate) type L = Link<Wire, Dynamic, TokioTimer>;

/// A WebSocket with `send_await`, as the npm package ws-await has it. Cheap to
/// clone; client and server ends are the same type.
///
/// A task on tokio's runtime drives it: pings are answered and calls settle
/// whoever else is polled. It lives as long as a clone of it, its [`Events`] or
/// a call; dropping the last one drops the connection without a goodbye, so
/// await [`close`](Self::close).
///
/// Take the [`Events`] in time, or drop them: what is not taken stops the
/// reading while no call is pending, pings included
/// ([`Overflow`](await_layer::Overflow)).
#[derive(Clone)]
pub struct WebSocketAwait(Arc<Shared>);

struct Shared {
    handle: Handle<L>,
    live: Arc<Live>,
    capabilities: Capabilities,
    recent: Arc<Mutex<Recent>>,
    ignored: AtomicU64,
}

impl WebSocketAwait {
    /// Over any WebSocket transport whose handshake is done: that of
    /// await-layer-tungstenite, or one of your own with its [`WireFrame`].
    ///
    /// # Errors
    /// Settings that cannot be used; `io` is dropped.
    ///
    /// # Panics
    /// Outside of tokio's runtime.
    pub fn over<S, F>(
        io: S,
        capabilities: Capabilities,
        config: impl Into<Config>,
    ) -> Result<(Self, Events), ValidationError>
    where
        S: Transport<F> + Send + 'static,
        S::Error: Send,
        F: WireFrame + Send + 'static,
    {
        let config = config.into();
        let live = Arc::new(Live::new(config.settings)?);
        let recent = Arc::default();
        let protocol = Dynamic {
            codec: Codec::new(live.clone(), config.max_message),
            recent: Arc::clone(&recent),
        };
        let io = wire(io, live.clone(), config.limits.max_inbound);
        let layer = AwaitLayer::with(io, protocol, TokioTimer::new(), config.limits);
        let (handle, incoming) = layer.split();
        tokio::spawn(handle.driver());
        let events = Events::new(incoming, handle.closed(), capabilities);
        let socket = Self(Arc::new(Shared {
            handle,
            live,
            capabilities,
            recent,
            ignored: AtomicU64::new(0),
        }));
        Ok((socket, events))
    }

    /// Sends `data` without an id. Ready once it is written out.
    pub fn send(&self, data: impl Into<Data>) -> Sending {
        self.send_with(data, SendOptions::default())
    }

    /// As [`send`](Self::send), with options.
    pub fn send_with(&self, data: impl Into<Data>, options: SendOptions) -> Sending {
        match self.allow(self.0.capabilities, options) {
            Ok(options) => self.put(Frame::send(data.into(), options)),
            Err(error) => Sending::failed(error),
        }
    }

    /// Sends `data` with an id. Ready when the reply that carries it has come.
    pub fn send_await(&self, data: impl Into<Data>) -> Call {
        self.send_await_with(data, SendOptions::default())
    }

    /// As [`send_await`](Self::send_await), with options.
    pub fn send_await_with(&self, data: impl Into<Data>, options: SendOptions) -> Call {
        self.call(data.into(), options).unwrap_or_else(Call::failed)
    }

    fn call(&self, data: Data, options: SendOptions) -> Result<Call, SendError> {
        let options = self.allow(self.0.capabilities, options)?;
        let settings = self.0.live.get();
        let once = Once::new(Frame::send(data, options));
        let call = self.0.handle.send_await::<Frame>(&once);
        let call = call.timeout(settings.await_timeout());
        Ok(Call::new(match self.own_id(&settings)? {
            Some(id) => call.with_id(id),
            None => call,
        }))
    }

    /// An id of the user's generator, if there is one.
    fn own_id(&self, settings: &Settings) -> Result<Option<AwaitId>, SendError> {
        if settings.generates_as_usual() {
            return Ok(None);
        }
        let id = guarded("generate_await_id", || settings.generate_await_id())
            .and_then(AwaitId::bounded)
            .map_err(|error| SendCause::Hook(error.into()))?;
        if id.is_falsy() {
            return Err(SendCause::FalsyId.into());
        }
        if !id.comes_back() {
            let why =
                "JavaScript gives this number back as another: make text, or integers to 2^53";
            return Err(SendCause::Hook(HookError::from(why).into()).into());
        }
        let mut recent = self.0.recent.lock().unwrap_or_else(PoisonError::into_inner);
        recent.remember(&id);
        Ok(Some(id))
    }

    /// Answers a request, over the connection that it came over; ready, with
    /// its id, once the answer is written out. An answer that fails cannot be
    /// given again: the peer waits until its own timeout.
    pub fn res_await(&self, data: impl Into<Data>, ask: Ask) -> ResAwait {
        self.res_await_with(data, ask, SendOptions::default())
    }

    /// As [`res_await`](Self::res_await), with options.
    pub fn res_await_with(
        &self,
        data: impl Into<Data>,
        ask: Ask,
        options: SendOptions,
    ) -> ResAwait {
        let (id, responder, capabilities) = ask.into_parts();
        let sending = match self.allow(capabilities, options) {
            Ok(options) => Sending::new(responder.reply_frame(Frame::send(data.into(), options))),
            Err(error) => Sending::failed(error),
        };
        ResAwait::new(id, sending)
    }

    /// Sends a ping of at most 125 bytes, which a live peer answers.
    pub fn ping(&self, payload: impl Into<Bytes>) -> Sending {
        self.put(Frame::Ping(Control::new(payload.into(), None)))
    }

    /// Sends a pong that nobody asked for, of at most 125 bytes.
    pub fn pong(&self, payload: impl Into<Bytes>) -> Sending {
        self.put(Frame::Pong(Control::new(payload.into(), None)))
    }

    fn put(&self, frame: Frame) -> Sending {
        Sending::new(self.0.handle.send(&Once::new(frame)))
    }

    fn allow(
        &self,
        capabilities: Capabilities,
        options: SendOptions,
    ) -> Result<SendOptions, SendError> {
        let ignore = self.0.live.get().ignore_unsupported();
        let allowed = capabilities.allow(options, |unsupported| {
            if !ignore {
                return Err(unsupported);
            }
            self.0.ignored.fetch_add(1, Ordering::Relaxed);
            Ok(())
        });
        allowed.map_err(|unsupported| SendCause::Unsupported(unsupported).into())
    }

    /// Ends the connection well, with code 1000: calls in flight and answers
    /// that are due may finish within
    /// [`close_timeout`](await_layer::Limits::close_timeout).
    pub async fn close(&self) -> CloseReason {
        self.0.handle.close().await
    }

    /// As [`close`](Self::close), with a code and a reason for the peer. Once a
    /// close is under way its code stays.
    ///
    /// Dropping the future leaves a close that was polled once under way, though
    /// possibly with code 1000.
    ///
    /// # Errors
    /// A code or reason that may not go over the wire; nothing has happened then.
    pub async fn close_with(&self, code: u16, reason: &str) -> Result<CloseReason, InvalidClose> {
        let goodbye = Goodbye::new(code, reason)?;
        let mut said = self.put(Frame::Close(goodbye));
        // Its place in the queue is before the end of the queue; it is refused
        // if a close is under way. What is waited for is the close, which has a
        // time limit.
        poll_fn(|cx| {
            let _ = Pin::new(&mut said).poll(cx);
            Poll::Ready(())
        })
        .await;
        Ok(self.close().await)
    }

    /// Ready once the connection has ended, whoever ended it.
    pub async fn closed(&self) -> CloseReason {
        self.0.handle.closed().await
    }

    /// The settings in use.
    #[must_use]
    pub fn settings(&self) -> Settings {
        Settings::clone(&self.0.live.get())
    }

    /// Replaces the settings, for this connection and all clones: all or none.
    /// What is packed or comes later goes by the new ones, even if it waits in
    /// the queue already or answers a call from before.
    ///
    /// To change some: `socket.set_settings(socket.settings().with_…)`.
    ///
    /// # Errors
    /// Every field that is wrong, by name; nothing has changed.
    pub fn set_settings(&self, settings: Settings) -> Result<(), ValidationError> {
        self.0.live.set(settings)
    }

    /// Changes how long calls that start later may take.
    ///
    /// # Errors
    /// A timeout of zero, or above 2^31 - 1 ms other than [`Duration::MAX`].
    pub fn set_await_timeout(&self, timeout: Duration) -> Result<(), ValidationError> {
        self.0.live.set_await_timeout(timeout)
    }

    /// Calls that wait for their reply; may be useful for balancing.
    #[must_use]
    pub fn await_list_size(&self) -> usize {
        self.0.handle.in_flight()
    }

    /// What the transport can do of the [`SendOptions`].
    #[must_use]
    pub fn capabilities(&self) -> Capabilities {
        self.0.capabilities
    }

    /// Options that were left out so far, because they could not be had and
    /// [`ignore_unsupported`](Settings::with_ignore_unsupported) is set.
    #[must_use]
    pub fn ignored_options(&self) -> u64 {
        self.0.ignored.load(Ordering::Relaxed)
    }

    /// What has happened so far.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.0.handle.stats()
    }
}

impl fmt::Debug for WebSocketAwait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebSocketAwait")
            .field("await_list_size", &self.await_list_size())
            .field("transport", &self.0.capabilities.transport)
            .finish_non_exhaustive()
    }
}
