//! A call that may outlive connections.

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use await_layer::{Call, CallError, PackedBy, Refused, Sent, Sleep, Timer, Unpack};

use crate::backoff::nanos;
use crate::connected::Connected;
use crate::error::{ReconnectError, farther};
use crate::reconnect::Reconnect;
use crate::waiting::Waiting;
use crate::{CallFault, CallFrame, CallPacker, Connect};

/// One request and the reply to it, as an `R`, over as many connections as it
/// takes.
///
/// Made by [`Reconnect::send_await`]. If the connection ends, or is being
/// closed, before the request was written, it is sent on the next one: nobody
/// has seen it. If it was written, or may have been, the call fails and
/// [`sent`](ReconnectError::sent) says so, because the peer may have acted on
/// it; only [`repeatable`](Self::repeatable) sends it again then. Each time it
/// is packed anew and gets a new id. No other failure is repeated.
///
/// # Errors
/// A [`ReconnectError`]: the call failed, or there is no connection to be had.
///
/// # Cancel safety
/// Dropping it cancels the call, as dropping a [`Call`] does.
///
/// # Panics
/// When it is polled after it has finished.
#[must_use = "a call sends nothing unless it is polled"]
pub struct ReconnectCall<C: Connect, Q, R> {
    reconnect: Reconnect<C>,
    request: Q,
    repeatable: bool,
    /// When it runs out; `u64::MAX` is never.
    at: u64,
    /// Made when it first waits for a connection.
    sleep: Option<<C::Timer as Timer>::Sleep>,
    /// The farthest that it got.
    sent: Sent,
    stage: Stage<C, R>,
    reply: PhantomData<fn() -> R>,
}

enum Stage<C: Connect, R> {
    Connecting {
        connected: Connected<C>,
        waiting: Option<Waiting>,
    },
    Calling {
        call: Call<C::Link, R>,
        epoch: u64,
    },
    Done,
}

impl<C: Connect, R> Stage<C, R> {
    fn connecting(reconnect: &Reconnect<C>) -> Self {
        Self::Connecting {
            connected: reconnect.connected(),
            waiting: None,
        }
    }
}

impl<C: Connect, Q, R> ReconnectCall<C, Q, R> {
    pub(crate) fn new(reconnect: Reconnect<C>, request: Q) -> Self {
        let call = Self {
            stage: Stage::connecting(&reconnect),
            reconnect,
            request,
            repeatable: false,
            at: u64::MAX,
            sleep: None,
            sent: Sent::No,
            reply: PhantomData,
        };
        let timeout = call.reconnect.plan().config.call_timeout;
        call.timeout(timeout)
    }

    /// The peer may act on this request more than once without harm: it is
    /// sent again even if it may have been executed.
    pub fn repeatable(mut self) -> Self {
        self.repeatable = true;
        self
    }

    /// Bounds the whole, from now: outages, repeats and the reply. Replaces
    /// [`Config::call_timeout`](crate::Config::call_timeout).
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.at = match nanos(timeout) {
            u64::MAX => u64::MAX,
            timeout => self.reconnect.plan().now().saturating_add(timeout),
        };
        self
    }

    fn poll_time(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match self.at {
            u64::MAX => Poll::Pending,
            at => {
                let timer = self.reconnect.plan().connect.timer();
                let sleep = self.sleep.get_or_insert_with(|| timer.sleep());
                sleep.poll_until(at, cx)
            }
        }
    }

    /// It waits for a connection.
    fn poll_outage(&mut self, cx: &mut Context<'_>) -> Poll<ReconnectError<C>> {
        if let Stage::Connecting { waiting, .. } = &mut self.stage {
            let plan = self.reconnect.plan();
            if waiting.is_none() {
                *waiting = Waiting::begin(&plan.waiting, plan.config.max_waiting);
            }
            if waiting.is_none() {
                return Poll::Ready(ReconnectError::Full { sent: self.sent });
            }
        }
        ready!(self.poll_time(cx));
        Poll::Ready(self.down())
    }

    fn down(&self) -> ReconnectError<C> {
        ReconnectError::Down {
            last: self.reconnect.last_error(),
            sent: self.sent,
        }
    }

    /// Whether the call failed with its connection and may go on another.
    fn goes_on(&self, error: &CallFault<C>) -> bool {
        match error {
            CallError::Closed { sent, .. } => *sent == Sent::No || self.repeatable,
            CallError::Refused { why, .. } => *why == Refused::Closing,
            _ => false,
        }
    }
}

impl<C: Connect, Q, R> Unpin for ReconnectCall<C, Q, R> {}

impl<C, Q, R> Future for ReconnectCall<C, Q, R>
where
    C: Connect,
    Q: PackedBy<CallFrame<C>, CallPacker<C>>,
    CallPacker<C>: Unpack<CallFrame<C>, R>,
{
    type Output = Result<R, ReconnectError<C>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        let end = loop {
            match &mut this.stage {
                Stage::Connecting { connected, .. } => match connected.poll_epoch(cx) {
                    Poll::Ready(Ok((handle, epoch))) => {
                        let mut call = handle.send_await(&this.request);
                        if this.at != u64::MAX {
                            let left = this.at.saturating_sub(this.reconnect.plan().now());
                            if left == 0 {
                                break Err(this.down());
                            }
                            call = call.timeout(Duration::from_nanos(left));
                        }
                        this.stage = Stage::Calling { call, epoch };
                    }
                    Poll::Ready(Err(why)) => {
                        let sent = this.sent;
                        break Err(ReconnectError::GaveUp { why, sent });
                    }
                    Poll::Pending => break Err(ready!(this.poll_outage(cx))),
                },
                Stage::Calling { call, epoch } => {
                    let error = match ready!(Pin::new(call).poll(cx)) {
                        Ok(reply) => break Ok(reply),
                        Err(error) => error,
                    };
                    let epoch = *epoch;
                    this.sent = farther(this.sent, error.sent());
                    if !this.goes_on(&error) {
                        let sent = this.sent;
                        break Err(ReconnectError::Call { error, sent });
                    }
                    this.reconnect.lost(epoch);
                    this.stage = Stage::connecting(&this.reconnect);
                }
                #[expect(
                    clippy::panic,
                    reason = "a bug of whoever polls; no peer's bytes lead here"
                )]
                Stage::Done => panic!("polled after it was done"),
            }
        };
        this.stage = Stage::Done;
        Poll::Ready(end)
    }
}

impl<C: Connect, Q, R> fmt::Debug for ReconnectCall<C, Q, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReconnectCall")
            .field("repeatable", &self.repeatable)
            .field("sent", &self.sent)
            .finish_non_exhaustive()
    }
}
