//! The WebSocket and the JSON with no correlation: one task, messages in order.

use std::future::poll_fn;
use std::task::{Context, Poll};

use futures::{SinkExt, StreamExt};

use super::{Note, Socket, pack, unpack};
use crate::load::Load;
use crate::meter::{Meter, Sample};
use crate::watch::{Seen, Times};
use crate::wire::Counted;

pub async fn run(io: Socket, load: &Load) -> Sample {
    let mut io = Counted::new(io, load.flushes.clone());
    exchange(&mut io, load, load.warm_up(), None).await;
    let meter = Meter::start(&load.flushes);
    exchange(&mut io, load, load.calls, None).await;
    meter.stop(load.calls)
}

pub async fn watch(io: Socket, load: &Load) -> Seen {
    let mut io = Counted::new(io, load.flushes.clone());
    exchange(&mut io, load, load.warm_up(), None).await;
    let mut times = Times::of(load.watched());
    exchange(&mut io, load, load.watched(), Some(&mut times)).await;
    times.seen()
}

async fn exchange(
    io: &mut Counted<Socket>,
    load: &Load,
    calls: usize,
    mut times: Option<&mut Times>,
) {
    let note = Note::of(load.payload);
    let (mut sent, mut received, mut unflushed) = (0, 0, false);
    poll_fn(|cx: &mut Context<'_>| {
        loop {
            while sent < calls.min(received + load.in_flight) && io.poll_ready_unpin(cx).is_ready()
            {
                if let Some(times) = &mut times {
                    times.sent();
                }
                let message = pack(sent as u64, &note);
                io.start_send_unpin(message).expect("the far end is there");
                sent += 1;
                unflushed = true;
            }
            if unflushed && io.poll_flush_unpin(cx).is_ready() {
                unflushed = false;
            }
            let before = received;
            while let Poll::Ready(message) = io.poll_next_unpin(cx) {
                let message = message.and_then(Result::ok).expect("the far end is there");
                let (id, note) = unpack(&message);
                assert_eq!((id, note.text.len()), (received as u64, load.payload));
                if let Some(times) = &mut times {
                    times.received(id);
                }
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
}
