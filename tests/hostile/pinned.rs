//! F25: small messages that are kept for ever.

use await_layer::{AwaitLayer, Event, Json, JsonFrame, Protocol, Timer, Transport};
use await_layer_deflate::{Agreed, Config, Frame, Role, SendOptions, WebSocket};
use bytes::BytesMut;
use futures::future::{Either, select};
use futures::{SinkExt, StreamExt};
use tokio::io::{AsyncWriteExt, DuplexStream, duplex};
use tokio_util::compat::TokioAsyncReadCompatExt;

use crate::ends::{self, End, Visit};
use crate::peak::Peak;
use crate::scaled;
use crate::table::Table;

/// What is kept, and what comes between and is not.
const KEPT: &[u8] = b"{\"twenty\": \"bytes!\"}";
const BETWEEN: usize = 6000;
/// Until buffers have their size.
const WARM_UP: usize = 50;

pub(crate) async fn measure(table: &mut Table) {
    ends::each(&mut Pinned { table }, 1 << 16, 1 << 20).await;
    compressed(table).await;
}

/// What is small once it is decompressed.
async fn compressed(table: &mut Table) {
    let count = scaled(20_000);
    let (near, far) = duplex(1 << 16);
    let both = Agreed {
        own_context: true,
        peer_context: true,
    };
    let end = |io: DuplexStream, role| {
        let config = Config::default();
        WebSocket::new(io.compat(), role, Some(both), BytesMut::new(), &config)
    };
    let (mut ours, mut theirs) = (end(near, Role::Client), end(far, Role::Server));
    let text = std::str::from_utf8(KEPT).expect("text");
    let message = Frame::text(text).with_options(SendOptions {
        compress: Some(true),
        ..SendOptions::default()
    });
    let mut kept = Vec::with_capacity(count);
    let peak = Peak::new();
    for round in 0..WARM_UP + count {
        if round == WARM_UP {
            kept.clear();
            peak.restart();
        }
        theirs.send(message.clone()).await.expect("it reads");
        let frame = ours.next().await.expect("a message").expect("it is sound");
        assert_eq!(frame.as_text(), Some(text));
        kept.push(frame);
    }
    let each = peak.left() / count;
    let what = format!(
        "deflate, compressed: what a message of {} bytes pins",
        KEPT.len()
    );
    table.at_most(&what, each, "bytes", 2 * KEPT.len());
}

struct Pinned<'a> {
    table: &'a mut Table,
}

impl Visit for Pinned<'_> {
    async fn visit<S, P, T>(&mut self, end: End, layer: AwaitLayer<S, P, T>, mut peer: DuplexStream)
    where
        S: Transport<P::Frame>,
        P: Protocol<Frame: JsonFrame, Packer = Json>,
        T: Timer,
    {
        let count = scaled(20_000);
        let mut wire = end.wire.message(KEPT);
        wire.extend(end.wire.message(&vec![b'x'; BETWEEN]));
        let (_handle, mut incoming) = layer.split();
        let mut kept = Vec::with_capacity(count);
        let peak = Peak::new();
        for round in 0..WARM_UP + count {
            if round == WARM_UP {
                kept.clear();
                peak.restart();
            }
            let written = Box::pin(peer.write_all(&wire));
            let read = Box::pin(async {
                for size in [KEPT.len(), BETWEEN] {
                    let Some(Event::Message(frame)) = incoming.next().await else {
                        panic!("no message");
                    };
                    assert_eq!(frame.json().map(<[u8]>::len), Some(size));
                    if size == KEPT.len() {
                        kept.push(frame);
                    }
                }
            });
            match select(written, read).await {
                Either::Left((written, read)) => {
                    written.expect("it reads");
                    read.await;
                }
                Either::Right((_, written)) => written.await.expect("it reads"),
            }
        }
        let each = peak.left() / count;
        let what = format!("{}: what a message of {} bytes pins", end.name, KEPT.len());
        self.table.at_most(&what, each, "bytes", 2 * KEPT.len());
    }
}
