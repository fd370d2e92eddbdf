//! Below the layer: wire messages to frames and back.

use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};

use futures_core::Stream;
use futures_sink::Sink;
use pin_project_lite::pin_project;

use crate::transport::Transport;

/// What one wire message becomes: frames to deliver and messages to write.
pub struct Flow<W, F> {
    frames: VecDeque<F>,
    wires: VecDeque<W>,
}

/// Prints no payload.
impl<W, F> fmt::Debug for Flow<W, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Flow")
            .field("frames", &self.frames.len())
            .field("wires", &self.wires.len())
            .finish()
    }
}

impl<W, F> Flow<W, F> {
    /// Delivers `frame` to the layer above, in order.
    pub fn deliver(&mut self, frame: F) {
        self.frames.push_back(frame);
    }

    /// Writes `wire` to the transport below, in order.
    pub fn write(&mut self, wire: W) {
        self.wires.push_back(wire);
    }
}

/// Turns wire messages into frames where one is not the other: batches, one
/// message in several frames, a greeting before the first request, heartbeats
/// that are answered below. It knows no I/O; it keeps codecs trivial and lets
/// the layer's limits count messages.
///
/// Either direction may use both: a heartbeat that is read is answered by a
/// message that is written.
pub trait Stage {
    /// What the transport carries.
    type Wire;
    /// What the layer sees.
    type Frame;
    /// What ends the connection.
    type Error: std::error::Error + 'static;

    /// What to say before anything else: the first message of a handshake.
    /// Called once, when the stage is put on its transport.
    fn start(&mut self, out: &mut Flow<Self::Wire, Self::Frame>) {
        let _ = out;
    }

    /// Whether frames may go out. While they may not, because a handshake is
    /// not done, calls wait and are not sent: one that runs out of time says
    /// [`Sent::No`](crate::Sent::No). Only [`read`](Self::read) may change it.
    fn is_ready(&self) -> bool {
        true
    }

    /// A message came in. What it holds must be bounded by the transport's own
    /// limit on a message's size.
    ///
    /// # Errors
    /// Only what must end the connection. Noise is better dropped.
    fn read(
        &mut self,
        wire: Self::Wire,
        out: &mut Flow<Self::Wire, Self::Frame>,
    ) -> Result<(), Self::Error>;

    /// A frame is to go out.
    ///
    /// # Errors
    /// Only what must end the connection.
    fn write(
        &mut self,
        frame: Self::Frame,
        out: &mut Flow<Self::Wire, Self::Frame>,
    ) -> Result<(), Self::Error>;
}

/// What ends a staged transport.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StageError<T, E> {
    /// The transport below failed. Reconnect.
    Transport(T),
    /// The stage gave up. Read its error, which says what to do.
    Stage(E),
}

impl<T: fmt::Display, E: fmt::Display> fmt::Display for StageError<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Transport(error) => error.fmt(f),
            Self::Stage(error) => error.fmt(f),
        }
    }
}

impl<T, E> std::error::Error for StageError<T, E>
where
    T: std::error::Error + 'static,
    E: std::error::Error + 'static,
{
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(match self {
            Self::Transport(error) => error,
            Self::Stage(error) => error,
        })
    }
}

/// Wire messages that may wait for the transport before reading stops: what a
/// peer can make us owe it while it does not read.
const MAX_OWED: usize = 64;

/// Wire messages read in one poll that yield no frame: heartbeats without a
/// pause must not hold up everything else.
const MAX_SILENT: usize = 64;

pin_project! {
    /// A transport with a stage on top; wrap it in an
    /// [`AwaitLayer`](crate::AwaitLayer).
    ///
    /// Reading may write: poll both halves from one task, as the layer does.
    pub struct Staged<S, G>
    where
        G: Stage,
        S: Transport<G::Wire>,
    {
        #[pin]
        io: S,
        stage: G,
        flow: Flow<G::Wire, G::Frame>,
        // How many of the waiting wire messages reading made, at most.
        owed: usize,
        unflushed: bool,
        // Met while reading, kept for whoever writes next.
        fault: Option<<S as Sink<G::Wire>>::Error>,
        // Waits until the stage is ready.
        gate: Option<Waker>,
    }
}

