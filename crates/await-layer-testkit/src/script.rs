//! A transport that the test plays by hand.
//!
//! The layer owns the [`Scripted`]; the test keeps the [`Remote`]. Without a
//! script the transport takes everything at once, says nothing, and stays
//! open. A frame counts as written once a flush or a close completed after it:
//! what the layer never flushes, the test never sees.
//!
//! ```
//! use await_layer_testkit::script::{self, Op};
//! use futures::{FutureExt, SinkExt, StreamExt};
//!
//! let (mut transport, remote) = script::scripted::<&str, &str>();
//! remote.on_send(|frame, remote| remote.feed(*frame));
//! assert_eq!(transport.send("echo").now_or_never(), Some(Ok(())));
//! assert_eq!(remote.take_written(), ["echo"]);
//! assert_eq!(transport.next().now_or_never(), Some(Some(Ok("echo"))));
//!
//! remote.fail(Op::Flush, "broken pipe");
//! assert_eq!(transport.flush().now_or_never(), Some(Err("broken pipe")));
//! ```

mod remote;
mod state;

use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use futures_core::Stream;
use futures_sink::Sink;

pub use remote::Remote;
pub use state::Op;
use state::{State, park, wake};

/// A transport and the remote control it is played by.
pub fn scripted<F, E>() -> (Scripted<F, E>, Remote<F, E>) {
    let remote = Remote {
        state: Arc::new(Mutex::new(State::new())),
    };
    let transport = Scripted {
        remote: remote.clone(),
    };
    (transport, remote)
}

/// A transport that does what its [`Remote`] says; [`scripted`] makes both.
///
/// It is `Send` if `F` and `E` are, and always `Unpin`. It checks no more of
/// the contract than it needs; wrap it in a
/// [`Contract`](crate::contract::Contract) for that.
///
/// # Panics
///
/// `start_send` panics when no more frames are allowed
/// ([`Remote::allow`]).
pub struct Scripted<F, E> {
    remote: Remote<F, E>,
}

impl<F, E> Scripted<F, E> {
    /// Polls the operation's gate, and what lies behind it.
    fn pass(&self, op: Op, cx: &mut Context<'_>) -> Poll<Result<(), E>> {
        let mut state = self.remote.lock();
        let full = op == Op::Ready && state.credit == Some(0);
        let gate = state.gate(op);
        let result = match gate.poll() {
            Poll::Ready(Ok(())) if full => Poll::Pending,
            result => result,
        };
        let replaced = match result {
            Poll::Ready(_) => None,
            Poll::Pending => park(&mut gate.waker, cx.waker()),
        };
        drop(state);
        drop(replaced);
        result
    }

    /// Moves what was sent to what was written.
    fn deliver(&self) {
        let mut state = self.remote.lock();
        let frames = std::mem::take(&mut state.unflushed);
        let mut answer = state.on_flush.take();
        drop(state);
        if let Some(answer) = &mut answer {
            for frame in &frames {
                answer(frame, &self.remote);
            }
        }
        let mut state = self.remote.lock();
        if state.on_flush.is_none() {
            state.on_flush = answer.take();
        }
        state.written.extend(frames);
        let watcher = state.watcher.take();
        drop(state);
        wake(watcher);
    }
}

impl<F, E> Sink<F> for Scripted<F, E> {
    type Error = E;

    fn poll_ready(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), E>> {
        self.pass(Op::Ready, cx)
    }

    fn start_send(self: Pin<&mut Self>, frame: F) -> Result<(), E> {
        let mut state = self.remote.lock();
        if let Poll::Ready(Err(error)) = state.gate(Op::Send).poll() {
            drop(state);
            return Err(error);
        }
        match &mut state.credit {
            None => {}
            Some(0) => {
                drop(state);
                panic!("start_send on a scripted transport that allows no more frames");
            }
            Some(left) => *left -= 1,
        }
        let mut answer = state.on_send.take();
        drop(state);
        if let Some(answer) = &mut answer {
            answer(&frame, &self.remote);
        }
        let mut state = self.remote.lock();
        if state.on_send.is_none() {
            state.on_send = answer.take();
        }
        state.unflushed.push(frame);
        drop(state);
        Ok(())
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), E>> {
        let passed = self.pass(Op::Flush, cx);
        if let Poll::Ready(Ok(())) = passed {
            self.deliver();
        }
        passed
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), E>> {
        let passed = self.pass(Op::Close, cx);
        if let Poll::Ready(Ok(())) = passed {
            self.remote.lock().closed = true;
            self.deliver();
        }
        passed
    }
}

impl<F, E> Stream for Scripted<F, E> {
    type Item = Result<F, E>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut state = self.remote.lock();
        match state.reading.poll() {
            Poll::Ready(Ok(())) => {}
            Poll::Ready(Err(error)) => return Poll::Ready(Some(Err(error))),
            Poll::Pending => return Poll::Ready(None),
        }
        if let Some(item) = state.incoming.pop_front() {
            return Poll::Ready(Some(item));
        }
        if state.ended {
            return Poll::Ready(None);
        }
        let replaced = park(&mut state.reader, cx.waker());
        drop(state);
        drop(replaced);
        Poll::Pending
    }
}

impl<F, E> Drop for Scripted<F, E> {
    fn drop(&mut self) {
        let mut state = self.remote.lock();
        state.dropped = true;
        let watcher = state.watcher.take();
        let parked = state.take_wakers();
        let unread = std::mem::take(&mut state.incoming);
        drop(state);
        wake(watcher);
        drop((parked, unread));
    }
}

impl<F, E> fmt::Debug for Scripted<F, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scripted")
            .field("state", &*self.remote.lock())
            .finish()
    }
}
