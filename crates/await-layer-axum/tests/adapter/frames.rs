//! What becomes of a message on its way through axum.

use await_layer_axum::{Binary, Config, Frame};
use futures::{SinkExt, StreamExt};
use serde_json::json;

use crate::server::connected;

#[tokio::test]
async fn a_binary_request_and_its_binary_reply_are_a_call() {
    let (handle, _incoming, mut peer) = connected(Config::default()).await;
    let call = handle.send_await::<Frame>(&Binary(json!({ "a": 1 })));
    let answer = async {
        let request = peer.next().await.unwrap().unwrap();
        assert!(request.is_binary());
        // The same object, as the answer.
        peer.send(request).await.unwrap();
    };
    let (reply, ()) = tokio::join!(call, answer);
    assert_eq!(reply.unwrap(), Frame::binary(r#"{"a":1}"#));
}
