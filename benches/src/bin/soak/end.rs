//! One end of a connection, whatever its transport and its wire: it asks.

use std::sync::Arc;
use std::time::Duration;

use await_layer::{
    AwaitIdCodec, CallError, CloseReason, Handle, Link, Pack, Packer, Protocol, Refused, Stats,
    TokioTimer, Transport, Unpack,
};
use futures::future::BoxFuture;
use futures::{FutureExt, StreamExt};

use crate::gate::Gate;
use crate::letter::{Letter, Wish};
use crate::tally::Outcome;

/// A protocol that has letters.
pub(crate) trait Speech:
    Protocol<
        Frame: Send,
        Packer: Pack<<Self as Protocol>::Frame, Letter>
                    + Unpack<<Self as Protocol>::Frame, Letter>
                    + Packer<Error: Send>
                    + Send
                    + Sync,
        Codec: AwaitIdCodec<<Self as Protocol>::Frame, Id: Send, Ask: Send> + Send,
        Ids: Send,
    > + 'static
{
}

impl<P> Speech for P where
    P: Protocol<
            Frame: Send,
            Packer: Pack<<P as Protocol>::Frame, Letter>
                        + Unpack<<P as Protocol>::Frame, Letter>
                        + Packer<Error: Send>
                        + Send
                        + Sync,
            Codec: AwaitIdCodec<<P as Protocol>::Frame, Id: Send, Ask: Send> + Send,
            Ids: Send,
        > + 'static
{
}

pub(crate) type Wired<S, P> = Link<S, P, TokioTimer>;

/// What a line does with an end of its connection.
pub(crate) trait End: Send + Sync {
    fn ask(&self, letter: Letter, within: Duration) -> BoxFuture<'static, Outcome>;

    /// Takes the parts of the answer, and looks that none is missing.
    fn ask_parts(&self, letter: Letter, within: Duration) -> BoxFuture<'static, Outcome>;

    fn ask_all(&self, letters: Vec<Letter>, within: Duration) -> BoxFuture<'static, Vec<Outcome>>;

    /// Ends the connection well.
    fn close(&self) -> BoxFuture<'static, CloseReason>;

    fn closed(&self) -> BoxFuture<'static, CloseReason>;

    fn in_flight(&self) -> usize;

    fn stats(&self) -> Stats;
}

/// An end and what works the faults of its transport.
pub(crate) struct Side {
    pub(crate) end: Arc<dyn End>,
    pub(crate) gate: Arc<Gate>,
}

impl<S, P> End for Handle<Wired<S, P>>
where
    S: Transport<P::Frame, ReadError: Send> + Send + 'static,
    P: Speech,
{
    fn ask(&self, letter: Letter, within: Duration) -> BoxFuture<'static, Outcome> {
        let call = self.send_await::<Letter>(&letter).timeout(within);
        call.map(move |reply| judge(&letter, reply)).boxed()
    }

    fn ask_parts(&self, letter: Letter, within: Duration) -> BoxFuture<'static, Outcome> {
        let mut replies = self.send_stream::<Letter>(&letter).timeout(within);
        async move {
            let Wish::Parts(count, size) = letter.wish else {
                return Outcome::Odd;
            };
            let mut part = 0;
            while let Some(reply) = replies.next().await {
                match reply {
                    Ok(reply) if reply == letter.answer(part, size) => part += 1,
                    Ok(_) => return Outcome::Garbled,
                    Err(error) => return failure(&error),
                }
            }
            if part == count {
                Outcome::Replied
            } else {
                Outcome::Garbled
            }
        }
        .boxed()
    }

    fn ask_all(&self, letters: Vec<Letter>, within: Duration) -> BoxFuture<'static, Vec<Outcome>> {
        let calls = self.send_await_all::<Letter, _>(&letters).timeout(within);
        calls
            .map(move |replies| {
                let pairs = letters.iter().zip(replies);
                pairs.map(|(letter, reply)| judge(letter, reply)).collect()
            })
            .boxed()
    }

    fn close(&self) -> BoxFuture<'static, CloseReason> {
        // The handle's own.
        Self::close(self).boxed()
    }

    fn closed(&self) -> BoxFuture<'static, CloseReason> {
        Self::closed(self).boxed()
    }

    fn in_flight(&self) -> usize {
        Self::in_flight(self)
    }

    fn stats(&self) -> Stats {
        Self::stats(self)
    }
}

fn judge<F, E>(letter: &Letter, reply: Result<Letter, CallError<F, E>>) -> Outcome {
    match reply {
        Ok(reply) => match letter.wish {
            Wish::Reply(size) if reply == letter.answer(0, size) => Outcome::Replied,
            _ => Outcome::Garbled,
        },
        Err(error) => failure(&error),
    }
}

fn failure<F, E>(error: &CallError<F, E>) -> Outcome {
    match error {
        CallError::Timeout { .. } => Outcome::TimedOut,
        CallError::Closed { .. }
        | CallError::Refused {
            why: Refused::Closing,
            ..
        } => Outcome::Ended,
        CallError::Unpack(_) => Outcome::Garbled,
        CallError::Refused { .. } => Outcome::Refused,
        _ => Outcome::Odd,
    }
}
