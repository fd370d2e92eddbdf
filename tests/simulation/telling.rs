//! Plain messages, in order: sent by a handle, or through the layer as a sink.

use std::time::Duration;

use await_layer::{AwaitLayer, ManualTimer, PackedBy, Sent};
use await_layer_testkit::contract::Contract;
use futures::stream::SplitSink;
use futures::{SinkExt, StreamExt};

use crate::asking::poll_times;
use crate::fuse::Fused;
use crate::port::NetEnd;
use crate::shared::{End, nanos};
use crate::tally::Feature;
use crate::wire::Wire;

pub(crate) type Layer<P> = AwaitLayer<Contract<NetEnd>, Fused<P>, ManualTimer>;

pub(crate) async fn teller<P: Wire>(end: End<P>, messages: usize) {
    let shared = end.shared.clone();
    for _ in 0..messages {
        if shared.chance(0.3) {
            shared.pause(10).await;
        }
        let body = shared.next_plain(end.who);
        let told = match shared.below(4) {
            0 => {
                let told = end.handle.try_send(&body);
                told.map_err(|error| error.sent()).map(|()| false)
            }
            1 => match poll_times(&mut end.handle.send(&body), 1 + shared.below(3)).await {
                Some(told) => told.map_err(|error| error.sent()).map(|()| true),
                None => continue,
            },
            _ => {
                let told = end.handle.send(&body).await;
                told.map_err(|error| error.sent()).map(|()| true)
            }
        };
        let (started, flushed) = {
            let journal = &shared.net.borrow().journal;
            (
                journal.started.contains(&body),
                journal.flushed.contains(&body),
            )
        };
        let lied = match told {
            Ok(waited) => waited && !flushed,
            Err(Sent::No) => started,
            Err(Sent::Yes) => !flushed,
            Err(Sent::Maybe) => false,
        };
        if lied {
            shared.complain(format!("{body:?}: {told:?}, but {started} and {flushed}"));
        }
    }
}

/// The same through the layer's own `Sink`, and at the end perhaps its close.
pub(crate) async fn feeder<P: Wire>(
    end: End<P>,
    mut sink: SplitSink<Layer<P>, bytes::Bytes>,
    messages: usize,
) {
    let shared = end.shared.clone();
    let (packer, _, _) = await_layer::Protocol::into_parts(P::default());
    for _ in 0..messages {
        if shared.chance(0.2) {
            shared.pause(10).await;
        }
        let body = shared.next_plain(end.who);
        let Ok(frame) = body.pack_by(&packer) else {
            continue;
        };
        let fed = if shared.chance(0.5) {
            sink.feed(frame).await
        } else {
            let sent = sink.send(frame).await;
            if sent.is_ok() && !shared.net.borrow().journal.flushed.contains(&body) {
                shared.complain(format!("{body:?} is ready and not flushed"));
            }
            sent
        };
        if fed.is_err() {
            if end.handle.close_reason().is_none() && !end.handle.is_closing() {
                shared.complain(format!("{body:?} was turned away"));
            }
            return;
        }
        shared.score.count(Feature::Fed);
    }
    if shared.chance(0.3) {
        drop(sink.close().await);
    }
}

/// Changes what time calls have that say nothing of it.
pub(crate) async fn tinker<P: Wire>(end: End<P>, times: usize) {
    for _ in 0..times {
        end.shared.pause(200).await;
        let time = Duration::from_millis([3, 70, 900, 10_000][end.shared.below(4)]);
        end.handle.set_call_timeout(time);
        end.side().call_timeout.set(nanos(time));
        end.shared.score.count(Feature::Settings);
    }
}

/// The layer as a sink and a stream of its own.
pub(crate) fn parts<P: Wire>(
    layer: Layer<P>,
) -> (
    SplitSink<Layer<P>, bytes::Bytes>,
    futures::stream::SplitStream<Layer<P>>,
) {
    StreamExt::split(layer)
}
