//! tokio-util's own codecs, also as the peer of a framing.

use std::convert::Infallible;

use await_layer::{Limits, WsAwait, serve};
use await_layer_tokio::{Config, layer, layer_with_codec};
use bytes::Bytes;
use serde_json::{Value, json};
use tokio::io::duplex;
use tokio_util::codec::{BytesCodec, LengthDelimitedCodec};

#[tokio::test]
async fn tokio_utils_length_delimited_frames_meet_ours() {
    let (here, there) = duplex(64);
    let codec = LengthDelimitedCodec::new();
    let here = layer_with_codec(here, codec, WsAwait::<Bytes>::new(), Limits::default());
    let (ours, to_ours) = layer(there, Config::length_delimited()).split();
    let (theirs, to_theirs) = here.split();
    let echo = async |question: Value| Ok::<_, Infallible>(json!({ "echo": question }));
    tokio::spawn(serve(to_ours, 4, echo));
    tokio::spawn(serve(to_theirs, 4, echo));
    let long = json!({ "long": "!".repeat(10_000) });
    for question in [json!({ "a": 1 }), long] {
        let (one, other) = tokio::join!(
            ours.send_await::<Value>(&question),
            theirs.send_await::<Value>(&question)
        );
        assert_eq!(one.unwrap(), json!({ "echo": question }));
        assert_eq!(other.unwrap(), json!({ "echo": question }));
    }
    ours.close().await;
}

#[tokio::test]
async fn a_codec_that_yields_bytes_mut_and_frames_nothing_fits_too() {
    let (here, mut there) = duplex(64);
    let raw = await_layer::Raw;
    let protocol = Plain(raw);
    let mut layer = layer_with_codec(here, BytesCodec::new(), protocol, Limits::default());
    use futures::{SinkExt, StreamExt};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    there.write_all(b"ping").await.unwrap();
    assert_eq!(layer.next().await.unwrap().unwrap(), "ping");
    layer.send(Bytes::from("pong")).await.unwrap();
    let mut pong = [0; 4];
    there.read_exact(&mut pong).await.unwrap();
    assert_eq!(&pong, b"pong");
}

/// A wire without requests.
struct Plain(await_layer::Raw);

impl await_layer::Protocol for Plain {
    type Frame = Bytes;
    type Packer = await_layer::Raw;
    type Codec = Self;
    type Ids = await_layer::SlotIds<u64>;

    fn into_parts(self) -> (await_layer::Raw, Self, Self::Ids) {
        (self.0, self, await_layer::SlotIds::new())
    }
}

impl await_layer::AwaitIdCodec<Bytes> for Plain {
    type Id = u64;
    type Ask = u64;

    fn peek(&mut self, _: &Bytes) -> await_layer::Peek<u64, u64> {
        await_layer::Peek::Other
    }

    fn seal(
        &mut self,
        _: &mut Bytes,
        _: await_layer::Head<'_, u64, u64>,
    ) -> Result<(), await_layer::SealError> {
        Ok(())
    }

    fn size(frame: &Bytes) -> usize {
        frame.len()
    }
}
