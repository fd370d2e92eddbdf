//! The facade of ws-await on a WebSocket that says what it likes: what each
//! message comes out as, and what its answer is, against serde_json.
//!
//! A call is pending until it is answered: `$ID` in a message is its id.
#![no_main]

use std::mem;

use await_layer::memory::{self, Duplex};
use await_layer_ws_await::{
    Call, Capabilities, Data, Event, Events, Goodbye, Outgoing, Payload, Received, Settings,
    WebSocketAwait, WireFrame,
};
use bytes::Bytes;
use futures::{FutureExt, SinkExt, StreamExt};
use libfuzzer_sys::arbitrary::Unstructured;
use libfuzzer_sys::fuzz_target;
use serde_json::{Map, Value, json};
use tokio::runtime::{Builder, Runtime};

/// Of the messages of one input.
const MOST: usize = 20;
/// What all ids of a connection begin with.
const TAG: usize = 13;
/// What comes behind a message, so that its end is seen.
const MARK: &str = r#""mark""#;

thread_local! {
    static RUNTIME: Runtime = Builder::new_current_thread()
        .enable_time()
        .build()
        .expect("a runtime");
}

fuzz_target!(|bytes: &[u8]| {
    RUNTIME.with(|runtime| {
        runtime.block_on(async {
            run(&mut Unstructured::new(bytes)).await;
            // With the last of its owners the driver ends too.
            while runtime.metrics().num_alive_tasks() > 0 {
                tokio::task::yield_now().await;
            }
        });
    });
});

#[derive(Debug)]
enum Wire {
    Message(Payload),
    Ping(Bytes),
    Pong(Bytes),
    Close,
}

impl From<Goodbye> for Wire {
    fn from(_: Goodbye) -> Self {
        Self::Close
    }
}

impl WireFrame for Wire {
    fn message(message: Outgoing, write: &mut dyn FnMut(Self)) {
        write(Self::Message(message.payload));
    }

    fn ping(payload: Bytes) -> Self {
        Self::Ping(payload)
    }

    fn pong(payload: Bytes) -> Self {
        Self::Pong(payload)
    }

    fn received(self) -> Option<Received> {
        match self {
            Self::Message(payload) => Some(Received::Message(payload)),
            Self::Ping(payload) => Some(Received::Ping(payload)),
            Self::Pong(payload) => Some(Received::Pong(payload)),
            Self::Close => None,
        }
    }
}

/// What a message must come out as.
#[derive(Debug, PartialEq)]
enum Expected {
    Message(Value),
    Request {
        id: Value,
        data: Value,
    },
    Reply(Value),
    /// Under an id of ours that is not live.
    Nothing,
    Error,
}

struct World {
    socket: WebSocketAwait,
    events: Events,
    remote: Duplex<Wire>,
    call: Option<Call>,
    id: String,
    name: &'static str,
    leaves: bool,
}

async fn run(input: &mut Unstructured<'_>) {
    let Ok(how) = input.arbitrary::<u8>() else {
        return;
    };
    let mut world = World::new(how).await;
    for _ in 0..MOST {
        let Ok(length) = input.arbitrary::<u16>() else {
            return;
        };
        let length = usize::from(length % 2048).min(input.len());
        let Ok(bytes) = input.bytes(length) else {
            return;
        };
        if length == 0 {
            return;
        }
        world.message(bytes).await;
    }
}

impl World {
    async fn new(how: u8) -> Self {
        let (near, remote) = memory::pair::<Wire>(8);
        let name = ["awaitId", "id", "a\"b"][usize::from(how) % 3];
        let leaves = how >= 128;
        let settings = Settings::new()
            .with_name_await_id(name)
            .with_leave_await_id(leaves);
        let able = Capabilities {
            transport: "fuzzer",
            compress: false,
            masks: false,
            fragments: false,
        };
        let (socket, mut events) = WebSocketAwait::over(near, able, settings).expect("settings");
        assert!(matches!(events.next().await, Some(Event::Open)));
        let mut world = Self {
            socket,
            events,
            remote,
            call: None,
            id: String::new(),
            name,
            leaves,
        };
        world.call().await;
        world
    }

    async fn call(&mut self) {
        let mut call = self.socket.send_await(json!({}));
        assert!((&mut call).now_or_never().is_none());
        let request = self.written().await;
        self.id = request[self.name].as_str().expect("a text").to_owned();
        self.call = Some(call);
    }

