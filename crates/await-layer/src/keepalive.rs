//! Noticing that the peer has gone without a word.

use std::error::Error;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use futures_core::Stream;
use futures_sink::Sink;
use pin_project_lite::pin_project;

use crate::machine::{Cause, CloseReason, nanos};
use crate::timer::{Sleep, Timer};
use crate::transport::Transport;

/// When a silent peer is asked for a sign of life, and when it is given up.
///
/// A peer that has gone without closing (power cut, cable pulled, a NAT that
/// forgot) is never heard of again: without this, calls fail at their
/// timeouts and nothing else ever ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeepAlive {
    /// How long nothing may be heard before the peer is asked. Longer than its
    /// longest message takes to arrive: only whole frames are signs of life.
    /// Zero counts as a nanosecond; [`Duration::MAX`] watches nothing and reads
    /// no clock. Default 20 s: most NATs forget after 30.
    pub interval: Duration,
    /// Intervals of silence in a row that end the connection; the peer is
    /// asked at the end of each but the last. Less than 2 counts as 2: a peer
    /// that was not asked need not say anything. Default 3.
    pub misses: u32,
}

impl KeepAlive {
    /// Watches nothing and reads no clock: for whoever has a type that may be
    /// watched and need not be.
    pub const NEVER: Self = Self {
        interval: Duration::MAX,
        misses: 2,
    };
}

impl Default for KeepAlive {
    fn default() -> Self {
        Self {
            interval: Duration::from_secs(20),
            misses: 3,
        }
    }
}

/// What asks a peer for a sign of life on one wire: a WebSocket's ping, or the
/// protocol's own message.
///
/// For the opposite, answering the peer's heartbeat, write a
/// [`Stage`](crate::Stage).
pub trait Heartbeat {
    /// What the transport carries.
    type Frame;

    /// The frame that asks. It is written as it is, below the codec.
    fn beat(&mut self) -> Self::Frame;

    /// Whether `frame`, which has come, is nothing but a sign of life: it is
    /// dropped then. Every frame is a sign; this is for those that the layer
    /// would take for a message.
    fn is_sign(&mut self, frame: &Self::Frame) -> bool;
}

/// Why a transport that is kept alive ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeepAliveError<E> {
    /// The transport below failed. Reconnect.
    Transport(E),
    /// The peer was silent for too long: [`Cause::Silent`]. Reconnect.
    Silent(CloseReason),
}

impl<E: fmt::Display> fmt::Display for KeepAliveError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Transport(error) => error.fmt(f),
            Self::Silent(reason) => reason.fmt(f),
        }
    }
}

impl<E: Error + 'static> Error for KeepAliveError<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(match self {
            Self::Transport(error) => error,
            Self::Silent(reason) => reason,
        })
    }
}

/// Signs of life read in one poll before others get their turn.
const MAX_SIGNS: usize = 64;

/// Room for one frame that `poll_ready` has promised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Room {
    None,
    Promised,
    /// A beat has taken it: the frame it was promised to waits.
    Taken,
}

pin_project! {
    /// A transport that ends, with [`Cause::Silent`], when the peer has given
    /// no sign of life for [`interval`](KeepAlive::interval) times
    /// [`misses`](KeepAlive::misses); wrap it in an
    /// [`AwaitLayer`](crate::AwaitLayer).
    ///
    /// Whatever comes in is a sign of life. What goes out is none, nor is the
    /// network's taking it: a peer that is gone is written to for minutes.
    ///
    /// It watches while it is read. While nobody polls the connection, or the
    /// application takes nothing and reading has stopped, no time passes; the
    /// peer is asked again before it is given up. Poll both halves from one
    /// task, as the layer does.
    pub struct KeptAlive<S, H, T>
    where
        H: Heartbeat,
        S: Transport<H::Frame>,
        T: Timer,
    {
        #[pin]
        io: S,
        heartbeat: H,
        timer: T,
        sleep: T::Sleep,
        settings: KeepAlive,
        // What the sleep was last asked for, and whom it wakes.
        armed: Option<(u64, Waker)>,
        // When something was heard, or the peer asked, for the last time.
        since: Option<u64>,
        heard: bool,
        missed: u32,
        room: Room,
        // A beat is to be written, before it a frame whose room one has taken.
        due: bool,
        // No beat is to be written any more.
        mute: bool,
        held: Option<H::Frame>,
        unflushed: bool,
        // Met while writing a beat, kept for whoever writes next.
        fault: Option<<S as Sink<H::Frame>>::Error>,
        ended: bool,
    }
}

