//! axum's socket, as the layer needs it.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::task::{Context, Poll, ready};

use await_layer::{Cause, CloseReason, KeepAlive, KeepAliveError, KeptAlive, TokioTimer};
use axum::extract::ws::{self, CloseFrame, Message};
use futures_core::{FusedStream, Stream};
use futures_sink::Sink;

use crate::error::Fault;
use crate::pings::{Pings, settings};
use crate::{Frame, WebSocketError};

/// Pings and pongs skipped before others get their turn.
const SKIPPED_AT_ONCE: usize = 32;
/// How often the sink may be polled between two reads before a broken write
/// is reported: one turn of the layer readies, flushes and closes.
const PATIENCE: u8 = 3;

/// A WebSocket as a `Sink` and `Stream` of [`Frame`]s.
///
/// * The stream yields text and binary messages. Pings are answered and pongs
///   dropped, while and only while it is polled.
/// * A close frame of the peer's ends the stream with
///   [`WebSocketError::Closed`], after this end has answered it. So does an end
///   without one, with code 1006.
/// * `poll_close` sends one close frame, code 1000 unless a `Close` was sent
///   as a [`Frame`] before, and is ready when the peer has closed too or is
///   gone. Messages that come until then are left for the stream; whoever
///   closes without reading waits for ever if there are any.
/// * When writing fails, what can still be read is read first: a close frame
///   with the real reason may be among it.
/// * A client that stays silent for as long as [`KeepAlive`] allows ends the
///   stream with [`WebSocketError::Silent`]. Pings and pongs are signs of life;
///   what goes out is none.
///
/// Poll both halves from one task, as the layer does.
pub struct WebSocket {
    io: KeptAlive<ws::WebSocket, Pings, TokioTimer>,
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
}

/// The code that an end closes with if it was given none, which others may set.
#[derive(Clone, Debug)]
pub(crate) struct Parting(Arc<AtomicU16>);

impl Parting {
    /// From now on it is `code`.
    pub(crate) fn set(&self, code: u16) {
        self.0.store(code, Ordering::Relaxed);
    }
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

impl WebSocket {
    /// Wraps a socket that nobody has used yet. Its limits are what the upgrade
    /// set, and axum's own are wide: [`Upgrade`](crate::Upgrade) sets those of
    /// a [`Config`](crate::Config).
    pub fn new(io: ws::WebSocket) -> Self {
        Self::watched(io, None)
    }

    /// As [`new`](Self::new); the peer is watched as `keep_alive` says, if at
    /// all.
    pub fn watched(io: ws::WebSocket, keep_alive: Option<KeepAlive>) -> Self {
        Self {
            io: KeptAlive::new(io, Pings, TokioTimer::new(), settings(keep_alive)),
            state: State::Open,
            goodbye: None,
            parting: Parting(Arc::new(AtomicU16::new(1000))),
            held: None,
            broken: None,
            patience: PATIENCE,
        }
    }

    /// To change what it says when it closes.
    pub(crate) fn parting(&self) -> Parting {
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
                    let error = WebSocketError::read(error);
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
        result: Result<(), axum::Error>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), WebSocketError>> {
        match result {
            Ok(()) => Poll::Ready(Ok(())),
            Err(error) if lost(&error) => {
                self.broken = Some(WebSocketError::failed(error));
                self.poll_sound(cx)
            }
            Err(error) => Poll::Ready(Err(WebSocketError::failed(error))),
        }
    }
}

impl Stream for WebSocket {
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

impl FusedStream for WebSocket {
    fn is_terminated(&self) -> bool {
        self.held.is_none() && matches!(self.state, State::Ended(_))
    }
}

impl Sink<Frame> for WebSocket {
    type Error = WebSocketError;

    fn poll_ready(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        let this = self.get_mut();
        ready!(this.poll_sound(cx))?;
        let result = ready!(Pin::new(&mut this.io).poll_ready(cx));
        this.written(result, cx)
    }

    fn start_send(self: Pin<&mut Self>, frame: Frame) -> Result<(), Self::Error> {
        let this = self.get_mut();
        let bytes = frame.len();
        let message = match frame.into_message() {
            Message::Close(frame) => {
                this.goodbye = frame;
                return Ok(());
            }
            other => other,
        };
        match Pin::new(&mut this.io).start_send(message) {
            Ok(()) => Ok(()),
            // Handed over and lost: the next poll tells.
            Err(error) if lost(&error) => {
                this.broken = Some(WebSocketError::failed(error));
                Ok(())
            }
            Err(error) if Fault::of(&error) == Fault::BufferFull => Err(WebSocketError::too_large(
                &format!("a message of {bytes} bytes does not fit: raise max_write_buffer"),
            )),
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
                code: this.parting.0.load(Ordering::Relaxed),
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

/// Whether writing failed for the network's sake.
fn lost(error: &axum::Error) -> bool {
    matches!(Fault::of(error), Fault::Io | Fault::Vanished)
}

/// What the peer's close frame says; it need not say anything.
fn closed(frame: Option<CloseFrame>) -> WebSocketError {
    let (code, text) = match &frame {
        Some(frame) => (frame.code, frame.reason.as_str()),
        None => (1005, ""),
    };
    WebSocketError::Closed(CloseReason::new(Cause::Eof, text).with_code(code))
}

impl fmt::Debug for WebSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebSocket")
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}
