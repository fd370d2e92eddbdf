//! Framings as tokio-util has them, and tokio-util's codecs as framings.

use std::error::Error;

use await_layer::{AwaitLayer, Limits, Protocol, TokioTimer};
use await_layer_framing::detached;
use bytes::{Bytes, BytesMut};
use futures_util::TryStreamExt;
use futures_util::stream::MapOk;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_util::codec::{Decoder, Encoder, Framed};

use crate::{Framing, FramingError};

/// A framing as a codec of tokio-util.
#[derive(Clone, Debug)]
pub struct Codec<C>(C);

impl<C: Framing> Codec<C> {
    /// Frames as `framing` does.
    pub fn new(framing: C) -> Self {
        Self(framing)
    }
}

impl<C: Framing> Decoder for Codec<C> {
    type Item = Bytes;
    type Error = FramingError;

    fn decode(&mut self, wire: &mut BytesMut) -> Result<Option<Bytes>, FramingError> {
        Ok(self.0.decode(wire)?.map(detached))
    }

    fn decode_eof(&mut self, wire: &mut BytesMut) -> Result<Option<Bytes>, FramingError> {
        Ok(self.0.decode_end(wire)?.map(detached))
    }
}

impl<C: Framing> Encoder<Bytes> for Codec<C> {
    type Error = FramingError;

    fn encode(&mut self, frame: Bytes, wire: &mut BytesMut) -> Result<(), FramingError> {
        self.0.encode(&frame, wire)
    }
}

fn frozen(item: impl Into<Bytes>) -> Bytes {
    detached(item.into())
}

/// A connection with a codec of tokio-util's or your own.
pub type CodecLayer<T, C, P> =
    AwaitLayer<MapOk<Framed<T, C>, fn(<C as Decoder>::Item) -> Bytes>, P, TokioTimer>;

/// A layer on a stream that a codec of tokio-util frames: its
/// [`LengthDelimitedCodec`](tokio_util::codec::LengthDelimitedCodec) with
/// another kind of length, say.
///
/// The codec bounds what the peer sends; see to it that it does. A message of
/// ours that the codec refuses ends the connection. Where frames are no
/// `Bytes`, [`AwaitLayer::with`] takes a [`Framed`] as it is.
pub fn layer_with_codec<T, C, P>(
    io: T,
    codec: C,
    protocol: P,
    limits: Limits,
) -> CodecLayer<T, C, P>
where
    T: AsyncRead + AsyncWrite,
    C: Decoder<Item: Into<Bytes>, Error: Error + 'static>,
    C: Encoder<Bytes, Error: Error + 'static>,
    P: Protocol<Frame = Bytes>,
{
    let frozen = frozen as fn(_) -> Bytes;
    let io = Framed::new(io, codec).map_ok(frozen);
    AwaitLayer::with(io, protocol, TokioTimer::new(), limits)
}