impl<S, H, T> KeptAlive<S, H, T>
where
    H: Heartbeat,
    S: Transport<H::Frame>,
    T: Timer,
{
    /// Watches `io` from its first read on.
    pub fn new(io: S, heartbeat: H, timer: T, settings: KeepAlive) -> Self {
        Self {
            io,
            heartbeat,
            sleep: timer.sleep(),
            timer,
            settings,
            armed: None,
            since: None,
            heard: false,
            missed: 0,
            room: Room::None,
            due: false,
            mute: false,
            held: None,
            unflushed: false,
            fault: None,
            ended: false,
        }
    }

    /// Asks the peer nothing from now on, such as after a goodbye that nothing
    /// may follow. Its silence still ends the connection, as if it were asked.
    pub fn stop_asking(self: Pin<&mut Self>) {
        let this = self.project();
        *this.mute = true;
        *this.due = false;
    }

    /// The transport below, for what it can do beyond reading and writing. What
    /// is read or made ready there passes this one by.
    pub fn get_pin_mut(self: Pin<&mut Self>) -> Pin<&mut S> {
        self.project().io
    }

    /// The transport below. What waits here to be written is lost.
    pub fn into_inner(self) -> S {
        self.io
    }

    /// Nothing is there to be read. Ready if it is time for the next beat;
    /// else whoever polls is woken when it is.
    fn poll_silence(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.project();
        let Some(interval) = nanos(this.settings.interval) else {
            return Poll::Pending;
        };
        let now = this.timer.now();
        if std::mem::take(this.heard) {
            *this.missed = 0;
            *this.since = Some(now);
        }
        let since = *this.since.get_or_insert(now);
        let at = since.saturating_add(interval.max(1));
        if now < at {
            // One that is armed for earlier wakes us, and is armed again then.
            let armed = this.armed.as_ref();
            let keeps = armed.is_some_and(|(armed, waker)| {
                (now.saturating_add(1)..=at).contains(armed) && waker.will_wake(cx.waker())
            });
            if keeps || this.sleep.poll_until(at, cx).is_pending() {
                if !keeps {
                    *this.armed = Some((at, cx.waker().clone()));
                }
                return Poll::Pending;
            }
        }
        *this.armed = None;
        *this.since = Some(now.max(at));
        *this.missed = this.missed.saturating_add(1);
        Poll::Ready(())
    }

    /// Hands what waits here to the transport.
    fn poll_drain(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        let mut this = self.project();
        if let Some(fault) = this.fault.take() {
            return Poll::Ready(Err(fault));
        }
        if this.held.is_some() {
            ready!(this.io.as_mut().poll_ready(cx))?;
            if let Some(frame) = this.held.take() {
                *this.unflushed = true;
                this.io.as_mut().start_send(frame)?;
            }
        }
        if *this.due {
            match *this.room {
                Room::None => ready!(this.io.as_mut().poll_ready(cx))?,
                Room::Promised => *this.room = Room::Taken,
                // What was promised to comes first.
                Room::Taken => return Poll::Ready(Ok(())),
            }
            *this.due = false;
            *this.unflushed = true;
            let beat = this.heartbeat.beat();
            this.io.as_mut().start_send(beat)?;
        }
        Poll::Ready(Ok(()))
    }

    fn poll_all(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        ready!(self.as_mut().poll_drain(cx))?;
        let this = self.project();
        ready!(this.io.poll_flush(cx))?;
        *this.unflushed = false;
        Poll::Ready(Ok(()))
    }
}

impl<S, H, T> Stream for KeptAlive<S, H, T>
where
    H: Heartbeat,
    S: Transport<H::Frame>,
    T: Timer,
{
    type Item = Result<H::Frame, KeepAliveError<S::ReadError>>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.ended {
            return Poll::Ready(None);
        }
        for _ in 0..MAX_SIGNS {
            let this = self.as_mut().project();
            match this.io.poll_next(cx) {
                Poll::Ready(Some(Ok(frame))) => {
                    *this.heard = true;
                    if !this.heartbeat.is_sign(&frame) {
                        return Poll::Ready(Some(Ok(frame)));
                    }
                }
                Poll::Ready(Some(Err(error))) => {
                    return Poll::Ready(Some(Err(KeepAliveError::Transport(error))));
                }
                Poll::Ready(None) => return Poll::Ready(None),
                Poll::Pending => {
                    let silent = self.as_mut().poll_silence(cx).is_ready();
                    if silent && self.missed >= self.settings.misses.max(2) {
                        *self.as_mut().project().ended = true;
                        return Poll::Ready(Some(Err(KeepAliveError::Silent(self.reason()))));
                    }
                    let this = self.as_mut().project();
                    *this.due |= silent && !*this.mute;
                    if (self.due || self.unflushed) && self.fault.is_none() {
                        if let Poll::Ready(Err(fault)) = self.as_mut().poll_all(cx) {
                            *self.as_mut().project().fault = Some(fault);
                        }
                    }
                    if !silent {
                        return Poll::Pending;
                    }
                    // Once more, for the waker of the next interval.
                }
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

impl<S, H, T> Sink<H::Frame> for KeptAlive<S, H, T>
where
    H: Heartbeat,
    S: Transport<H::Frame>,
    T: Timer,
{
    type Error = S::Error;

    fn poll_ready(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        if self.room != Room::None {
            return Poll::Ready(Ok(()));
        }
        ready!(self.as_mut().poll_drain(cx))?;
        let this = self.project();
        ready!(this.io.poll_ready(cx))?;
        *this.room = Room::Promised;
        Poll::Ready(Ok(()))
    }

    fn start_send(self: Pin<&mut Self>, frame: H::Frame) -> Result<(), Self::Error> {
        let this = self.project();
        *this.unflushed = true;
        match std::mem::replace(this.room, Room::None) {
            Room::Taken => {
                *this.held = Some(frame);
                Ok(())
            }
            Room::None | Room::Promised => this.io.start_send(frame),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.poll_all(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.as_mut().stop_asking();
        ready!(self.as_mut().poll_drain(cx))?;
        self.project().io.poll_close(cx)
    }
}

impl<S, H, T> KeptAlive<S, H, T>
where
    H: Heartbeat,
    S: Transport<H::Frame>,
    T: Timer,
{
    fn reason(&self) -> CloseReason {
        let KeepAlive { interval, misses } = self.settings;
        let misses = misses.max(2);
        CloseReason::new(
            Cause::Silent,
            format!("no sign of life in {misses} intervals of {interval:?}"),
        )
    }
}

impl<S, H, T> fmt::Debug for KeptAlive<S, H, T>
where
    H: Heartbeat,
    S: Transport<H::Frame>,
    T: Timer,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeptAlive")
            .field("settings", &self.settings)
            .field("missed", &self.missed)
            .finish_non_exhaustive()
    }
}
