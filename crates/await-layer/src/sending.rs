//! A message or an answer on its way out.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use crate::asking::PackerErrorOf;
use crate::connection::Connection;
use crate::error::SendError;
use crate::hub::{Kind, Work};
use crate::machine::ReplyKind;
use crate::machine::arena::Key;
use crate::party::{polled_after_the_end, wait};

/// Why a message was not sent on this connection.
pub(crate) type SendErrorOf<L> = SendError<<L as Connection>::Frame, PackerErrorOf<L>>;

/// What is being sent.
#[derive(Clone, Copy, Debug)]
pub(crate) enum What {
    Message,
    Answer(Key, ReplyKind),
}

enum State<L: Connection> {
    /// Not polled yet. An end mark has no frame of the user's.
    New(Option<L::Frame>),
    Failed(PackerErrorOf<L>),
    Pending(Key),
    Done,
}

/// A message or an answer on its way: ready once it is flushed.
///
/// Made by [`Handle::send`](crate::Handle::send) and the methods of
/// [`Responder`](crate::Responder). It takes its place in the queue at its
/// first poll and drives the connection if nobody else does.
///
/// # Errors
/// A [`SendError`]: the value did not pack or was refused, the connection
/// ended, or the peer no longer wants the answer.
///
/// # Cancel safety
/// Dropping a message takes it back if it is not written yet. An answer that
/// was polled once is sent even if it is dropped then; one that was never
/// polled is as good as a dropped `Responder`.
///
/// # Panics
/// When it is polled after it has finished.
#[must_use = "nothing is sent unless this is polled"]
pub struct Sending<L: Connection> {
    link: Arc<L>,
    what: What,
    state: State<L>,
}

impl<L: Connection> Sending<L> {
    pub(crate) fn new(
        link: &Arc<L>,
        what: What,
        packed: Result<Option<L::Frame>, PackerErrorOf<L>>,
    ) -> Self {
        Self {
            link: link.clone(),
            what,
            state: match packed {
                Ok(frame) => State::New(frame),
                Err(error) => State::Failed(error),
            },
        }
    }

    fn begin(&mut self) -> Result<Key, SendErrorOf<L>> {
        let frame = match std::mem::replace(&mut self.state, State::Done) {
            State::New(frame) => frame,
            State::Failed(error) => {
                self.decline();
                return Err(SendError::Pack(error));
            }
            State::Pending(_) | State::Done => polled_after_the_end(),
        };
        let begun = match (self.what, frame) {
            (What::Message, Some(frame)) => self
                .link
                .with(|machine| machine.begin_send(frame))
                .map_err(|(error, frame)| (error, Some(frame))),
            (What::Answer(ask, kind), frame) => {
                self.link.with(|machine| machine.reply(ask, kind, frame))
            }
            #[expect(clippy::unreachable, reason = "it was made with one")]
            (What::Message, None) => unreachable!("a message has a frame"),
        };
        match begun {
            Ok(send) => {
                self.state = State::Pending(send);
                Ok(send)
            }
            Err((error, frame)) => Err(SendError::begin(error, frame)),
        }
    }

    /// The last answer will not be sent: the peer gets a refusal.
    fn decline(&self) {
        if let What::Answer(ask, kind) = self.what {
            if kind != ReplyKind::Part && self.link.with(|machine| machine.drop_responder(ask)) {
                self.link.hub().notify();
            }
        }
    }
}

impl<L: Connection> Unpin for Sending<L> {}

impl<L: Connection> Future for Sending<L> {
    type Output = Result<(), SendErrorOf<L>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        let (send, work) = match this.state {
            State::Pending(send) => (send, Work::None),
            _ => match this.begin() {
                Ok(send) => (send, Work::Queued),
                Err(error) => return Poll::Ready(Err(error)),
            },
        };
        let polled = wait(&*this.link, send, Kind::Call, cx, work, |machine| {
            machine.take_send(send)
        });
        let outcome = ready!(polled);
        this.state = State::Done;
        Poll::Ready(SendError::outcome(outcome))
    }
}

impl<L: Connection> Drop for Sending<L> {
    fn drop(&mut self) {
        match self.state {
            State::Done => {}
            State::New(_) | State::Failed(_) => self.decline(),
            State::Pending(send) => {
                // Holds the user's values: dropped after the lock is released.
                let dropped = self.link.with(|machine| machine.drop_send(send));
                self.link.hub().leave(send);
                if self.link.with(|machine| machine.is_draining()) {
                    self.link.hub().notify();
                }
                // Last: it may panic.
                drop(dropped);
            }
        }
    }
}

impl<L: Connection> fmt::Debug for Sending<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sending")
            .field("what", &self.what)
            .finish_non_exhaustive()
    }
}
