//! The transport with no correlation: one task that sends and receives, looks
//! no id up and wakes no caller. Nothing that matches replies can be cheaper.

use std::future::poll_fn;
use std::task::{Context, Poll};

use futures::{SinkExt, StreamExt};

use crate::load::Load;
use crate::meter::{Meter, Sample};
use crate::wire::{Wire, id_of, packed, seal, strip};

pub async fn run(mut io: impl Wire, load: Load) -> Sample {
    exchange(&mut io, &load, load.warm_up()).await;
    let meter = Meter::start(&load.flushes);
    exchange(&mut io, &load, load.calls).await;
    meter.stop(load.calls)
}

async fn exchange(io: &mut impl Wire, load: &Load, calls: usize) {
    let frame = packed(load.payload);
    let (mut sent, mut received) = (0, 0);
    poll_fn(|cx: &mut Context<'_>| {
        loop {
            let before = sent;
            while sent < calls.min(received + load.in_flight) && io.poll_ready_unpin(cx).is_ready()
            {
                let mut frame = frame.clone();
                seal(&mut frame, sent as u64);
                io.start_send_unpin(frame).expect("the far end is there");
                sent += 1;
            }
            if sent > before {
                drop(io.poll_flush_unpin(cx));
            }
            let before = received;
            while let Poll::Ready(frame) = io.poll_next_unpin(cx) {
                let mut frame = frame.and_then(Result::ok).expect("the far end is there");
                assert_eq!(id_of(&frame), received as u64);
                strip(&mut frame);
                assert_eq!(frame.len(), load.payload);
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
