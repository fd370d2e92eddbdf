//! A protocol and a layer of the user's own choice, around the transport.

use await_layer::{AwaitLayer, BinaryFrame, Cause, Limits, TokioTimer, WsAwait};
use await_layer_testkit::contract::Contract;
use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use super::{Frame, Pipe, WebSocket, transport};

type Ours = Contract<WebSocket<Pipe>>;

fn own(io: Ours) -> AwaitLayer<Ours, WsAwait<Frame>, TokioTimer> {
    let limits = Limits::default();
    AwaitLayer::with(io, WsAwait::new(), TokioTimer::new(), limits)
}

#[tokio::test]
async fn the_layer_uses_the_transport_by_the_rules_until_it_is_closed() {
    let (ours, mut peer) = transport().await;
    let ours = Contract::new(ours);
    let counts = ours.counts();
    let layer = own(ours);
    let handle = layer.handle();
    let talk = async {
        for number in 0..100 {
            let sent = json!({ "ask": number });
            assert_eq!(handle.send_await::<Value>(&sent).await.unwrap(), sent);
        }
        handle.close().await
    };
    let echo = async {
        while let Some(Ok(message)) = peer.next().await {
            match message {
                Message::Text(_) => peer.send(message).await.unwrap(),
                other => assert!(other.is_close()),
            }
        }
    };
    let (reason, ()) = tokio::join!(talk, echo);
    assert_eq!(reason.cause(), Cause::Local);
    assert_eq!((counts.sends(), counts.unflushed()), (100, 0));
}

#[tokio::test]
async fn the_layer_passes_frames_through_as_a_sink_and_stream() {
    let (ours, mut peer) = transport().await;
    let mut layer = own(Contract::new(ours));
    layer.send(Frame::binary("bytes")).await.unwrap();
    let bytes = peer.next().await.unwrap().unwrap();
    peer.send(bytes).await.unwrap();
    let frame = layer.next().await.unwrap().unwrap();
    assert_eq!(BinaryFrame::binary(&frame), Some(&b"bytes"[..]));
}
