//! What one writes by hand: a driver task, a map of oneshots, a timeout.

use std::collections::HashMap;
use std::future::poll_fn;
use std::task::{Context, Poll};

use bytes::BytesMut;
use futures::{SinkExt, StreamExt};
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use crate::TIMEOUT;
use crate::load::{Client, Load};
use crate::meter::Sample;
use crate::wire::{Wire, id_of, seal, strip};

struct Ask {
    frame: BytesMut,
    reply: oneshot::Sender<BytesMut>,
}

#[derive(Clone)]
pub struct HandWritten {
    asks: mpsc::Sender<Ask>,
}

impl Client for HandWritten {
    async fn call(&self, frame: &BytesMut) -> BytesMut {
        let (reply, answer) = oneshot::channel();
        let frame = frame.clone();
        let call = async {
            let sent = self.asks.send(Ask { frame, reply }).await;
            sent.expect("the driver runs");
            answer.await.expect("the driver runs")
        };
        timeout(TIMEOUT, call).await.expect("in time")
    }
}

/// Spawns the driver.
pub fn open(io: impl Wire) -> HandWritten {
    let (asks, asked) = mpsc::channel(1024);
    tokio::spawn(drive(io, asked));
    HandWritten { asks }
}

pub async fn run(io: impl Wire, load: Load) -> Sample {
    load.run(&open(io)).await
}

/// Reads all there is, writes all there is, flushes once.
async fn drive(mut io: impl Wire, mut asked: mpsc::Receiver<Ask>) {
    let mut pending = HashMap::<u64, oneshot::Sender<BytesMut>>::new();
    let mut next = 0;
    let mut unflushed = false;
    poll_fn(|cx: &mut Context<'_>| {
        while let Poll::Ready(frame) = io.poll_next_unpin(cx) {
            let Some(Ok(mut frame)) = frame else {
                return Poll::Ready(());
            };
            if let Some(reply) = pending.remove(&id_of(&frame)) {
                strip(&mut frame);
                drop(reply.send(frame));
            }
        }
        while let Poll::Ready(ready) = io.poll_ready_unpin(cx) {
            let ask = match asked.poll_recv(cx) {
                Poll::Ready(Some(ask)) if ready.is_ok() => ask,
                Poll::Ready(_) => return Poll::Ready(()),
                Poll::Pending => break,
            };
            let Ask { mut frame, reply } = ask;
            seal(&mut frame, next);
            pending.insert(next, reply);
            next += 1;
            if io.start_send_unpin(frame).is_err() {
                return Poll::Ready(());
            }
            unflushed = true;
        }
        if unflushed && io.poll_flush_unpin(cx).is_ready() {
            unflushed = false;
        }
        Poll::Pending
    })
    .await;
}
