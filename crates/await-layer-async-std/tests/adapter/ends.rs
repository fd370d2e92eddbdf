//! How a connection ends, and what those who wait hear.

use await_layer::{CallError, Cause, Refused};
use await_layer_async_std::smol::connect;
use await_layer_async_std::{Config, LengthDelimited};
use serde_json::{Value, json};
use smol::io::{AsyncReadExt, AsyncWriteExt};
use smol::net::TcpListener;

/// What a call hears when the peer answers with `bytes` and goes.
async fn answered_with(bytes: &[u8]) -> (Cause, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let peer = async {
        let (mut there, _) = listener.accept().await.unwrap();
        // All of it, or closing would reset the connection.
        let mut request = Vec::new();
        while !request.ends_with(b"}") {
            let mut byte = [0];
            there.read_exact(&mut byte).await.unwrap();
            request.extend(byte);
        }
        there.write_all(bytes).await.unwrap();
        there.close().await.unwrap();
    };
    let call = async {
        let layer = connect(address, Config::content_length()).await.unwrap();
        layer.send_await::<Value>(&json!({})).await
    };
    match futures::join!(call, peer).0 {
        Err(CallError::Closed { reason, .. }) => (reason.cause(), reason.text().to_owned()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_end_between_frames_and_one_inside_a_frame_differ() {
    smol::block_on(async {
        let frame = b"Content-Length: 1\r\n\r\n1";
        assert_eq!(answered_with(frame).await, (Cause::Eof, String::new()));
        for cut in [frame.len() - 1, 3] {
            let (cause, text) = answered_with(&frame[..cut]).await;
            assert_eq!(cause, Cause::Eof);
            assert_eq!(text, "the stream ended inside a frame");
        }
    });
}

#[test]
fn a_bad_header_ends_it_and_is_named() {
    let (cause, text) = smol::block_on(answered_with(b"Content-Length: 1048577\r\n"));
    assert_eq!(cause, Cause::Transport);
    assert_eq!(
        text,
        "Content-Length is 1048577; max_content allows 1048576"
    );
}

#[test]
fn a_message_of_ours_that_is_too_large_fails_alone() {
    smol::block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let config = Config {
            framing: LengthDelimited::new().max_frame(60),
            ..Config::length_delimited()
        };
        let layer = connect(address, config).await.unwrap();
        let (mut peer, _) = listener.accept().await.unwrap();
        let large = json!({ "large": "x".repeat(45) });
        let refused = layer.send_await::<Value>(&large).await;
        let Err(CallError::Refused {
            why: Refused::Seal(why),
            frame: Some(frame),
        }) = refused
        else {
            panic!("{refused:?}");
        };
        assert!(why.to_string().contains("max_frame allows 60"), "{why}");
        assert_eq!(frame, large.to_string());
        layer.handle().send(&json!({ "small": 1 })).await.unwrap();
        let mut got = [0; 15];
        peer.read_exact(&mut got).await.unwrap();
        assert_eq!(&got, b"\0\0\0\x0b{\"small\":1}");
    });
}
