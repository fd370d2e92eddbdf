//! Messages in fragments.

use await_layer::{Refused, SendError};
use await_layer_deflate::{Config, Frame, Role, SendOptions, WebSocketError};
use futures::{SinkExt, StreamExt, join};
use serde_json::{Value, json};

use crate::pair::client;
use crate::raw::{AGREED, raw, raw_layer};

fn part(text: &str, fin: bool) -> Frame {
    Frame::text(text).with_options(SendOptions {
        fin: Some(fin),
        ..SendOptions::default()
    })
}

fn compressed(text: &str, fin: bool) -> Frame {
    Frame::text(text).with_options(SendOptions {
        fin: Some(fin),
        compress: Some(true),
        ..SendOptions::default()
    })
}

#[tokio::test]
async fn fragments_leave_behind_each_other_and_nothing_gets_between() {
    let (layer, mut peer) = raw_layer(Role::Client, None, Config::default());
    let handle = layer.handle();
    handle.send(&part("a", false)).await.unwrap();
    handle.send(&Frame::text("whole")).await.unwrap();
    handle.send(&part("", false)).await.unwrap();
    handle.send(&Frame::ping("there?")).await.unwrap();
    handle.send(&part("b", true)).await.unwrap();
    handle.send(&part("alone", true)).await.unwrap();
    for (first, payload) in [
        (0x81, "whole"),
        (0x89, "there?"),
        (0x01, "a"),
        (0x00, ""),
        (0x80, "b"),
        (0x81, "alone"),
    ] {
        let seen = peer.see().await;
        let text = String::from_utf8(seen.payload).unwrap();
        assert_eq!((seen.first, &*text), (first, payload));
        assert!(seen.masked);
    }
}

#[tokio::test]
async fn a_request_in_fragments_is_a_call_that_gets_its_reply() {
    let (layer, mut peer) = client(Config::default()).await;
    let handle = layer.handle();
    let begin = part(r#"{"question":"#, false);
    let call = handle.send_await::<Value>(&begin);
    let rest = async {
        // Not before the layer has queued the first one.
        handle.send(&part(r#""what?"}"#, true)).await.unwrap();
        handle.send(&Frame::text("{}")).await.unwrap();
    };
    let answer = async {
        let request = peer.next().await.unwrap().unwrap();
        let body: Value = serde_json::from_str(request.to_text().unwrap()).unwrap();
        assert_eq!(body["question"], "what?");
        peer.send(request).await.unwrap();
        peer
    };
    let (reply, (), _peer) = join!(call, rest, answer);
    assert_eq!(reply.unwrap(), json!({ "question": "what?" }));
}

#[tokio::test]
async fn the_first_fragment_says_whether_all_are_compressed() {
    let config = Config::default();
    let (mut ours, mut peer) = raw(Role::Client, AGREED, &config);
    let (mut theirs, mut relay) = raw(Role::Server, AGREED, &config);
    for fragments in [
        vec![compressed("Hel", false), part("lo", true)],
        vec![compressed("Hel", false), part("lo", false), part("", true)],
        vec![compressed("", false), part("", false), part("Hello", true)],
        vec![compressed("", false), part("", true)],
        vec![part("Hel", false), compressed("lo", true)],
    ] {
        let is_compressed = fragments[0].options().compress == Some(true);
        let text: String = fragments.iter().filter_map(Frame::as_text).collect();
        let count = fragments.len();
        for fragment in fragments {
            ours.send(fragment).await.unwrap();
        }
        for at in 0..count {
            let seen = peer.see().await;
            let opcode = u8::from(at == 0);
            let fin = u8::from(at + 1 == count) << 7;
            let rsv1 = u8::from(at == 0 && is_compressed) << 6;
            assert_eq!(seen.first, fin | rsv1 | opcode);
            relay.masked(seen.first, &seen.payload).await;
        }
        let frame = theirs.next().await.unwrap().unwrap();
        assert_eq!(frame, Frame::text(text));
    }
}

#[tokio::test]
async fn a_fragment_that_does_not_fit_the_others_is_refused_alone() {
    let config = Config {
        max_message: 10,
        ..Config::default()
    };
    let (layer, mut peer) = raw_layer(Role::Server, None, config);
    let handle = layer.handle();
    handle.send(&part("12345", false)).await.unwrap();
    let bytes = Frame::binary(vec![1]).with_options(part("", true).options());
    for (frame, why) in [
        (bytes, "all text or all binary"),
        (part("678901", true), "behind fragments of 5"),
    ] {
        let refused = handle.send(&frame).await;
        let Err(SendError::Refused {
            why: Refused::Seal(text),
            ..
        }) = refused
        else {
            panic!("{refused:?}");
        };
        assert!(text.to_string().contains(why), "{text}");
    }
    handle.send(&part("67890", true)).await.unwrap();
    assert_eq!(peer.see().await.payload, b"12345");
    assert_eq!(peer.see().await.payload, b"67890");
}

#[tokio::test]
async fn fragments_without_end_are_bounded() {
    let (layer, _peer) = raw_layer(Role::Server, None, Config::default());
    let handle = layer.handle();
    let mut sent = 0;
    let why = loop {
        match handle.send(&part("", false)).await {
            Ok(()) => sent += 1,
            Err(SendError::Refused { why, .. }) => break why,
            Err(other) => panic!("{other}"),
        }
    };
    assert!(why.to_string().contains("send the last one"), "{why}");
    assert_eq!(sent, 4095);
    handle.send(&part("", true)).await.unwrap();

    // Without the layer's rules the transport ends.
    let config = Config {
        max_message: 3,
        ..Config::default()
    };
    let (mut ours, _peer) = raw(Role::Server, None, &config);
    ours.send(part("12", false)).await.unwrap();
    let error = ours.send(part("34", false)).await.unwrap_err();
    assert!(matches!(error, WebSocketError::TooLarge(_)), "{error:?}");
}
