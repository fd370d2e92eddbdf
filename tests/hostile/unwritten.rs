//! F24: a socket whose peer does not read.

use std::task::Poll;

use await_layer::{AwaitLayer, Json, JsonFrame, Limits, Protocol, Refused, SendError, Timer};
use await_layer::{Event, Transport};
use futures::future::{poll_fn, select};
use futures::{FutureExt, StreamExt};
use tokio::io::{AsyncWriteExt, DuplexStream};

use crate::ends::{self, End, Visit};
use crate::peak::Peak;
use crate::scaled;
use crate::table::Table;

const BODY: usize = 10_000;
/// What the pipe holds, which nobody empties.
const PIPE: usize = 4096;

pub(crate) async fn measure(table: &mut Table) {
    ends::each(&mut Unwritten { table }, PIPE, 1 << 20).await;
}

struct Unwritten<'a> {
    table: &'a mut Table,
}

impl Visit for Unwritten<'_> {
    async fn visit<S, P, T>(&mut self, end: End, layer: AwaitLayer<S, P, T>, mut peer: DuplexStream)
    where
        S: Transport<P::Frame>,
        P: Protocol<Frame: JsonFrame, Packer = Json>,
        T: Timer,
    {
        let many = scaled(100_000);
        let what = |what: &str| format!("{}: {what}", end.name);
        let (handle, mut incoming) = layer.split();
        let body = "x".repeat(BODY);
        let peak = Peak::new();
        let mut back = 0_usize;
        for n in 0..many {
            match handle.try_send(&body) {
                Ok(()) => {}
                Err(SendError::Refused {
                    why: Refused::Overloaded,
                    frame: Some(_),
                }) => back += 1,
                Err(other) => panic!("{}: {other}", end.name),
            }
            if n % 10 == 0 {
                assert!(incoming.next().now_or_never().is_none());
                peak.look();
                tokio::task::yield_now().await;
            }
        }
        let written = usize::try_from(handle.stats().written).unwrap_or(usize::MAX);
        let handed = written * (BODY + 2);
        let limit = end.unwritten + BODY + PIPE;
        self.table
            .at_most(&what("handed to the transport"), handed, "bytes", limit);
        let limits = Limits::default();
        let queued = many - back - written;
        let most = limits.max_outbound_bytes / (BODY + 2 + 128) + 1;
        self.table
            .at_most(&what("queued before it"), queued, "frames", most);
        // Buffers double as they grow.
        let limit = 2 * end.unwritten + limits.max_outbound_bytes + 4 * BODY + PIPE;
        self.table
            .at_most(&what("memory at the peak"), peak.most(), "bytes", limit);

        let Some(ping) = end.wire.ping(&[b'x'; 125]) else {
            return;
        };
        let pings = scaled(100_000);
        peak.restart();
        let say = Box::pin(async {
            for _ in 0..pings {
                peer.write_all(&ping).await.expect("it reads");
            }
        });
        let hear = poll_fn(|cx| {
            peak.look();
            match incoming.poll_next_unpin(cx) {
                Poll::Ready(None) => panic!("it ends"),
                Poll::Ready(Some(Event::Message(_))) => panic!("a ping is no message"),
                _ => Poll::<()>::Pending,
            }
        });
        drop(select(say, hear).await);
        let said = format!("{pings} pings, memory at the peak");
        // A pong for each, while there is room, or for the last.
        let limit = 2 * end.unwritten + BODY;
        self.table
            .at_most(&what(&said), peak.most(), "bytes", limit);
    }
}
