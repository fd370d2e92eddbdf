//! The layer as `await_layer_tungstenite` sets it up, but for the counted
//! flushes.

use await_layer::{AwaitLayer, Limits, Link, TokioTimer, WsAwait};
use await_layer_tungstenite::tokio_tungstenite::MaybeTlsStream;
use await_layer_tungstenite::{Capped, Config, Frame, Handle, WebSocket};
use futures::{FutureExt, StreamExt};
use tokio::net::TcpStream;

use super::{Note, Socket, config};
use crate::TIMEOUT;
use crate::batch::Asker;
use crate::load::{Caller, Load};
use crate::wire::Counted;

type Io = Counted<WebSocket<MaybeTlsStream<TcpStream>>>;
type Layer = AwaitLayer<Io, Capped<WsAwait<Frame>>, TokioTimer>;
type Connection = Link<Io, Capped<WsAwait<Frame>>, TokioTimer>;

impl Caller for Handle<Connection> {
    type Question = Note;
    type Answer = Note;

    fn question(payload: usize) -> Note {
        Note::of(payload)
    }

    fn ask(&self, note: &Note) -> impl Future<Output = Note> + Send {
        let call = self.send_await::<Note>(note);
        call.map(|reply| reply.expect("every call is answered"))
    }

    fn size(note: &Note) -> usize {
        note.text.len()
    }
}

impl Asker for Handle<Connection> {
    async fn ask_all(&self, note: &Note, times: usize) -> Vec<Note> {
        let notes = std::iter::repeat_n(note, times);
        let replies = self.send_await_all::<Note, _>(notes).await;
        let replies = replies.into_iter().collect::<Result<_, _>>();
        replies.expect("every call is answered")
    }
}

fn open(io: Socket, load: &Load) -> Layer {
    let limits = Limits {
        max_in_flight: load.in_flight,
        call_timeout: TIMEOUT,
        ..Limits::default()
    };
    let io = Counted::new(WebSocket::new(io), load.flushes.clone());
    let config = Config {
        limits: limits.clone(),
        ..config()
    };
    AwaitLayer::with(io, Capped::new(config), TokioTimer::new(), limits)
}

/// Nothing is spawned: a waiting call drives.
pub fn callers(io: Socket, load: &Load) -> impl Asker {
    open(io, load).handle()
}

/// A spawned task drives.
pub fn driver(io: Socket, load: &Load) -> impl Caller {
    let handle = open(io, load).handle();
    let driver = handle.driver();
    tokio::spawn(async { drop(driver.await) });
    handle
}

/// Somebody reads what else comes, and drives by it.
pub fn stream(io: Socket, load: &Load) -> impl Caller {
    let mut layer = open(io, load);
    let handle = layer.handle();
    tokio::spawn(async move { while layer.next().await.is_some() {} });
    handle
}
