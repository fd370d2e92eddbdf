//! A transport that insists on the rules of `Sink` and `Stream`.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use futures_sink::Sink;
use pin_project_lite::pin_project;

pin_project! {
    /// Wraps a transport and panics when whoever uses it breaks the contract.
    ///
    /// It panics on
    /// * `start_send` unless a `poll_ready` came before it, and the last one
    ///   was ready; each allows one `start_send`;
    /// * `start_send` after `poll_close` was called;
    /// * any use of the sink after one of its operations failed;
    /// * any use of the sink after `poll_close` completed;
    /// * `poll_next` after the stream ended, or after it yielded an error (see
    ///   [`recoverable_reads`](Self::recoverable_reads)).
    ///
    /// Otherwise it does what the transport does. Reading after closing is
    /// allowed: that is how the peer's goodbye is received.
    ///
    /// ```
    /// use await_layer::memory;
    /// use await_layer_testkit::contract::Contract;
    /// use futures::{SinkExt, executor::block_on};
    ///
    /// let (here, _there) = memory::pair(1);
    /// let mut transport = Contract::new(here);
    /// let counts = transport.counts();
    /// block_on(transport.send("hello"))?;
    /// assert_eq!((counts.sends(), counts.unflushed()), (1, 0));
    /// # Ok::<_, memory::Disconnected>(())
    /// ```
    pub struct Contract<S> {
        #[pin]
        transport: S,
        sink: SinkState,
        stream: StreamState,
        recoverable: bool,
        counts: Counts,
    }
}

/// What was done to a [`Contract`]; stays readable while, and after, a layer
/// owns the transport. Clones read the same counts.
#[derive(Clone, Default)]
pub struct Counts {
    tally: Arc<Tally>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SinkState {
    /// Nothing promised.
    Idle,
    /// `poll_ready` was ready: one `start_send` is in order.
    Ready,
    /// `poll_close` was called.
    Closing,
    Closed,
    Failed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum StreamState {
    Open,
    Ended,
    Failed,
}

#[derive(Default)]
struct Tally {
    readies: AtomicU64,
    sends: AtomicU64,
    flushes: AtomicU64,
    flushed: AtomicU64,
    closes: AtomicU64,
    reads: AtomicU64,
}

impl<S> Contract<S> {
    /// Watches over `transport`, which nobody has used yet.
    pub fn new(transport: S) -> Self {
        Self {
            transport,
            sink: SinkState::Idle,
            stream: StreamState::Open,
            recoverable: false,
            counts: Counts::default(),
        }
    }

    /// Allows `poll_next` after an error, for transports whose read errors
    /// concern one frame only.
    #[must_use]
    pub fn recoverable_reads(mut self) -> Self {
        self.recoverable = true;
        self
    }

    /// The counts, to be kept when the transport is given away.
    pub fn counts(&self) -> Counts {
        self.counts.clone()
    }
}

impl Counts {
    /// Calls of `poll_ready`.
    pub fn readies(&self) -> u64 {
        self.tally.readies.load(Ordering::SeqCst)
    }

    /// Calls of `start_send`: frames, if none failed.
    pub fn sends(&self) -> u64 {
        self.tally.sends.load(Ordering::SeqCst)
    }

    /// Calls of `poll_flush`.
    pub fn flushes(&self) -> u64 {
        self.tally.flushes.load(Ordering::SeqCst)
    }

    /// Calls of `poll_close`.
    pub fn closes(&self) -> u64 {
        self.tally.closes.load(Ordering::SeqCst)
    }

    /// Calls of `poll_next`.
    pub fn reads(&self) -> u64 {
        self.tally.reads.load(Ordering::SeqCst)
    }

    /// Sends that no `poll_flush` or `poll_close` has completed since.
    pub fn unflushed(&self) -> u64 {
        let flushed = self.tally.flushed.load(Ordering::SeqCst);
        self.sends().saturating_sub(flushed)
    }

    fn mark_flushed(&self) {
        self.tally.flushed.store(self.sends(), Ordering::SeqCst);
    }
}

impl SinkState {
    #[track_caller]
    fn check(self, operation: &str) {
        match self {
            Self::Failed => {
                panic!("contract broken: {operation} after an operation of the sink failed")
            }
            Self::Closed => panic!("contract broken: {operation} after poll_close completed"),
            Self::Idle | Self::Ready | Self::Closing => {}
        }
    }
}

impl<S, F> Sink<F> for Contract<S>
where
    S: Sink<F>,
{
    type Error = S::Error;

    fn poll_ready(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        let this = self.project();
        this.sink.check("poll_ready");
        count(&this.counts.tally.readies);
        let polled = this.transport.poll_ready(cx);
        *this.sink = match (&polled, *this.sink) {
            (Poll::Ready(Err(_)), _) => SinkState::Failed,
            (_, SinkState::Closing) => SinkState::Closing,
            (Poll::Ready(Ok(())), _) => SinkState::Ready,
            (Poll::Pending, _) => SinkState::Idle,
        };
        polled
    }

    fn start_send(self: Pin<&mut Self>, frame: F) -> Result<(), S::Error> {
        let this = self.project();
        this.sink.check("start_send");
        match this.sink {
            SinkState::Ready => *this.sink = SinkState::Idle,
            SinkState::Closing => panic!("contract broken: start_send after poll_close"),
            _ => panic!("contract broken: start_send without a poll_ready that was ready"),
        }
        count(&this.counts.tally.sends);
        let result = this.transport.start_send(frame);
        if result.is_err() {
            *this.sink = SinkState::Failed;
        }
        result
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        let this = self.project();
        this.sink.check("poll_flush");
        count(&this.counts.tally.flushes);
        let result = ready!(this.transport.poll_flush(cx));
        match result {
            Ok(()) => this.counts.mark_flushed(),
            Err(_) => *this.sink = SinkState::Failed,
        }
        Poll::Ready(result)
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        let this = self.project();
        this.sink.check("poll_close");
        count(&this.counts.tally.closes);
        *this.sink = SinkState::Closing;
        let result = ready!(this.transport.poll_close(cx));
        match result {
            Ok(()) => {
                *this.sink = SinkState::Closed;
                this.counts.mark_flushed();
            }
            Err(_) => *this.sink = SinkState::Failed,
        }
        Poll::Ready(result)
    }
}

impl<S, T, E> Stream for Contract<S>
where
    S: Stream<Item = Result<T, E>>,
{
    type Item = S::Item;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<S::Item>> {
        let this = self.project();
        match this.stream {
            StreamState::Open => {}
            StreamState::Ended => panic!("contract broken: poll_next after the stream ended"),
            StreamState::Failed => panic!("contract broken: poll_next after the stream failed"),
        }
        count(&this.counts.tally.reads);
        let item = ready!(this.transport.poll_next(cx));
        match &item {
            None => *this.stream = StreamState::Ended,
            Some(Err(_)) if !*this.recoverable => *this.stream = StreamState::Failed,
            Some(_) => {}
        }
        Poll::Ready(item)
    }
}

impl<S> fmt::Debug for Contract<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Contract")
            .field("sink", &self.sink)
            .field("stream", &self.stream)
            .field("counts", &self.counts)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Counts")
            .field("readies", &self.readies())
            .field("sends", &self.sends())
            .field("flushes", &self.flushes())
            .field("unflushed", &self.unflushed())
            .field("closes", &self.closes())
            .field("reads", &self.reads())
            .finish()
    }
}

fn count(tally: &AtomicU64) {
    tally.fetch_add(1, Ordering::SeqCst);
}
