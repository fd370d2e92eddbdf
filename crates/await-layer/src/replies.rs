//! A call that takes many replies.

use std::fmt;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_core::Stream;

use crate::asking::{Asking, CallErrorOf, PackerErrorOf};
use crate::connection::{Connection, MachineOf};
use crate::error::CallError;
use crate::machine::arena::Key;
use crate::machine::{Outcome, nanos};
use crate::packer::Unpack;

/// One request and the stream of replies to it, each as an `R`.
///
/// Made by [`Handle::send_stream`](crate::Handle::send_stream). Parts that are
/// not taken are held up to [`max_parts`](crate::Limits::max_parts); beyond
/// that the stream ends with [`CallError::Overrun`] and is cancelled, because
/// waiting for its consumer would hold up every other reply. The end is clear:
/// `None` after the last part, or after the error that ended the call. A part
/// that does not unpack is an error of its own, and the stream goes on.
///
/// # Errors
/// A [`CallError`], as for [`Call`](crate::Call).
///
/// # Cancel safety
/// As for [`Call`](crate::Call): dropping it cancels; taking the next item is
/// cancel safe.
#[must_use = "a stream of replies sends nothing unless it is polled"]
pub struct Replies<L: Connection, R> {
    asking: Asking<L>,
    /// Nanoseconds to the first part and between parts; `u64::MAX` is any time.
    gap: u64,
    reply: PhantomData<fn() -> R>,
}

impl<L: Connection, R> Replies<L, R> {
    pub(crate) fn new(link: &Arc<L>, packed: Result<L::Frame, PackerErrorOf<L>>) -> Self {
        Self::with(Asking::new(link, packed))
    }

    pub(crate) fn with(asking: Asking<L>) -> Self {
        Self {
            gap: asking.link.call_timeout().load(Ordering::Relaxed),
            asking,
            reply: PhantomData,
        }
    }

    /// Bounds the wait for the first part from now, and each gap between
    /// parts. [`Duration::MAX`] is for ever. No effect once it was polled.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.asking.set_timeout(timeout);
        self.gap = nanos(timeout).unwrap_or(u64::MAX);
        self
    }

    /// As [`Call::with_id`](crate::Call::with_id).
    pub fn with_id(mut self, id: L::Id) -> Self {
        self.asking.set_id(id);
        self
    }
}

enum Item<F> {
    Part(F),
    Outcome(Outcome<F>),
}

fn next<L: Connection>(machine: &mut MachineOf<L>, call: Key) -> Option<Item<L::Frame>> {
    match machine.take_part(call) {
        Some(frame) => Some(Item::Part(frame)),
        None => machine.take(call).map(Item::Outcome),
    }
}

impl<L: Connection, R> Unpin for Replies<L, R> {}

impl<L, R> Stream for Replies<L, R>
where
    L: Connection<Packer: Unpack<L::Frame, R>>,
{
    type Item = Result<R, CallErrorOf<L>>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Self { asking, gap, .. } = self.get_mut();
        let gap = (*gap != u64::MAX).then_some(*gap);
        if asking.is_done() {
            return Poll::Ready(None);
        }
        Poll::Ready(match ready!(asking.poll(cx, Some(gap), next::<L>)) {
            Ok(Item::Part(frame)) => {
                asking.rest();
                let unpacked = asking.link.packer().unpack(frame);
                Some(unpacked.map_err(CallError::Unpack))
            }
            Ok(Item::Outcome(outcome)) => {
                asking.finish();
                match CallError::outcome(outcome) {
                    Err(CallError::Ended) => None,
                    Err(error) => Some(Err(error)),
                    // A streamed call ends with `Ended`: its last reply is a part.
                    Ok(_) => None,
                }
            }
            Err(error) => Some(Err(error)),
        })
    }
}

impl<L: Connection, R> fmt::Debug for Replies<L, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Replies")
            .field("done", &self.asking.is_done())
            .finish_non_exhaustive()
    }
}
