//! The JSON wire of ws-await over WebSocket: a text message
//! `{"awaitId":"_000000007","text":"..."}`, answered by itself.
//!
//! The floor's and the hand-written version's ids have ten characters, as the
//! original's have. The layer's have 27: on this wire nothing but the id tells a
//! reply from a request, so its ids must be told from the peer's.

pub mod floor;
pub mod hand_written;
pub mod layer;

use std::io;

use await_layer_tungstenite::tokio_tungstenite::{
    MaybeTlsStream, accept_async_with_config, client_async_with_config,
};
use await_layer_tungstenite::tungstenite::Message;
use await_layer_tungstenite::{Config, WebSocketStream};
use futures::StreamExt;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tokio::net::TcpStream;

pub type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// What is asked, and answered. The id comes before it.
#[derive(Serialize, Deserialize)]
pub struct Note {
    pub text: String,
}

impl Note {
    pub fn of(payload: usize) -> Self {
        Self {
            text: "x".repeat(payload),
        }
    }
}

/// A note with its id, packed and unpacked at once: cheaper than what any
/// layer can do that takes messages of the user's own types.
#[derive(Serialize, Deserialize)]
struct Numbered<T> {
    #[serde(rename = "awaitId", with = "text_id")]
    id: u64,
    text: T,
}

/// A number as ten characters.
mod text_id {
    use serde::de::{Deserialize, Deserializer, Error};
    use serde::ser::Serializer;

    pub(super) fn serialize<S: Serializer>(id: &u64, into: S) -> Result<S::Ok, S::Error> {
        into.collect_str(&format_args!("_{id:09}"))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<u64, D::Error> {
        let text = <&str>::deserialize(from)?;
        let digits = text
            .strip_prefix('_')
            .and_then(|digits| digits.parse().ok());
        digits.ok_or_else(|| D::Error::custom("no id of ours"))
    }
}

fn pack(id: u64, note: &Note) -> Message {
    let text = note.text.as_str();
    let packed = serde_json::to_string(&Numbered { id, text });
    Message::text(packed.expect("text is JSON"))
}

fn unpack(message: &Message) -> (u64, Note) {
    let Message::Text(text) = message else {
        panic!("the far end sends text");
    };
    let Numbered { id, text } = serde_json::from_str(text).expect("what was sent");
    (id, Note { text })
}

/// The same limits for all: above what is ever sent.
pub(crate) fn config() -> Config {
    Config {
        max_message: 4 << 20,
        max_frame: 4 << 20,
        max_write_buffer: 8 << 20,
        ..Config::default()
    }
}

pub async fn connect(port: u16) -> Socket {
    let socket = TcpStream::connect(("127.0.0.1", port)).await;
    let socket = socket.expect("the echo server listens");
    socket.set_nodelay(true).expect("it is TCP");
    let settings = config().websocket().expect("it is large enough");
    let socket = MaybeTlsStream::Plain(socket);
    let url = format!("ws://127.0.0.1:{port}/");
    let connected = client_async_with_config(url, socket, Some(settings)).await;
    connected.expect("the echo server speaks WebSocket").0
}

/// Sends every message back, with one flush per burst.
pub(crate) async fn echo(socket: TcpStream) -> io::Result<()> {
    answer(socket, |message| message).await
}

/// Answers JSON-RPC calls with their first parameter, without looking into it.
pub(crate) async fn echo_rpc(socket: TcpStream) -> io::Result<()> {
    #[derive(Deserialize)]
    struct Question<'a> {
        id: u64,
        #[serde(borrow)]
        params: [&'a RawValue; 1],
    }
    #[derive(Serialize)]
    struct Answer<'a> {
        jsonrpc: &'a str,
        id: u64,
        result: &'a RawValue,
    }
    answer(socket, |message| {
        let text = message.to_text().expect("JSON-RPC is text");
        let Question { id, params } = serde_json::from_str(text).expect("a call");
        let answer = Answer {
            jsonrpc: "2.0",
            id,
            result: params[0],
        };
        Message::text(serde_json::to_string(&answer).expect("it was JSON"))
    })
    .await
}

async fn answer(socket: TcpStream, to: impl Fn(Message) -> Message) -> io::Result<()> {
    socket.set_nodelay(true)?;
    let settings = config().websocket().map_err(io::Error::other)?;
    let socket = accept_async_with_config(socket, Some(settings)).await;
    let (sink, stream) = socket.map_err(io::Error::other)?.split();
    let answers = stream.filter_map(|message| {
        let data = message.ok().filter(|it| it.is_text() || it.is_binary());
        std::future::ready(data.map(|message| Ok(to(message))))
    });
    answers.forward(sink).await.map_err(io::Error::other)
}
