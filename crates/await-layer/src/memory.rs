//! A transport in memory: two joined ends with a bounded buffer each way.
//!
//! For tests, for examples and for parts of one program that talk to each
//! other. It needs no runtime and works across threads.
//!
//! ```
//! use await_layer::memory;
//! use futures::{SinkExt, StreamExt, executor::block_on};
//!
//! let (mut here, mut there) = memory::pair::<&str>(4);
//! block_on(async {
//!     here.send("ping").await?;
//!     assert_eq!(there.next().await, Some(Ok("ping")));
//!     here.close().await?;
//!     assert_eq!(there.next().await, None);
//!     Ok::<_, memory::Disconnected>(())
//! })?;
//! # Ok::<_, memory::Disconnected>(())
//! ```

use std::collections::VecDeque;
use std::error::Error;
use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use futures_core::Stream;
use futures_sink::Sink;

/// Two joined ends: what one sends, the other receives, in order.
///
/// `capacity` is in frames, for each direction by itself. A pair costs one
/// allocation; a buffer is allocated when its first frame is sent, and grows
/// with the frames that wait in it, whatever `capacity` is.
///
/// # Panics
///
/// If `capacity` is 0: such a transport could never take a frame.
#[track_caller]
pub fn pair<F>(capacity: usize) -> (Duplex<F>, Duplex<F>) {
    assert!(
        capacity > 0,
        "the capacity of an in-memory transport is at least 1 frame"
    );
    let joint = Arc::new(Joint {
        forth: Mutex::new(Lane::new(capacity)),
        back: Mutex::new(Lane::new(capacity)),
    });
    let here = Duplex {
        joint: Arc::clone(&joint),
        sends_forth: true,
    };
    let there = Duplex {
        joint,
        sends_forth: false,
    };
    (here, there)
}

/// One end of an in-memory transport; [`pair`] makes two.
///
/// As a `Sink`, it is ready while fewer than `capacity` frames wait for the
/// other end. A frame can be read as soon as `start_send` returns; a flush has
/// nothing to wait for. Once the other end is dropped, everything but
/// `poll_close` fails with [`Disconnected`]; `poll_close` always succeeds.
///
/// As a `Stream`, it ends once the other end was closed or dropped and all its
/// frames were read. It never yields an error. Closing one end leaves the
/// other direction open.
///
/// Frames that nobody read when the receiving end is dropped are dropped too.
/// No lock is held while a frame is dropped or a waker is woken or dropped.
///
/// # Panics
///
/// `start_send` panics when the buffer is full, that is, when it was called
/// without a `poll_ready` that said so.
pub struct Duplex<F> {
    joint: Arc<Joint<F>>,
    sends_forth: bool,
}

/// The other end was dropped, or this end was closed: no frame can be sent.
///
/// Nothing can be sent through this transport any more; make a new [`pair`].
/// Frames that were sent before may or may not have been read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Disconnected;

impl<F> Duplex<F> {
    fn outgoing(&self) -> MutexGuard<'_, Lane<F>> {
        lock(if self.sends_forth {
            &self.joint.forth
        } else {
            &self.joint.back
        })
    }

    fn incoming(&self) -> MutexGuard<'_, Lane<F>> {
        lock(if self.sends_forth {
            &self.joint.back
        } else {
            &self.joint.forth
        })
    }
}

impl<F> Sink<F> for Duplex<F> {
    type Error = Disconnected;

    fn poll_ready(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Disconnected>> {
        let mut lane = self.outgoing();
        if lane.refuses() {
            return Poll::Ready(Err(Disconnected));
        }
        if lane.frames.len() < lane.capacity {
            return Poll::Ready(Ok(()));
        }
        let replaced = park(&mut lane.writer, cx.waker());
        drop(lane);
        drop(replaced);
        Poll::Pending
    }

    fn start_send(self: Pin<&mut Self>, frame: F) -> Result<(), Disconnected> {
        let mut lane = self.outgoing();
        if lane.refuses() {
            drop(lane);
            return Err(Disconnected);
        }
        if lane.frames.len() >= lane.capacity {
            drop(lane);
            #[expect(clippy::panic, reason = "a bug of whoever sends; no frame decides it")]
            {
                panic!("start_send on a full in-memory transport: poll_ready comes first");
            }
        }
        lane.frames.push_back(frame);
        let reader = lane.reader.take();
        drop(lane);
        wake(reader);
        Ok(())
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), Disconnected>> {
        if self.outgoing().refuses() {
            return Poll::Ready(Err(Disconnected));
        }
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), Disconnected>> {
        let mut lane = self.outgoing();
        lane.ended = true;
        let reader = lane.reader.take();
        let writer = lane.writer.take();
        drop(lane);
        wake(reader);
        drop(writer);
        Poll::Ready(Ok(()))
    }
}

impl<F> Stream for Duplex<F> {
    type Item = Result<F, Disconnected>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut lane = self.incoming();
        if let Some(frame) = lane.frames.pop_front() {
            let writer = lane.writer.take();
            drop(lane);
            wake(writer);
            return Poll::Ready(Some(Ok(frame)));
        }
        if lane.ended {
            return Poll::Ready(None);
        }
        let replaced = park(&mut lane.reader, cx.waker());
        drop(lane);
        drop(replaced);
        Poll::Pending
    }
}

impl<F> Drop for Duplex<F> {
    fn drop(&mut self) {
        let mut out = self.outgoing();
        out.ended = true;
        let reader = out.reader.take();
        let own_writer = out.writer.take();
        drop(out);

        let mut inc = self.incoming();
        inc.abandoned = true;
        let writer = inc.writer.take();
        let own_reader = inc.reader.take();
        let unread = std::mem::take(&mut inc.frames);
        drop(inc);

        wake(reader);
        wake(writer);
        drop((own_writer, own_reader, unread));
    }
}

impl<F> fmt::Debug for Duplex<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unread_there = self.outgoing().frames.len();
        let unread_here = self.incoming().frames.len();
        f.debug_struct("Duplex")
            .field("unread_here", &unread_here)
            .field("unread_there", &unread_there)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for Disconnected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the other end of the in-memory transport is gone; nothing can be sent")
    }
}

impl Error for Disconnected {}

/// What the two ends share.
struct Joint<F> {
    forth: Mutex<Lane<F>>,
    back: Mutex<Lane<F>>,
}

/// One direction.
struct Lane<F> {
    frames: VecDeque<F>,
    capacity: usize,
    /// No more frames come: the writing end was closed or dropped.
    ended: bool,
    /// No more frames are read: the reading end was dropped.
    abandoned: bool,
    /// Waits for a frame or the end.
    reader: Option<Waker>,
    /// Waits for room.
    writer: Option<Waker>,
}

impl<F> Lane<F> {
    const fn new(capacity: usize) -> Self {
        Self {
            frames: VecDeque::new(),
            capacity,
            ended: false,
            abandoned: false,
            reader: None,
            writer: None,
        }
    }

    const fn refuses(&self) -> bool {
        self.ended || self.abandoned
    }
}

/// No user code runs under the lock, so poisoning says nothing.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Keeps the waker and returns the one it replaced, to be dropped without the
/// lock: dropping a waker can drop a whole task, and this transport with it.
fn park(slot: &mut Option<Waker>, waker: &Waker) -> Option<Waker> {
    match slot {
        Some(parked) if parked.will_wake(waker) => None,
        _ => slot.replace(waker.clone()),
    }
}

fn wake(waker: Option<Waker>) {
    if let Some(waker) = waker {
        waker.wake();
    }
}
