//! A transport of somebody else's, whose frames can carry more.

use std::pin::Pin;
use std::task::{Context, Poll};

use await_layer::memory::{self, Duplex};
use await_layer_ws_await::{
    Capabilities, Event, Events, Goodbye, Outgoing, Payload, Received, SendOptions, Settings,
    WebSocketAwait, WireFrame,
};
use bytes::Bytes;
use futures::StreamExt;
use serde_json::json;

use crate::pair::pair;

/// What a compressing WebSocket library takes.
#[derive(Debug, PartialEq)]
enum Foreign {
    Message {
        payload: Payload,
        compress: Option<bool>,
        fin: bool,
    },
    Control(&'static str, Bytes),
}

impl From<Goodbye> for Foreign {
    fn from(goodbye: Goodbye) -> Self {
        Self::Control("close", goodbye.reason().to_owned().into())
    }
}

impl WireFrame for Foreign {
    fn message(message: Outgoing, write: &mut dyn FnMut(Self)) {
        let mut left = message.rest.len();
        for payload in std::iter::once(message.payload).chain(message.rest) {
            let (compress, fin) = (message.options.compress, left == 0);
            write(Self::Message {
                payload,
                compress,
                fin,
            });
            left = left.saturating_sub(1);
        }
    }

    fn ping(payload: Bytes) -> Self {
        Self::Control("ping", payload)
    }

    fn pong(payload: Bytes) -> Self {
        Self::Control("pong", payload)
    }

    fn received(self) -> Option<Received> {
        match self {
            Self::Message { payload, .. } => Some(Received::Message(payload)),
            Self::Control(..) => None,
        }
    }
}

const ABLE: Capabilities = Capabilities {
    transport: "foreign",
    compress: true,
    masks: false,
    fragments: true,
};

fn over(io: Duplex<Foreign>) -> (WebSocketAwait, Events) {
    WebSocketAwait::over(io, ABLE, Settings::new()).unwrap()
}

#[tokio::test]
async fn options_reach_the_frames_of_any_transport() {
    let (near, mut far) = memory::pair::<Foreign>(8);
    let (socket, _events) = over(near);
    for compress in [Some(true), Some(false), None] {
        let options = SendOptions {
            compress,
            ..SendOptions::default()
        };
        socket.send_with(json!(1), options).await.unwrap();
        let Some(Ok(Foreign::Message {
            compress: seen,
            fin: true,
            ..
        })) = far.next().await
        else {
            panic!("no message");
        };
        assert_eq!(seen, compress);
    }
    let part = SendOptions {
        fin: Some(false),
        compress: Some(true),
        ..SendOptions::default()
    };
    let last = SendOptions {
        fin: Some(true),
        ..SendOptions::default()
    };
    socket.send_with(json!(1), part).await.unwrap();
    socket.send_with(json!(2), last).await.unwrap();
    for (text, fin) in [("1", false), ("2", true)] {
        let payload = Payload::Text(text.to_owned());
        let compress = Some(true);
        let expected = Foreign::Message {
            payload,
            compress,
            fin,
        };
        assert_eq!(far.next().await.unwrap().unwrap(), expected);
    }
    let error = socket
        .send_with(
            json!(1),
            SendOptions {
                mask: Some(true),
                ..part
            },
        )
        .await;
    assert!(
        error
            .unwrap_err()
            .to_string()
            .contains("foreign cannot do mask: true")
    );
}

/// As the original's callback: not when it is queued.
#[tokio::test]
async fn a_send_is_ready_once_it_is_written_out() {
    let (near, mut far) = memory::pair::<Foreign>(1);
    let (socket, _events) = over(near);
    socket.send(json!(1)).await.unwrap();
    let mut second = socket.send(json!(2));
    for _ in 0..10 {
        assert!(futures::poll!(&mut second).is_pending());
        tokio::task::yield_now().await;
    }
    assert!(far.next().await.is_some());
    second.await.unwrap();
    // What is dropped before that is never written.
    let mut third = socket.send(json!(3));
    assert!(futures::poll!(&mut third).is_pending());
    drop(third);
    assert!(far.next().await.is_some());
    socket.send(json!(4)).await.unwrap();
    let payload = Payload::Text("4".to_owned());
    let (compress, fin) = (None, true);
    let expected = Foreign::Message {
        payload,
        compress,
        fin,
    };
    assert_eq!(far.next().await.unwrap().unwrap(), expected);
}

/// The answer leaves where the request came, whoever is asked to send it.
#[tokio::test]
async fn an_answer_goes_by_what_its_own_transport_can_do() {
    let (near, _far) = memory::pair::<Foreign>(8);
    let (able, _events) = over(near);
    let (mut client, server) = pair(Settings::new(), Settings::new()).await;
    let asked = server.socket.send(json!({ "awaitId": "x" }));
    asked.await.unwrap();
    let Event::MessageAwait(data, ask) = client.next().await else {
        panic!("no request");
    };
    let options = SendOptions {
        compress: Some(true),
        ..SendOptions::default()
    };
    let error = able.res_await_with(data, ask, options).await.unwrap_err();
    assert!(error.to_string().contains("tungstenite cannot do compress"));
}

#[tokio::test]
async fn both_ends_can_sit_on_any_transport() {
    let (near, far) = memory::pair::<Foreign>(8);
    let ((one, _), (other, mut events)) = (over(near), over(far));
    let answer = async {
        loop {
            if let Some(Event::MessageAwait(data, ask)) = events.next().await {
                return other.res_await(data, ask).await.unwrap();
            }
        }
    };
    let (reply, _) = tokio::join!(one.send_await(json!({ "q": 1 })), answer);
    assert_eq!(reply.unwrap(), json!({ "q": 1 }));
    let poll =
        Pin::new(&mut events).poll_next_unpin(&mut Context::from_waker(std::task::Waker::noop()));
    assert!(matches!(poll, Poll::Pending));
}
