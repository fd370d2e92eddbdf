//! Any WebSocket transport as one type.

use std::convert::Infallible;
use std::error::Error;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;

use await_layer::{Cause, CloseReason, Flow, Stage, Staged, Transport};
use futures_core::Stream;
use futures_sink::Sink;
use futures_util::{SinkExt, TryStreamExt};

use crate::frame::{Came, Control, Frame, Token};
use crate::hooks::guarded;
use crate::validate::Live;
use crate::{AwaitId, Data, Payload, ProcessedError, Received, WireFrame};

/// Pings and pongs that nobody has taken yet, at most; more are not shown.
const MAX_SHOWN: usize = 16;

/// A WebSocket transport whose type is forgotten.
pub(crate) type Wire = Pin<Box<dyn AnyWire>>;

pub(crate) trait AnyWire:
    Sink<Frame, Error = CloseReason> + Stream<Item = Result<Frame, CloseReason>> + Send
{
}

impl<S> AnyWire for S where
    S: Sink<Frame, Error = CloseReason> + Stream<Item = Result<Frame, CloseReason>> + Send
{
}

pub(crate) fn wire<S, F>(io: S, live: Arc<Live>, max_inbound: usize) -> Wire
where
    S: Transport<F> + Send + 'static,
    S::Error: Send,
    F: WireFrame + Send + 'static,
{
    let reader = Reader {
        live,
        shown: Token::default(),
        // They share the queue of the messages.
        max_shown: MAX_SHOWN.min(max_inbound / 2),
        frame: PhantomData,
    };
    let staged = Staged::new(io, reader);
    Box::pin(
        staged
            .sink_map_err(|error| reason(&error))
            .map_err(|error| reason(&error)),
    )
}

/// The reason that the transport gives, somewhere in its error.
fn reason(error: &(dyn Error + 'static)) -> CloseReason {
    let mut source = Some(error);
    while let Some(error) = source {
        if let Some(reason) = error.downcast_ref::<CloseReason>() {
            return reason.clone();
        }
        source = error.source();
    }
    CloseReason::new(Cause::Transport, error.to_string())
}

/// Unpacks what comes, and hands out what is packed.
struct Reader<F> {
    live: Arc<Live>,
    /// Every ping and pong that waits owns it too.
    shown: Token,
    max_shown: usize,
    frame: PhantomData<fn() -> F>,
}

impl<F> Reader<F> {
    fn unpack(&self, payload: Payload) -> Frame {
        let settings = self.live.get();
        let (unpacked, payload) = if settings.unpack.is_none() {
            (Ok(Data::from(payload)), None)
        } else {
            let unpacked = guarded("unpack_message", || settings.unpack_message(&payload));
            (unpacked, Some(payload))
        };
        let identified = unpacked.and_then(|data| {
            let run = || Ok(settings.extract_await_id(&data));
            let id = guarded("extract_await_id", run)?;
            let id = id.map(AwaitId::bounded).transpose()?;
            // Off here and not in the codec: by the settings that it was read by.
            let weight = data.weight();
            let data = match id.is_some() && !settings.leave_await_id() {
                true => guarded("delete_await_id", || Ok(settings.delete_await_id(data)))
                    .map_err(|error| ProcessedError::new(error, None)),
                false => Ok(data),
            };
            Ok(Frame::Came(Came { data, id, weight }))
        });
        identified.unwrap_or_else(|error| Frame::broken(ProcessedError::new(error, payload)))
    }

    fn token(&self) -> Option<Token> {
        (Arc::strong_count(&self.shown) <= self.max_shown).then(|| self.shown.clone())
    }
}

impl<F: WireFrame> Stage for Reader<F> {
    type Wire = F;
    type Frame = Frame;
    type Error = Infallible;

    fn read(&mut self, wire: F, out: &mut Flow<F, Frame>) -> Result<(), Infallible> {
        match wire.received() {
            Some(Received::Message(payload)) => out.deliver(self.unpack(payload)),
            Some(Received::Ping(payload)) => {
                if let Some(token) = self.token() {
                    out.deliver(Frame::Ping(Control::new(payload, Some(token))));
                }
            }
            Some(Received::Pong(payload)) => {
                if let Some(token) = self.token() {
                    out.deliver(Frame::Pong(Control::new(payload, Some(token))));
                }
            }
            None => {}
        }
        Ok(())
    }

    fn write(&mut self, frame: Frame, out: &mut Flow<F, Frame>) -> Result<(), Infallible> {
        match frame {
            Frame::Packed(Some(message)) => F::message(message, &mut |wire| out.write(wire)),
            Frame::Close(goodbye) => out.write(F::from(goodbye)),
            Frame::Ping(it) => out.write(F::ping(it.payload)),
            Frame::Pong(it) => out.write(F::pong(it.payload)),
            // A fragment that waits; the others are never sealed.
            Frame::Packed(None) | Frame::Send(_) | Frame::Came(_) | Frame::Failed(_) => {}
        }
        Ok(())
    }
}