impl<S, G> Staged<S, G>
where
    G: Stage,
    S: Transport<G::Wire>,
{
    /// Puts `stage` on top of `io`.
    pub fn new(io: S, mut stage: G) -> Self {
        let mut flow = Flow {
            frames: VecDeque::new(),
            wires: VecDeque::new(),
        };
        stage.start(&mut flow);
        Self {
            io,
            stage,
            flow,
            owed: 0,
            unflushed: false,
            fault: None,
            gate: None,
        }
    }

    /// Hands all that waits to the transport, and flushes it.
    fn poll_all(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        ready!(self.as_mut().poll_drain(cx))?;
        let this = self.project();
        ready!(this.io.poll_flush(cx))?;
        *this.unflushed = false;
        Poll::Ready(Ok(()))
    }

    /// Hands all that waits to the transport.
    fn poll_drain(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        let mut this = self.project();
        if let Some(fault) = this.fault.take() {
            return Poll::Ready(Err(fault));
        }
        while !this.flow.wires.is_empty() {
            ready!(this.io.as_mut().poll_ready(cx))?;
            if let Some(wire) = this.flow.wires.pop_front() {
                *this.owed = (*this.owed).min(this.flow.wires.len());
                this.io.as_mut().start_send(wire)?;
                *this.unflushed = true;
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl<S, G> Stream for Staged<S, G>
where
    G: Stage,
    S: Transport<G::Wire>,
{
    type Item = Result<G::Frame, StageError<S::ReadError, G::Error>>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        for _ in 0..MAX_SILENT {
            if let Some(frame) = self.as_mut().project().flow.frames.pop_front() {
                return Poll::Ready(Some(Ok(frame)));
            }
            // What reading made us owe goes out without waiting for a frame to
            // be sent.
            if (!self.flow.wires.is_empty() || self.unflushed) && self.fault.is_none() {
                if let Poll::Ready(Err(fault)) = self.as_mut().poll_all(cx) {
                    *self.as_mut().project().fault = Some(fault);
                }
            }
            if self.fault.is_some() {
                // Nothing that we owe will ever be written.
                let this = self.as_mut().project();
                this.flow.wires.clear();
                *this.owed = 0;
            } else if self.owed >= MAX_OWED {
                return Poll::Pending;
            }
            let this = self.as_mut().project();
            let wire = match ready!(this.io.poll_next(cx)) {
                None => return Poll::Ready(None),
                Some(Err(error)) => return Poll::Ready(Some(Err(StageError::Transport(error)))),
                Some(Ok(wire)) => wire,
            };
            let before = this.flow.wires.len();
            if let Err(error) = this.stage.read(wire, this.flow) {
                return Poll::Ready(Some(Err(StageError::Stage(error))));
            }
            let made = this.flow.wires.len().saturating_sub(before);
            *this.owed = this.owed.saturating_add(made);
            if this.stage.is_ready() {
                if let Some(waker) = this.gate.take() {
                    waker.wake();
                }
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

impl<S, G> Sink<G::Frame> for Staged<S, G>
where
    G: Stage,
    S: Transport<G::Wire>,
{
    type Error = StageError<S::Error, G::Error>;

    fn poll_ready(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        ready!(self.as_mut().poll_drain(cx)).map_err(StageError::Transport)?;
        let this = self.project();
        if this.stage.is_ready() {
            return Poll::Ready(Ok(()));
        }
        *this.gate = Some(cx.waker().clone());
        Poll::Pending
    }

    fn start_send(self: Pin<&mut Self>, frame: G::Frame) -> Result<(), Self::Error> {
        let this = self.project();
        this.stage
            .write(frame, this.flow)
            .map_err(StageError::Stage)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.poll_all(cx).map_err(StageError::Transport)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        ready!(self.as_mut().poll_drain(cx)).map_err(StageError::Transport)?;
        self.project()
            .io
            .poll_close(cx)
            .map_err(StageError::Transport)
    }
}

impl<S, G> fmt::Debug for Staged<S, G>
where
    G: Stage,
    S: Transport<G::Wire>,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Staged").finish_non_exhaustive()
    }
}
