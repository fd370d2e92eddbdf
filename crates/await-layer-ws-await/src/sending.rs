//! Messages on their way: the futures of `send`, `send_await` and `res_await`.

use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use await_layer::{CallError, Refused, Sent};

use crate::frame::{Came, Frame};
use crate::socket::L;
use crate::{AwaitError, AwaitId, ConnectionCloseError, Data, SendCause, SendError, TimeoutError};

/// A message on its way: ready once it is written out.
///
/// It takes its place in the queue at its first poll. Dropping it takes the
/// message back if it is not written yet.
///
/// # Panics
/// When it is polled after it has finished.
#[must_use = "nothing is sent unless this is polled"]
pub struct Sending(Result<await_layer::Sending<L>, Option<SendError>>);

impl Sending {
    pub(crate) fn new(sending: await_layer::Sending<L>) -> Self {
        Self(Ok(sending))
    }

    pub(crate) fn failed(error: SendError) -> Self {
        Self(Err(Some(error)))
    }
}

impl Future for Sending {
    type Output = Result<(), SendError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.0 {
            Ok(sending) => Pin::new(sending)
                .poll(cx)
                .map(|sent| sent.map_err(send_error)),
            Err(error) => Poll::Ready(Err(once(error))),
        }
    }
}

/// An answer on its way: ready, with the id of its request, once it is written
/// out.
///
/// Dropping it before its first poll leaves the request unanswered; after that
/// the answer is sent all the same.
///
/// # Panics
/// When it is polled after it has finished.
#[must_use = "nothing is sent unless this is polled"]
pub struct ResAwait {
    id: AwaitId,
    sending: Sending,
}

impl ResAwait {
    pub(crate) fn new(id: AwaitId, sending: Sending) -> Self {
        Self { id, sending }
    }
}

impl Future for ResAwait {
    type Output = Result<AwaitId, SendError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let sent = Pin::new(&mut self.sending).poll(cx);
        sent.map(|sent| sent.map(|()| self.id.clone()))
    }
}

/// A request and the reply to it.
///
/// The timeout runs from the call; the request takes its place in the queue at
/// the first poll. Dropping it cancels: what is not written is never written,
/// and a late reply reaches nobody.
///
/// # Panics
/// When it is polled after it has finished.
#[must_use = "nothing is sent unless this is polled"]
pub struct Call(Result<await_layer::Call<L, Frame>, Option<SendError>>);

impl Call {
    pub(crate) fn new(call: await_layer::Call<L, Frame>) -> Self {
        Self(Ok(call))
    }

    pub(crate) fn failed(error: SendError) -> Self {
        Self(Err(Some(error)))
    }
}

impl Future for Call {
    type Output = Result<Data, AwaitError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let call = match &mut self.0 {
            Ok(call) => call,
            Err(error) => {
                return Poll::Ready(Err(AwaitError::Send(once(error))));
            }
        };
        Pin::new(call).poll(cx).map(|reply| match reply {
            Ok(Frame::Came(Came { data, .. })) => data.map_err(AwaitError::Processed),
            // Nothing else carries an id.
            Ok(_) => Ok(Data::Json(serde_json::Value::Null)),
            Err(error) => Err(await_error(error)),
        })
    }
}

#[expect(
    clippy::expect_used,
    reason = "a bug of whoever polls; no peer's bytes lead here"
)]
fn once(error: &mut Option<SendError>) -> SendError {
    error.take().expect("polled after it was done")
}

fn await_error(error: CallError<Frame, Infallible>) -> AwaitError {
    match error {
        CallError::Timeout { sent, .. } => AwaitError::Timeout(TimeoutError { sent }),
        CallError::Closed {
            reason,
            sent: Sent::No,
            ..
        } => AwaitError::Send(SendCause::Closed(reason).into()),
        CallError::Closed { reason, sent, .. } => {
            AwaitError::ConnectionClose(ConnectionCloseError { reason, sent })
        }
        CallError::Refused { why, frame } => AwaitError::Send(refused(why, frame).into()),
        // Replies are not streamed here, and packing and unpacking cannot fail.
        other => {
            let sent = other.sent();
            AwaitError::Send(SendError::new(SendCause::Refused(Refused::Closing), sent))
        }
    }
}

fn send_error(error: await_layer::SendError<Frame, Infallible>) -> SendError {
    let sent = error.sent();
    match error {
        await_layer::SendError::Closed { reason, .. } => {
            SendError::new(SendCause::Closed(reason), sent)
        }
        await_layer::SendError::Refused { why, frame } => refused(why, frame).into(),
        // Nothing is withdrawn on this wire, and packing cannot fail.
        _ => SendError::new(SendCause::Refused(Refused::Closing), sent),
    }
}

/// The codec puts its cause in the frame.
fn refused(why: Refused, frame: Option<Frame>) -> SendCause {
    match frame {
        Some(Frame::Failed(cause)) => cause,
        _ => SendCause::Refused(why),
    }
}

macro_rules! debug {
    ($($name:ident)*) => {
        $(impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($name)).finish_non_exhaustive()
            }
        })*
    };
}

debug!(Sending ResAwait Call);
