//! What one writes by hand: callers pack, a driver task writes, unpacks and
//! looks the caller up in a map of oneshots; a timeout per call.

use std::collections::HashMap;
use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use await_layer_tungstenite::tungstenite::Message;
use futures::{SinkExt, StreamExt};
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use super::{Note, Socket, pack, unpack};
use crate::TIMEOUT;
use crate::load::{Caller, Load};
use crate::wire::Counted;

struct Ask {
    id: u64,
    message: Message,
    reply: oneshot::Sender<Note>,
}

#[derive(Clone)]
struct HandWritten {
    asks: mpsc::Sender<Ask>,
    next: Arc<AtomicU64>,
}

impl Caller for HandWritten {
    type Question = Note;
    type Answer = Note;

    fn question(payload: usize) -> Note {
        Note::of(payload)
    }

    async fn ask(&self, note: &Note) -> Note {
        let (reply, answer) = oneshot::channel();
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let message = pack(id, note);
        let call = async {
            let sent = self.asks.send(Ask { id, message, reply }).await;
            sent.expect("the driver runs");
            answer.await.expect("the driver runs")
        };
        timeout(TIMEOUT, call).await.expect("in time")
    }

    fn size(note: &Note) -> usize {
        note.text.len()
    }
}

pub fn open(io: Socket, load: &Load) -> impl Caller {
    let (asks, asked) = mpsc::channel(1024);
    tokio::spawn(drive(Counted::new(io, load.flushes.clone()), asked));
    let next = Arc::default();
    HandWritten { asks, next }
}

/// Reads all there is, writes all there is, flushes once.
async fn drive(mut io: Counted<Socket>, mut asked: mpsc::Receiver<Ask>) {
    let mut pending = HashMap::<u64, oneshot::Sender<Note>>::new();
    let mut unflushed = false;
    poll_fn(|cx: &mut Context<'_>| {
        while let Poll::Ready(message) = io.poll_next_unpin(cx) {
            let Some(Ok(message)) = message else {
                return Poll::Ready(());
            };
            let (id, note) = unpack(&message);
            if let Some(reply) = pending.remove(&id) {
                drop(reply.send(note));
            }
        }
        while let Poll::Ready(ready) = io.poll_ready_unpin(cx) {
            let ask = match asked.poll_recv(cx) {
                Poll::Ready(Some(ask)) if ready.is_ok() => ask,
                Poll::Ready(_) => return Poll::Ready(()),
                Poll::Pending => break,
            };
            pending.insert(ask.id, ask.reply);
            if io.start_send_unpin(ask.message).is_err() {
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