    /// The next message that was written.
    async fn written(&mut self) -> Value {
        match self.remote.next().await {
            Some(Ok(Wire::Message(payload))) => {
                serde_json::from_slice(payload.as_bytes()).expect("JSON")
            }
            frame => panic!("{frame:?}"),
        }
    }

    async fn message(&mut self, bytes: &[u8]) {
        let bytes = match std::str::from_utf8(bytes) {
            Ok(text) => text.replace("$ID", &self.id).into_bytes(),
            Err(_) => bytes.to_vec(),
        };
        let expected = self.expect(&bytes);
        let payload = match String::from_utf8(bytes) {
            Ok(text) => Payload::Text(text),
            Err(error) => Payload::Binary(error.into_bytes().into()),
        };
        let mark = Wire::Message(Payload::Text(MARK.to_owned()));
        self.remote
            .feed(Wire::Message(payload))
            .await
            .expect("room");
        self.remote.send(mark).await.expect("room");
        let due = usize::from(!matches!(expected, Expected::Reply(_) | Expected::Nothing));
        let mut seen = Vec::new();
        loop {
            match self.events.next().await.expect("it is open") {
                Event::Message(data) if seen.len() >= due && data == json!("mark") => break,
                event => seen.push(event),
            }
        }
        assert_eq!(seen.len(), due, "{expected:?}, but {seen:?}");
        self.check(expected, seen.pop()).await;
    }

    fn expect(&self, bytes: &[u8]) -> Expected {
        let value = match serde_json::from_slice::<Value>(bytes) {
            Ok(value) => value,
            Err(_) => return Expected::Error,
        };
        let Value::Object(members) = &value else {
            return Expected::Message(value);
        };
        let Some(id) = members.get(self.name).filter(|id| is_truthy(id)).cloned() else {
            return Expected::Message(value);
        };
        if bytes_of(&id) > 1024 {
            return Expected::Error;
        }
        let data = match self.leaves {
            true => value,
            false => Value::Object(without(members, self.name)),
        };
        match id.as_str() {
            Some(text) if text == self.id => Expected::Reply(data),
            Some(text) if text.starts_with(&self.id[..TAG]) => Expected::Nothing,
            _ => Expected::Request { id, data },
        }
    }

    async fn check(&mut self, expected: Expected, seen: Option<Event>) {
        match (expected, seen) {
            (Expected::Nothing, None) => {}
            (Expected::Error, Some(Event::Error(_))) => {}
            (Expected::Message(value), Some(Event::Message(Data::Json(seen)))) => {
                assert_eq!(seen, value);
            }
            (Expected::Reply(value), None) => {
                let call = self.call.take().expect("it is pending");
                let reply = call.await.expect("it has come");
                assert_eq!(reply.into_json().expect("JSON"), value);
                self.call().await;
            }
            (Expected::Request { id, data }, Some(Event::MessageAwait(seen, ask))) => {
                assert_eq!(seen.into_json().expect("JSON"), data);
                assert_eq!(ask.id().to_value(), id);
                let data = match data {
                    Value::Object(members) => without(&members, self.name),
                    _ => unreachable!("an id is in an object"),
                };
                let answer = self.socket.res_await(Value::Object(data.clone()), ask);
                assert_eq!(answer.await.expect("it goes out").to_value(), id);
                let mut written = self.written().await;
                let members = written.as_object_mut().expect("an object");
                assert_eq!(members.remove(self.name), Some(id));
                assert_eq!(mem::take(members), data);
            }
            (expected, seen) => panic!("{expected:?}, but {seen:?}"),
        }
    }
}

fn without(members: &Map<String, Value>, name: &str) -> Map<String, Value> {
    let members = members.clone().into_iter();
    members.filter(|(key, _)| key != name).collect()
}

fn is_truthy(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(is) => *is,
        Value::Number(number) => number.as_f64().is_none_or(|number| number != 0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(_) | Value::Object(_) => true,
    }
}

/// As the limit on ids counts: a text's bytes, else what its values take.
fn bytes_of(id: &Value) -> usize {
    match id {
        Value::String(text) => text.len(),
        other => weight(other),
    }
}

fn weight(value: &Value) -> usize {
    let inside: usize = match value {
        Value::String(text) => text.len(),
        Value::Array(items) => items.iter().map(weight).sum(),
        Value::Object(members) => members
            .iter()
            .map(|(name, value)| {
                name.len() + mem::size_of::<(String, usize, usize)>() + weight(value)
            })
            .sum(),
        _ => 0,
    };
    inside + mem::size_of::<Value>()
}
