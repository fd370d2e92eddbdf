//! Frames of the wrong size.

use await_layer::{CallError, Cause, Refused};
use await_layer_tokio::{Config, ContentLength, Framing, LengthDelimited, Lines, layer};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

/// One message fails alone: the one before it and the one after it do not.
async fn a_large_one_fails_alone<C: Framing + Clone>(config: Config<C>, says: &str) {
    let (here, mut there) = duplex(1 << 16);
    let layer = layer(here, config);
    let handle = layer.handle();
    let echo = async {
        let mut buffer = [0; 1024];
        while let Ok(read @ 1..) = there.read(&mut buffer).await {
            there.write_all(&buffer[..read]).await.unwrap();
        }
    };
    let talk = async {
        // The last fits but for its id.
        for size in [500, 45] {
            let small = json!({ "small": 1 });
            let large = json!({ "large": "x".repeat(size) });
            let (before, refused, after) = tokio::join!(
                handle.send_await::<Value>(&small),
                handle.send_await::<Value>(&large),
                handle.send_await::<Value>(&small)
            );
            assert_eq!(before.unwrap(), small);
            assert_eq!(after.unwrap(), small);
            let Err(CallError::Refused {
                why: Refused::Seal(why),
                frame: Some(frame),
            }) = refused
            else {
                panic!("{refused:?}");
            };
            assert!(why.to_string().contains(says), "{why}");
            assert_eq!(frame, large.to_string());
        }
        assert_eq!(handle.close_reason(), None);
        drop((layer, handle));
    };
    tokio::join!(talk, echo);
}

#[tokio::test]
async fn a_message_of_ours_that_is_too_large_fails_alone() {
    let config = Config {
        framing: Lines::new().max_line(60),
        ..Config::lines()
    };
    a_large_one_fails_alone(config, "max_line allows 60").await;
    let config = Config {
        framing: LengthDelimited::new().max_frame(60),
        ..Config::length_delimited()
    };
    a_large_one_fails_alone(config, "max_frame allows 60").await;
    let config = Config {
        framing: ContentLength::new().max_content(60),
        ..Config::content_length()
    };
    a_large_one_fails_alone(config, "max_content allows 60").await;
}

#[tokio::test]
async fn one_of_the_peers_ends_the_connection_and_names_the_limit() {
    let (here, mut there) = duplex(64);
    let layer = layer(here, Config::length_delimited());
    there.write_u32(1 << 20 | 1).await.unwrap();
    let call = layer.send_await::<Value>(&json!({}));
    let Err(CallError::Closed { reason, .. }) = call.await else {
        panic!("not closed");
    };
    assert_eq!(reason.cause(), Cause::Transport);
    assert_eq!(
        reason.text(),
        "the peer announces a frame of 1048577 bytes; max_frame allows 1048576"
    );
}
