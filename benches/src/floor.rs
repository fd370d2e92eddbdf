//! The transport with no correlation: one task that sends and receives, looks
//! no id up and wakes no caller. Nothing that matches replies can be cheaper.

use std::future::poll_fn;
use std::task::{Context, Poll};

use futures::{SinkExt, StreamExt};

use crate::load::Load;
use crate::meter::{Meter, Sample};
use crate::runtime::{Runtime, Tokio};
use crate::watch::{Seen, Times};
use crate::wire::{Wire, id_of, packed, seal, strip};

pub async fn run(io: impl Wire, load: Load) -> Sample {
    run_on(&Tokio, io, load).await
}

/// As [`run`], with the task on that runtime.
pub async fn run_on(runtime: &impl Runtime, io: impl Wire, load: Load) -> Sample {
    let warm_up = exchange(io, load.clone(), load.warm_up(), None);
    let (io, _) = runtime.run(warm_up).await;
    let calls = exchange(io, load.clone(), load.calls, None);
    let meter = Meter::start(&load.flushes);
    runtime.run(calls).await;
    meter.stop(load.calls)
}

/// How long each exchange takes. There are no callers to be woken.
pub async fn watch_on(runtime: &impl Runtime, io: impl Wire, load: Load) -> Seen {
    let warm_up = exchange(io, load.clone(), load.warm_up(), None);
    let (io, _) = runtime.run(warm_up).await;
    let times = Some(Times::of(load.watched()));
    let calls = exchange(io, load.clone(), load.watched(), times);
    let (_, times) = runtime.run(calls).await;
    times.expect("it was given").seen()
}

async fn exchange<W: Wire>(
    mut io: W,
    load: Load,
    calls: usize,
    mut times: Option<Times>,
) -> (W, Option<Times>) {
    let frame = packed(load.payload);
    let (mut sent, mut received, mut unflushed) = (0, 0, false);
    // Replies may come in any order; the sum shows that each came once.
    let mut ids = 0;
    poll_fn(|cx: &mut Context<'_>| {
        loop {
            while sent < calls.min(received + load.in_flight) && io.poll_ready_unpin(cx).is_ready()
            {
                let mut frame = frame.clone();
                seal(&mut frame, sent as u64);
                if let Some(times) = &mut times {
                    times.sent();
                }
                io.start_send_unpin(frame).expect("the far end is there");
                sent += 1;
                unflushed = true;
            }
            if unflushed && io.poll_flush_unpin(cx).is_ready() {
                unflushed = false;
            }
            let before = received;
            while let Poll::Ready(frame) = io.poll_next_unpin(cx) {
                let mut frame = frame.and_then(Result::ok).expect("the far end is there");
                let id = id_of(&frame);
                if let Some(times) = &mut times {
                    times.received(id);
                }
                strip(&mut frame);
                assert_eq!(frame.len(), load.payload);
                ids += id;
                received += 1;
            }
            if received == calls {
                return Poll::Ready(());
            }
            if received == before {
                return Poll::Pending;
            }
        }
    })
    .await;
    assert_eq!(ids, (0..calls as u64).sum::<u64>());
    (io, times)
}
