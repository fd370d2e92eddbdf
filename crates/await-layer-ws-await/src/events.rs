//! What happens on a connection.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use await_layer::{CloseReason, Incoming, Request, Responder};
use bytes::Bytes;
use futures_core::Stream;

use crate::frame::{Came, Frame};
use crate::socket::L;
use crate::{AwaitId, Capabilities, Data, ProcessedError};

/// Something that happened, under the original's name.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event {
    /// The connection is there. Always the first event.
    Open,
    /// Data without an id.
    Message(Data),
    /// Data with an id: a request of the peer's, and the right to answer it
    /// with [`res_await`](crate::WebSocketAwait::res_await).
    MessageAwait(Data, Ask),
    /// A message came and a function of the settings failed on it. The
    /// connection goes on.
    Error(ProcessedError),
    /// The peer's ping, which is answered already. Of many that are not taken
    /// only some are shown.
    Ping(Bytes),
    /// The peer's pong. Of many that are not taken only some are shown.
    Pong(Bytes),
    /// This many messages, pings and pongs among them, were dropped here, because
    /// those before them were not taken in time.
    Lagged(u64),
    /// The connection has ended; calls have failed by now. Always the last
    /// event.
    Close(CloseReason),
}

/// The events of one connection, in the order of the wire.
///
/// A stream that ends after [`Event::Close`]. Taking the next event is cancel
/// safe. Dropping it refuses the peer's requests, which on this wire is
/// silence, and drops its messages.
#[must_use = "streams do nothing unless they are polled"]
pub struct Events {
    incoming: Incoming<L>,
    closed: await_layer::Closed<L>,
    capabilities: Capabilities,
    stage: Stage,
}

#[derive(Clone, Copy, Debug)]
enum Stage {
    Opening,
    Open,
    Closing,
    Closed,
}

impl Events {
    pub(crate) fn new(
        incoming: Incoming<L>,
        closed: await_layer::Closed<L>,
        capabilities: Capabilities,
    ) -> Self {
        Self {
            incoming,
            closed,
            capabilities,
            stage: Stage::Opening,
        }
    }
}

impl Stream for Events {
    type Item = Event;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Event>> {
        let this = &mut *self;
        loop {
            match this.stage {
                Stage::Opening => {
                    this.stage = Stage::Open;
                    return Poll::Ready(Some(Event::Open));
                }
                Stage::Open => match Pin::new(&mut this.incoming).poll_next(cx) {
                    Poll::Pending => return Poll::Pending,
                    Poll::Ready(None) => this.stage = Stage::Closing,
                    Poll::Ready(Some(event)) => {
                        if let Some(event) = translate(event, this.capabilities) {
                            return Poll::Ready(Some(event));
                        }
                    }
                },
                Stage::Closing => {
                    let closed = Pin::new(&mut this.closed).poll(cx);
                    if closed.is_ready() {
                        this.stage = Stage::Closed;
                    }
                    return closed.map(|reason| Some(Event::Close(reason)));
                }
                Stage::Closed => return Poll::Ready(None),
            }
        }
    }
}

fn translate(event: await_layer::Event<L>, capabilities: Capabilities) -> Option<Event> {
    match event {
        await_layer::Event::Message(Frame::Came(Came { data, .. })) => Some(match data {
            Ok(data) => Event::Message(data),
            Err(error) => Event::Error(error),
        }),
        await_layer::Event::Message(Frame::Ping(it)) => Some(Event::Ping(it.payload)),
        await_layer::Event::Message(Frame::Pong(it)) => Some(Event::Pong(it.payload)),
        await_layer::Event::Request(Request {
            frame: Frame::Came(Came { data, id, .. }),
            responder,
        }) => Some(match (data, id) {
            (Ok(data), Some(id)) => {
                let ask = Ask {
                    id,
                    responder,
                    capabilities,
                };
                Event::MessageAwait(data, ask)
            }
            (Ok(data), None) => Event::Message(data),
            (Err(error), _) => Event::Error(error),
        }),
        await_layer::Event::Lagged(n) => Some(Event::Lagged(n)),
        _ => None,
    }
}

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Events")
            .field("stage", &self.stage)
            .finish_non_exhaustive()
    }
}

/// The right to answer one request of the peer's, once. Dropping it leaves the
/// request unanswered: the peer waits until its own timeout.
///
/// It is used up by the answer, so a second one does not compile:
///
/// ```compile_fail,E0382
/// # use await_layer_ws_await::{Ask, WebSocketAwait};
/// # fn twice(socket: WebSocketAwait, ask: Ask) {
/// let _ = socket.res_await(serde_json::json!({}), ask);
/// let _ = socket.res_await(serde_json::json!({}), ask);
/// # }
/// ```
#[must_use = "an `Ask` that is dropped leaves the peer without an answer"]
pub struct Ask {
    id: AwaitId,
    responder: Responder<L>,
    /// Of the connection that it came over.
    capabilities: Capabilities,
}

impl Ask {
    /// The id of the request, as it came.
    #[must_use]
    pub fn id(&self) -> &AwaitId {
        &self.id
    }

    pub(crate) fn into_parts(self) -> (AwaitId, Responder<L>, Capabilities) {
        (self.id, self.responder, self.capabilities)
    }
}

impl fmt::Debug for Ask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Ask").field(&self.id).finish()
    }
}
