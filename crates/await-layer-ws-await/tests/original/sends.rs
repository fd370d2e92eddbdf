//! Cases 24 to 28: `send`.

use await_layer_ws_await::{Data, SendCause, Sent, Settings};
use serde_json::json;

use crate::pair::pair;

#[tokio::test]
async fn case_24_what_is_sent_arrives_unpacked() {
    let (client, mut server) = pair(Settings::new(), Settings::new()).await;
    client.socket.send(json!({ "foo": "bar" })).await.unwrap();
    assert_eq!(server.message().await, json!({ "foo": "bar" }));
}

#[tokio::test]
async fn case_25_so_it_does_without_correlation() {
    let settings = Settings::new().without_extract_await_id();
    let (client, mut server) = pair(Settings::new(), settings).await;
    client
        .socket
        .send(json!({ "awaitId": "_id" }))
        .await
        .unwrap();
    assert_eq!(server.message().await, json!({ "awaitId": "_id" }));
}

#[tokio::test]
async fn case_26_without_packing_raw_text_arrives() {
    let client = Settings::new().without_pack_message();
    let server = Settings::new().without_unpack_message();
    let (client, mut server) = pair(client, server).await;
    client.socket.send(Data::text("{ raw")).await.unwrap();
    assert_eq!(server.message().await, Data::text("{ raw"));
    client.socket.send(Data::binary(vec![0xff])).await.unwrap();
    assert_eq!(server.message().await, Data::binary(vec![0xff]));
    // What would have to be packed is refused, not stringified.
    let error = client.socket.send(json!({})).await.unwrap_err();
    assert!(error.to_string().contains("packing is off"), "{error}");
}

/// Nothing at all is `undefined` there; here it is an empty text.
#[tokio::test]
async fn case_27_without_packing_an_empty_message_arrives() {
    let client = Settings::new().without_pack_message();
    let server = Settings::new().without_unpack_message();
    let (client, mut server) = pair(client, server).await;
    client.socket.send(Data::text("")).await.unwrap();
    assert_eq!(server.message().await, Data::text(""));
}

/// The original's text is that of its WebSocket library. Ours says why the
/// connection ended, and that the message was certainly not sent.
#[tokio::test]
async fn case_28_a_closing_socket_refuses() {
    let (client, _server) = pair(Settings::new(), Settings::new()).await;
    let mut closing = Box::pin(client.socket.close());
    assert!(futures::poll!(&mut closing).is_pending());
    let error = client.socket.send(json!({})).await.unwrap_err();
    let text = "The message is not sent: the connection is being closed";
    assert_eq!((error.to_string().as_str(), error.sent()), (text, Sent::No));
    closing.await;
    let error = client.socket.send(json!({})).await.unwrap_err();
    assert!(matches!(error.cause(), SendCause::Closed(_)), "{error:?}");
}
