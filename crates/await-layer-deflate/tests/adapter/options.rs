//! What each option does on the wire, and what if it cannot be had.

use await_layer::{Refused, SendError};
use await_layer_deflate::{Config, Deflate, Frame, Ignored, Role, SendOptions, Unsupported, With};
use serde_json::json;

use crate::raw::{AGREED, raw_layer};

fn compress(compress: bool) -> SendOptions {
    SendOptions {
        compress: Some(compress),
        ..SendOptions::default()
    }
}

fn mask(mask: bool) -> SendOptions {
    SendOptions {
        mask: Some(mask),
        ..SendOptions::default()
    }
}

#[tokio::test]
async fn each_message_says_whether_it_is_compressed() {
    let deflate = Deflate {
        threshold: 20,
        ..Deflate::default()
    };
    let config = Config {
        deflate: Some(deflate),
        ..Config::default()
    };
    for role in [Role::Client, Role::Server] {
        let (layer, mut peer) = raw_layer(role, AGREED, config.clone());
        let handle = layer.handle();
        let (short, long) = ("x".repeat(19), "x".repeat(20));
        for (text, options, first) in [
            (&short, SendOptions::default(), 0x81),
            (&long, SendOptions::default(), 0xC1),
            (&short, compress(true), 0xC1),
            (&long, compress(false), 0x81),
            (&String::new(), compress(true), 0xC1),
        ] {
            let frame = Frame::text(text).with_options(options);
            handle.send(&frame).await.unwrap();
            let seen = peer.see().await;
            assert_eq!(seen.first, first, "{text} {options:?}");
            assert_eq!(seen.masked, role == Role::Client);
            assert_eq!(seen.payload == text.as_bytes(), first == 0x81);
        }
        let value = With(json!({ "a": "b".repeat(50) }), compress(false));
        handle.send(&value).await.unwrap();
        assert_eq!(peer.see().await.first, 0x81);
        handle.send(&Frame::ping("x".repeat(100))).await.unwrap();
        assert_eq!(peer.see().await.first, 0x89, "pings are never compressed");
    }
}

/// RFC 7692 section 7.2.3.1 and 7.2.3.2 print these very bytes.
#[tokio::test]
async fn the_context_is_kept_only_where_that_was_agreed() {
    for keeps in [true, false] {
        let mut agreed = AGREED.unwrap();
        agreed.own_context = keeps;
        let (layer, mut peer) = raw_layer(Role::Server, Some(agreed), Config::default());
        let handle = layer.handle();
        let hello = Frame::text("Hello").with_options(compress(true));
        let first = [0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00];
        let second = [0xF2, 0x00, 0x11, 0x00, 0x00];
        handle.send(&hello).await.unwrap();
        assert_eq!(peer.see().await.payload, first);
        handle.send(&hello).await.unwrap();
        let expected = if keeps { &second[..] } else { &first };
        assert_eq!(peer.see().await.payload, expected);
    }
}

#[tokio::test]
async fn an_option_that_cannot_be_had_is_refused_alone_and_named() {
    let no_text = SendOptions {
        binary: Some(false),
        ..SendOptions::default()
    };
    for (role, frame, name) in [
        (
            Role::Client,
            Frame::text("x").with_options(compress(true)),
            "compress",
        ),
        (
            Role::Client,
            Frame::text("x").with_options(mask(false)),
            "mask",
        ),
        (
            Role::Server,
            Frame::text("x").with_options(mask(true)),
            "mask",
        ),
        (
            Role::Server,
            Frame::binary(vec![0xFF]).with_options(no_text),
            "binary",
        ),
    ] {
        let (layer, mut peer) = raw_layer(role, None, Config::default());
        let handle = layer.handle();
        let refused = handle.send(&frame).await;
        let Err(SendError::Refused {
            why: Refused::Seal(why),
            frame: back,
        }) = refused
        else {
            panic!("{refused:?}");
        };
        assert!(
            why.to_string().contains(&format!("the option {name}")),
            "{why}"
        );
        let back = back.expect("it comes back");
        assert_eq!((back.options(), &back), (frame.options(), &frame));
        handle.send(&Frame::text("next")).await.unwrap();
        assert_eq!(peer.see().await.payload, b"next");
    }
}

#[tokio::test]
async fn options_that_ask_for_what_is_so_anyway_are_fine() {
    for (role, allowed) in [
        (Role::Client, mask(true)),
        (Role::Server, mask(false)),
        (Role::Server, compress(false)),
    ] {
        let (layer, mut peer) = raw_layer(role, None, Config::default());
        let frame = Frame::text("x").with_options(allowed);
        layer.handle().send(&frame).await.unwrap();
        assert_eq!(peer.see().await.first, 0x81);
    }
}

#[tokio::test]
async fn leniency_ignores_them_and_counts() {
    let ignored = Ignored::default();
    let config = Config {
        unsupported: Unsupported::Ignore(ignored.clone()),
        ..Config::default()
    };
    let (layer, mut peer) = raw_layer(Role::Client, None, config);
    let handle = layer.handle();
    let all = SendOptions {
        compress: Some(true),
        binary: Some(false),
        mask: Some(false),
        fin: None,
    };
    let frame = Frame::binary(vec![0xFF]).with_options(all);
    handle.send(&frame).await.unwrap();
    let seen = peer.see().await;
    assert_eq!((seen.first, seen.masked), (0x82, true));
    assert_eq!(ignored.count(), 3);
    handle.send(&Frame::text("fine")).await.unwrap();
    assert_eq!(ignored.count(), 3);
}
