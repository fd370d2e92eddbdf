//! The WebSocket, as the layer needs it.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use await_layer::{Cause, CloseReason, KeepAlive, KeepAliveError, KeptAlive, Timer};
use bytes::BytesMut;
use futures_core::{FusedStream, Stream};
use futures_io::{AsyncRead, AsyncWrite};
use futures_sink::Sink;
use tungstenite::protocol::CloseFrame;
use tungstenite::protocol::frame::coding::CloseCode;

use crate::frame::Body;
use crate::pings::{Pings, Unwatched};
use crate::reader::{Reader, Received};
use crate::wire::Wire;
use crate::writer::Writer;
use crate::{Agreed, Config, Frame, Role, WebSocketError};

/// Pings and pongs skipped before others get their turn.
const SKIPPED_AT_ONCE: usize = 32;
/// How often the sink may be polled between two reads before a broken write
/// is reported: one turn of the layer readies, flushes and closes.
const PATIENCE: u8 = 3;

/// A WebSocket as a `Sink` and `Stream` of [`Frame`]s, over any stream of
/// bytes. `M` tells when a silent peer is pinged, if it is: see
/// [`kept_alive`](Self::kept_alive).
///
/// * The stream yields text and binary messages. Pings are answered and pongs
///   dropped, while and only while it is polled;
///   [`with_pings`](Self::with_pings) yields them too.
/// * A close frame of the peer's ends the stream with
///   [`WebSocketError::Closed`], after this end has answered it. So does an end
///   without one, with code 1006.
/// * `poll_close` sends one close frame, code 1000 unless
///   [`close`](crate::close) said another, and is ready when the peer has
///   closed too or is gone. Messages that come until then are left for the
///   stream; whoever closes without reading waits for ever if there are any.
/// * When writing fails, what can still be read is read first: a close frame
///   with the real reason may be among it.
/// * `start_send` compresses, so it works for as long as the message is large.
///   What a fragment starts is written with the last one, see
///   [`SendOptions::fin`](crate::SendOptions::fin). A message in fragments that
///   has no last one when the sink closes is never sent.
/// * A peer that stays silent for as long as [`KeepAlive`] allows ends the
///   stream with [`WebSocketError::Silent`]. Every frame is a sign of life, be
///   it a pong or a part of a message; what goes out is none.
/// * At most 64 KiB and one message wait for a peer that does not read.
///
/// No poll loses anything when its future is dropped. Poll both halves from
/// one task, as the layer does.
pub struct WebSocket<T, M = Unwatched>
where
    T: AsyncRead + AsyncWrite + Unpin,
    M: Timer,
{
    io: KeptAlive<Wire<T>, Pings, M>,
    role: Role,
    agreed: Option<Agreed>,
    state: State,
    /// What to say when this end closes.
    goodbye: Option<CloseFrame>,
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

type Read = Option<Result<Frame, WebSocketError>>;

impl<T: AsyncRead + AsyncWrite + Unpin> WebSocket<T> {
    /// Wraps a stream whose handshake was done elsewhere: by an HTTP server,
    /// say. `agreed` is what it said about permessage-deflate, `read` what came
    /// behind it.
    pub fn new<P>(
        io: T,
        role: Role,
        agreed: Option<Agreed>,
        read: BytesMut,
        config: &Config<P>,
    ) -> Self {
        let reader = Reader::new(role, agreed, config.max_message, read);
        let writer = Writer::new(role, agreed, config.deflate, config.max_message);
        let wire = Wire::new(io, reader, writer);
        Self {
            io: KeptAlive::new(wire, Pings, Unwatched, KeepAlive::NEVER),
            role,
            agreed,
            state: State::Open,
            goodbye: None,
            held: None,
            broken: None,
            patience: PATIENCE,
            yields_pings: false,
        }
    }

    /// The same, and the peer is watched from the first read on as `keep_alive`
    /// says, if at all. [`layer`](crate::layer()) does this.
    pub fn kept_alive<M: Timer>(self, keep_alive: Option<KeepAlive>, timer: M) -> WebSocket<T, M> {
        let wire = self.io.into_inner();
        WebSocket {
            io: KeptAlive::new(wire, Pings, timer, keep_alive.unwrap_or(KeepAlive::NEVER)),
            role: self.role,
            agreed: self.agreed,
            state: self.state,
            goodbye: self.goodbye,
            held: self.held,
            broken: self.broken,
            patience: self.patience,
            yields_pings: self.yields_pings,
        }
    }
}

impl<T: AsyncRead + AsyncWrite + Unpin, M: Timer> WebSocket<T, M> {
    /// Lets the stream yield pings, which are answered all the same, and pongs.
    /// A peer can then fill the queue of the messages with them: whoever wraps
    /// this must bound what is kept of them.
    #[must_use]
    pub fn with_pings(mut self) -> Self {
        self.yields_pings = true;
        self
    }

    /// Which end this is.
    #[must_use]
    pub fn role(&self) -> Role {
        self.role
    }

    /// What both ends agreed on about compression; `None` if there is none.
    #[must_use]
    pub fn agreed(&self) -> Option<Agreed> {
        self.agreed
    }

    fn wire(&mut self) -> &mut Wire<T> {
        Pin::new(&mut self.io).get_pin_mut().get_mut()
    }

    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<Read> {
        if matches!(self.state, State::Ended(_)) {
            return Poll::Ready(None);
        }
        for _ in 0..SKIPPED_AT_ONCE {
            let control = match Pin::new(&mut self.io).poll_next(cx) {
                Poll::Pending => {
                    self.answer_pings(cx);
                    return match self.broken.take() {
                        Some(error) => Poll::Ready(self.end(error)),
                        None => Poll::Pending,
                    };
                }
                Poll::Ready(Some(Ok(Received::Message(frame)))) => {
                    self.answer_pings(cx);
                    return Poll::Ready(Some(Ok(frame)));
                }
                Poll::Ready(Some(Ok(Received::Close(frame)))) => {
                    self.answer_close(frame.as_ref(), cx);
                    return Poll::Ready(self.end(closed(frame)));
                }
                Poll::Ready(Some(Ok(Received::Ping(payload)))) => {
                    self.wire().owe_pong(payload.clone());
                    Frame::ping(payload)
                }
                Poll::Ready(Some(Ok(Received::Pong(payload)))) => Frame::pong(payload),
                Poll::Ready(Some(Ok(Received::Part))) => continue,
                Poll::Ready(Some(Err(KeepAliveError::Silent(reason)))) => {
                    return Poll::Ready(self.end(WebSocketError::Silent(reason)));
                }
                Poll::Ready(Some(Err(KeepAliveError::Transport(error)))) => {
                    self.blame(&error, cx);
                    return Poll::Ready(self.end(error));
                }
                Poll::Ready(None) => return Poll::Ready(self.end(closed(None))),
            };
            if self.yields_pings {
                self.answer_pings(cx);
                return Poll::Ready(Some(Ok(control)));
            }
        }
        self.answer_pings(cx);
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Pongs do not wait for a message of ours.
    fn answer_pings(&mut self, cx: &mut Context<'_>) {
        if self.wire().owes() && self.broken.is_none() {
            if let Poll::Ready(Err(error)) = self.wire().poll_flush(cx) {
                self.broken = Some(error);
            }
        }
    }

    /// If the network does not take the answer at once, the news do not wait
    /// for it.
    fn answer_close(&mut self, frame: Option<&CloseFrame>, cx: &mut Context<'_>) {
        if matches!(self.state, State::Open) && self.broken.is_none() {
            let _ = self.wire().push_close(frame);
        }
        let _ = self.wire().poll_flush(cx);
    }

    /// Tells the peer what it did wrong, if the network takes it at once.
    fn blame(&mut self, error: &WebSocketError, cx: &mut Context<'_>) {
        if matches!(error, WebSocketError::Closed(_)) || !matches!(self.state, State::Open) {
            return;
        }
        if let Some(code) = error.reason().code() {
            let code = CloseCode::from(code);
            let reason = "".into();
            let _ = self.wire().push_close(Some(&CloseFrame { code, reason }));
            let _ = self.wire().poll_flush(cx);
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
        result: Result<(), WebSocketError>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), WebSocketError>> {
        match result {
            Ok(()) => Poll::Ready(Ok(())),
            Err(error) => {
                self.broken = Some(error);
                self.poll_sound(cx)
            }
        }
    }
}

impl<T: AsyncRead + AsyncWrite + Unpin, M: Timer> Stream for WebSocket<T, M> {
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

impl<T: AsyncRead + AsyncWrite + Unpin, M: Timer> FusedStream for WebSocket<T, M> {
    fn is_terminated(&self) -> bool {
        self.held.is_none() && matches!(self.state, State::Ended(_))
    }
}

impl<T: AsyncRead + AsyncWrite + Unpin, M: Timer> Sink<Frame> for WebSocket<T, M> {
    type Error = WebSocketError;

    fn poll_ready(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        let this = self.get_mut();
        ready!(this.poll_sound(cx))?;
        let result = ready!(this.wire().poll_room(cx));
        this.written(result, cx)
    }

    fn start_send(self: Pin<&mut Self>, frame: Frame) -> Result<(), Self::Error> {
        let this = self.get_mut();
        let (body, options) = frame.into_parts();
        if let Body::Close(goodbye) = body {
            this.goodbye = goodbye;
            return Ok(());
        }
        let mut frame = Frame::from(body);
        frame.set_options(options);
        this.wire().push(frame)
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
            ready!(Pin::new(&mut *this).poll_flush(cx))?;
            let goodbye = this.goodbye.take().unwrap_or(CloseFrame {
                code: CloseCode::Normal,
                reason: "".into(),
            });
            this.state = State::Closing;
            // Nothing may follow a close frame.
            Pin::new(&mut this.io).stop_asking();
            this.wire().push_close(Some(&goodbye))?;
        }
        if matches!(this.state, State::Closing) && this.held.is_none() {
            if let Poll::Ready(Err(error)) = this.wire().poll_flush(cx) {
                // Gone before it heard us: what it said may still be there.
                this.broken = Some(error);
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

impl<T: AsyncRead + AsyncWrite + Unpin, M: Timer> fmt::Debug for WebSocket<T, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebSocket")
            .field("role", &self.role)
            .field("agreed", &self.agreed)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}
