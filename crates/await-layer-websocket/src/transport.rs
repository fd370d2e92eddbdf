//! Tungstenite's stream, as the layer needs it.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use await_layer::{Cause, CloseReason, KeepAlive, KeepAliveError, KeptAlive, Timer};
use futures_core::{FusedStream, Stream};
use futures_sink::Sink;

use tungstenite::Message;
use tungstenite::protocol::CloseFrame;
use tungstenite::protocol::WebSocketConfig;
use tungstenite::protocol::frame::coding::CloseCode;

use crate::pings::Pings;
use crate::{Fault, FaultKind, Frame, Parting, WebSocketError};

/// Pings and pongs skipped before others get their turn.
const SKIPPED_AT_ONCE: usize = 32;
/// How often the sink may be polled between two reads before a broken write
/// is reported: one turn of the layer readies, flushes and closes.
const PATIENCE: u8 = 3;

/// A WebSocket as a `Sink` and `Stream` of [`Frame`]s, around a runtime's own
/// stream `S` of tungstenite's messages. `T` tells when a silent peer is pinged,
/// if it is.
///
/// * The stream yields text and binary messages. Pings are answered and pongs
///   dropped, while and only while it is polled;
///   [`with_pings`](Self::with_pings) yields them too.
/// * A close frame of the peer's ends the stream with
///   [`WebSocketError::Closed`], after this end has answered it. So does an end
///   without one, with code 1006.
/// * `poll_close` sends one close frame, with the code of its [`Parting`] unless
///   a `Close` was sent as a [`Frame`] before, and is ready when the peer has closed too or is
///   gone. Messages that come until then are left for the stream; whoever
///   closes without reading waits for ever if there are any.
/// * When writing fails, what can still be read is read first: a close frame
///   with the real reason may be among it.
/// * A peer that stays silent for as long as [`KeepAlive`] allows ends the
///   stream with [`WebSocketError::Silent`]. Pings and pongs are signs of life;
///   what goes out is none.
///
/// Poll both halves from one task, as the layer does.
pub struct WebSocket<S, T>
where
    S: Messages,
    T: Timer,
{
    io: KeptAlive<S, Pings, T>,
    /// What tungstenite goes by, for errors to name.
    limits: WebSocketConfig,
    state: State,
    /// What to say when this end closes.
    goodbye: Option<CloseFrame>,
    /// What to say otherwise.
    parting: Parting,
    /// Read while closing, for the stream.
    held: Option<Frame>,
    /// Writing failed.
    broken: Option<WebSocketError>,
    patience: u8,
    yields_pings: bool,
}

#[derive(Debug)]
enum State {
    Open,
    /// Our close frame is written; the peer's is awaited.
    Closing,
    /// Nothing more comes and nothing more goes.
    Ended(CloseReason),
}

/// A library's stream of messages: tokio-tungstenite's, async-tungstenite's, or
/// one that is turned into such.
pub trait Messages:
    Stream<Item = Result<Message, Self::Fault>> + Sink<Message, Error = Self::Fault> + Unpin
{
    /// What it fails with.
    type Fault: Fault;
}

impl<S, E> Messages for S
where
    S: Stream<Item = Result<Message, E>> + Sink<Message, Error = E> + Unpin,
    E: Fault,
{
    type Fault = E;
}

type Read = Option<Result<Frame, WebSocketError>>;

impl<S: Messages, T: Timer + Default> WebSocket<S, T> {
    /// Wraps a stream whose handshake is done and that nobody has used yet,
    /// with tungstenite's own limits.
    pub fn new(io: S) -> Self {
        Self::with(io, WebSocketConfig::default(), None)
    }

    /// As [`new`](Self::new), for a stream that was made with these limits:
    /// errors name them. The peer is watched as `keep_alive` says, if at all.
    pub fn with(io: S, limits: WebSocketConfig, keep_alive: Option<KeepAlive>) -> Self {
        Self {
            io: KeptAlive::new(
                io,
                Pings,
                T::default(),
                keep_alive.unwrap_or(KeepAlive::NEVER),
            ),
            limits,
            state: State::Open,
            goodbye: None,
            parting: Parting::new(),
            held: None,
            broken: None,
            patience: PATIENCE,
            yields_pings: false,
        }
    }

