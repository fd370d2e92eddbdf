//! tarpc's client.
//!
//! tarpc wants a transport of its own messages and leaves their bytes to
//! serde. Here nothing is serialised: the id of a request goes into the room
//! that its frame has, the frame is the rest, and of a reply the id is read
//! and the frame handed on. Deadline and trace, which tarpc would send along,
//! are left out, to its advantage. The far end is the same bare echo. The
//! client's own deadline per call, its context and its tracing span remain, as
//! users have them.

use std::error::Error;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Instant;

use bytes::BytesMut;
use futures::{Sink, SinkExt, Stream, StreamExt};
use tarpc::client::{self, Channel, Config};
use tarpc::{ClientMessage, RequestName, Response, context};

use crate::TIMEOUT;
use crate::load::{Client, Load};
use crate::wire::{Wire, id_of, seal, strip};

struct Question(BytesMut);

impl RequestName for Question {
    fn name(&self) -> &str {
        "echo"
    }
}

/// Frames as tarpc's messages.
struct Messages<W>(W);

#[derive(Debug)]
struct Broken;

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the transport has failed")
    }
}

impl Error for Broken {}

impl<W: Wire> Stream for Messages<W> {
    type Item = Result<Response<BytesMut>, Broken>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let frame = self.0.poll_next_unpin(cx);
        frame.map_err(|_| Broken).map_ok(|mut frame| {
            let request_id = id_of(&frame);
            strip(&mut frame);
            let message = Ok(frame);
            Response {
                request_id,
                message,
            }
        })
    }
}

impl<W: Wire> Sink<ClientMessage<Question>> for Messages<W> {
    type Error = Broken;

    fn poll_ready(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Broken>> {
        self.0.poll_ready_unpin(cx).map_err(|_| Broken)
    }

    fn start_send(
        mut self: Pin<&mut Self>,
        message: ClientMessage<Question>,
    ) -> Result<(), Broken> {
        let ClientMessage::Request(request) = message else {
            // The echo has nothing to cancel, and no call is given up here.
            return Ok(());
        };
        let Question(mut frame) = request.message;
        seal(&mut frame, request.id);
        self.0.start_send_unpin(frame).map_err(|_| Broken)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Broken>> {
        self.0.poll_flush_unpin(cx).map_err(|_| Broken)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Broken>> {
        self.0.poll_close_unpin(cx).map_err(|_| Broken)
    }
}

#[derive(Clone)]
struct Tarpc {
    channel: Channel<Question, BytesMut>,
}

impl Client for Tarpc {
    async fn call(&self, frame: &BytesMut) -> BytesMut {
        let mut context = context::current();
        context.deadline = Instant::now() + TIMEOUT;
        let question = Question(frame.clone());
        let reply = self.channel.call(context, question).await;
        reply.expect("every call is answered")
    }
}

pub fn open(io: impl Wire, load: &Load) -> impl Client {
    let mut config = Config::default();
    // The default of 100 holds up a burst; this is what the others have.
    config.pending_request_buffer = 1024;
    config.max_in_flight_requests = load.in_flight.max(config.max_in_flight_requests);
    let new = client::new(config, Messages(io));
    tokio::spawn(async { drop(new.dispatch.await) });
    Tarpc {
        channel: new.client,
    }
}