    /// Lets the stream yield pings, which are answered all the same, and pongs.
    /// A peer can then fill the queue of the messages with them: whoever wraps
    /// this must bound what is kept of them.
    #[must_use]
    pub fn with_pings(mut self) -> Self {
        self.yields_pings = true;
        self
    }
}

impl<S: Messages, T: Timer> WebSocket<S, T> {
    /// To change what it says when it closes.
    pub fn parting(&self) -> Parting {
        self.parting.clone()
    }

    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<Read> {
        if matches!(self.state, State::Ended(_)) {
            return Poll::Ready(None);
        }
        for _ in 0..SKIPPED_AT_ONCE {
            match Pin::new(&mut self.io).poll_next(cx) {
                Poll::Pending => {
                    return match self.broken.take() {
                        Some(error) => Poll::Ready(self.end(error)),
                        None => Poll::Pending,
                    };
                }
                Poll::Ready(Some(Ok(message @ (Message::Text(_) | Message::Binary(_))))) => {
                    return Poll::Ready(Some(Ok(Frame::from(message).detached())));
                }
                Poll::Ready(Some(Ok(message @ (Message::Ping(_) | Message::Pong(_)))))
                    if self.yields_pings =>
                {
                    return Poll::Ready(Some(Ok(message.into())));
                }
                Poll::Ready(Some(Ok(Message::Close(frame)))) => {
                    // Answers it. If the network does not take the answer at
                    // once, the news do not wait for it.
                    let _ = Pin::new(&mut self.io).poll_flush(cx);
                    return Poll::Ready(self.end(closed(frame)));
                }
                Poll::Ready(Some(Ok(_))) => {}
                Poll::Ready(Some(Err(KeepAliveError::Silent(reason)))) => {
                    return Poll::Ready(self.end(WebSocketError::Silent(reason)));
                }
                Poll::Ready(Some(Err(KeepAliveError::Transport(error)))) => {
                    let error = WebSocketError::read(error, &self.limits);
                    self.blame(&error, cx);
                    return Poll::Ready(self.end(error));
                }
                Poll::Ready(None) => return Poll::Ready(self.end(closed(None))),
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Tells the peer what it did wrong, if the network takes it at once.
    fn blame(&mut self, error: &WebSocketError, cx: &mut Context<'_>) {
        if matches!(error, WebSocketError::Closed(_)) || !matches!(self.state, State::Open) {
            return;
        }
        if let Some(code) = error.reason().code() {
            let code = CloseCode::from(code);
            let reason = "".into();
            let frame = Message::Close(Some(CloseFrame { code, reason }));
            let _ = Pin::new(&mut self.io).start_send(frame);
            let _ = Pin::new(&mut self.io).poll_flush(cx);
        }
    }

    /// The last item of the stream: nothing, if this end closed first.
    fn end(&mut self, error: WebSocketError) -> Read {
        let ended = State::Ended(error.reason().clone());
        match std::mem::replace(&mut self.state, ended) {
            State::Open => Some(Err(error)),
            State::Closing | State::Ended(_) => None,
        }
    }

    /// Whether the sink still works.
    fn poll_sound(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), WebSocketError>> {
        if let State::Ended(reason) = &self.state {
            return Poll::Ready(Err(WebSocketError::Closed(reason.clone())));
        }
        if self.broken.is_none() {
            return Poll::Ready(Ok(()));
        }
        match self.patience.checked_sub(1) {
            None => Poll::Ready(self.broken.take().map_or(Ok(()), Err)),
            Some(rest) => {
                self.patience = rest;
                cx.waker().wake_by_ref();
                Poll::Pending
            }
        }
    }

    /// What becomes of a failed write.
    fn written(
        &mut self,
        result: Result<(), S::Fault>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), WebSocketError>> {
        match result {
            Ok(()) => Poll::Ready(Ok(())),
            Err(error) if error.kind().is_loss() => {
                self.broken = Some(WebSocketError::failed(error));
                self.poll_sound(cx)
            }
            Err(error) => Poll::Ready(Err(WebSocketError::failed(error))),
        }
    }
}

impl<S: Messages, T: Timer> Stream for WebSocket<S, T> {
    type Item = Result<Frame, WebSocketError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        this.patience = PATIENCE;
        match this.held.take() {
            Some(frame) => Poll::Ready(Some(Ok(frame))),
            None => this.poll_read(cx),
        }
    }
}

impl<S: Messages, T: Timer> FusedStream for WebSocket<S, T> {
    fn is_terminated(&self) -> bool {
        self.held.is_none() && matches!(self.state, State::Ended(_))
    }
}

impl<S: Messages, T: Timer> Sink<Frame> for WebSocket<S, T> {
    type Error = WebSocketError;

    fn poll_ready(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        let this = self.get_mut();
        ready!(this.poll_sound(cx))?;
        let result = ready!(Pin::new(&mut this.io).poll_ready(cx));
        this.written(result, cx)
    }

    fn start_send(self: Pin<&mut Self>, frame: Frame) -> Result<(), Self::Error> {
        let this = self.get_mut();
        let message = match frame.into_message() {
            Message::Close(frame) => {
                this.goodbye = frame;
                return Ok(());
            }
            other => other,
        };
        let bytes = message.len();
        match Pin::new(&mut this.io).start_send(message) {
            Ok(()) => Ok(()),
            // Handed over and lost: the next poll tells.
            Err(error) if error.kind().is_loss() => {
                this.broken = Some(WebSocketError::failed(error));
                Ok(())
            }
            Err(error) if error.kind() == FaultKind::BufferFull => {
                let limit = this.limits.max_write_buffer_size;
                Err(WebSocketError::too_large(&format!(
                    "a message of {bytes} bytes does not fit: max_write_buffer is {limit}"
                )))
            }
            Err(error) => Err(WebSocketError::failed(error)),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        let this = self.get_mut();
        ready!(this.poll_sound(cx))?;
        let result = ready!(Pin::new(&mut this.io).poll_flush(cx));
        this.written(result, cx)
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        let this = self.get_mut();
        if matches!(this.state, State::Open) {
            // First, so that the close frame finds room in the buffer.
            let flushed = ready!(Pin::new(&mut *this).poll_flush(cx));
            flushed?;
            let goodbye = this.goodbye.take().unwrap_or(CloseFrame {
                code: this.parting.code().into(),
                reason: "".into(),
            });
            this.state = State::Closing;
            // Nothing may follow a close frame.
            Pin::new(&mut this.io).stop_asking();
            let result = Pin::new(&mut this.io).start_send(Message::Close(Some(goodbye)));
            ready!(this.written(result, cx))?;
        }
        if matches!(this.state, State::Closing) && this.held.is_none() {
            if let Poll::Ready(Err(error)) = Pin::new(&mut this.io).poll_flush(cx) {
                // Gone before it heard us: what it said may still be there.
                this.broken = Some(WebSocketError::failed(error));
            }
            match ready!(this.poll_read(cx)) {
                None => {}
                Some(Err(error)) => return Poll::Ready(Err(error)),
                Some(Ok(frame)) => {
                    this.held = Some(frame);
                    cx.waker().wake_by_ref();
                }
            }
        }
        match this.state {
            State::Ended(_) => Poll::Ready(Ok(())),
            State::Open | State::Closing => Poll::Pending,
        }
    }
}

/// What the peer's close frame says; it need not say anything.
fn closed(frame: Option<CloseFrame>) -> WebSocketError {
    let (code, text) = match &frame {
        Some(frame) => (frame.code.into(), frame.reason.as_str()),
        None => (1005, ""),
    };
    WebSocketError::Closed(CloseReason::new(Cause::Eof, text).with_code(code))
}

impl<S: Messages, T: Timer> fmt::Debug for WebSocket<S, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebSocket")
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}
