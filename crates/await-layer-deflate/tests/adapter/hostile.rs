//! Bytes that no peer should send.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use await_layer_deflate::{Config, Frame, Role, WebSocket, WebSocketError};
use bytes::BytesMut;
use futures::{AsyncRead, AsyncWrite, StreamExt};
use tokio_test::task;

use crate::raw::{AGREED, raw};

fn small() -> Config {
    Config {
        max_message: 1000,
        ..Config::default()
    }
}

#[tokio::test]
async fn what_rfc_6455_forbids_ends_the_connection_with_a_code() {
    let long_ping = [&[0x89, 126, 0, 126][..], &[0; 126]].concat();
    let cases: [(&str, bool, &[u8], u16); 21] = [
        ("reserved opcode", true, &[0x83, 0], 1002),
        ("reserved control opcode", true, &[0x8B, 0], 1002),
        ("rsv2", true, &[0xA1, 0], 1002),
        ("rsv3", true, &[0x91, 0], 1002),
        ("rsv1 without agreement", false, &[0xC1, 0], 1002),
        ("rsv1 on a ping", true, &[0xC9, 0], 1002),
        ("rsv1 on a continuation", true, &[0x41, 0, 0xC0, 0], 1002),
        (
            "a mask from the server",
            true,
            &[0x81, 0x80, 1, 2, 3, 4],
            1002,
        ),
        ("a ping in fragments", true, &[0x09, 0], 1002),
        ("a long ping", true, &long_ping, 1002),
        ("a continuation of nothing", true, &[0x80, 0], 1002),
        ("a message in a message", true, &[0x01, 0, 0x81, 0], 1002),
        ("half a close code", true, &[0x88, 1, 3], 1002),
        ("close code 1005", true, &[0x88, 2, 3, 0xED], 1002),
        ("close code 0", true, &[0x88, 2, 0, 0], 1002),
        (
            "close reason not UTF-8",
            true,
            &[0x88, 3, 3, 0xE8, 0xFF],
            1007,
        ),
        ("text not UTF-8", true, &[0x81, 1, 0xFF], 1007),
        (
            "compressed text not UTF-8",
            true,
            &[0xC1, 4, 0xFA, 0x0F, 0x00, 0x00],
            1007,
        ),
        ("reserved block type", true, &[0xC1, 1, 0x07], 1007),
        (
            "a distance before the start",
            true,
            &[0xC1, 3, 0x02, 0x13, 0x00],
            1007,
        ),
        (
            "more than the limit announced",
            true,
            &[0x82, 127, 0x7F, 0, 0, 0, 0, 0, 0, 0],
            1009,
        ),
    ];
    for (name, agreed, bytes, code) in cases {
        let agreed = AGREED.filter(|_| agreed);
        let (mut ours, mut peer) = raw(Role::Client, agreed, &small());
        peer.say(bytes).await;
        let error = ours.next().await.unwrap().expect_err(name);
        assert_eq!(error.reason().code(), Some(code), "{name}: {error}");
        let goodbye = peer.see().await;
        assert_eq!(
            (goodbye.first, goodbye.payload),
            (0x88, code.to_be_bytes().to_vec()),
            "{name}"
        );
        assert!(ours.next().await.is_none(), "{name}: it is fused");
    }
}

#[tokio::test]
async fn a_client_must_mask() {
    let (mut ours, mut peer) = raw(Role::Server, None, &small());
    peer.frame(0x81, b"x").await;
    let error = ours.next().await.unwrap().unwrap_err();
    assert!(matches!(error, WebSocketError::Protocol(_)));
    assert!(error.to_string().contains("does not mask"), "{error}");
}

#[tokio::test]
async fn frames_may_come_byte_by_byte_with_pings_among_the_fragments() {
    let (ours, mut peer) = raw(Role::Client, AGREED, &small());
    let mut ours = task::spawn(ours);
    // "Hello" of RFC 7692 section 7.2.3.1, in two fragments.
    let bytes = [
        &[0x41, 3, 0xF2, 0x48, 0xCD][..],
        &[0x89, 2, b'h', b'i'],
        &[0x80, 4, 0xC9, 0xC9, 0x07, 0x00],
    ]
    .concat();
    for (at, byte) in bytes.iter().enumerate() {
        assert!(ours.poll_next().is_pending(), "{at}");
        peer.say(&[*byte]).await;
    }
    let Poll::Ready(Some(Ok(frame))) = ours.poll_next() else {
        panic!("it is complete");
    };
    assert_eq!(frame, Frame::text("Hello"));
    let pong = peer.see().await;
    assert_eq!((pong.first, &*pong.payload), (0x8A, &b"hi"[..]));
}

#[tokio::test]
async fn the_largest_ping_is_answered_whole() {
    let (ours, mut peer) = raw(Role::Client, None, &small());
    let mut ours = task::spawn(ours);
    peer.frame(0x89, &[7; 125]).await;
    assert!(ours.poll_next().is_pending());
    let pong = peer.see().await;
    assert_eq!((pong.first, pong.payload), (0x8A, vec![7; 125]));
}

/// The examples of RFC 7692 section 7.2.3.
#[tokio::test]
async fn every_way_to_compress_is_understood() {
    let (mut ours, mut peer) = raw(Role::Client, AGREED, &small());
    let once = [0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00];
    let context = [0xF2, 0x00, 0x11, 0x00, 0x00];
    let stored = [
        0x00, 0x05, 0x00, 0xFA, 0xFF, 0x48, 0x65, 0x6C, 0x6C, 0x6F, 0x00,
    ];
    let last_block = [0xF3, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00, 0x00];
    let two_blocks = [
        0xF2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0xCA, 0xC9, 0xC9, 0x07, 0x00,
    ];
    let all: [&[u8]; 6] = [&once, &context, &stored, &last_block, &two_blocks, &once];
    for payload in all {
        peer.frame(0xC1, payload).await;
        let frame = ours.next().await.unwrap().unwrap();
        assert_eq!(frame, Frame::text("Hello"), "{payload:02x?}");
    }
    peer.frame(0xC1, &[0x00]).await;
    peer.frame(0x81, b"plain").await;
    for text in ["", "plain"] {
        assert_eq!(ours.next().await.unwrap().unwrap(), Frame::text(text));
    }
}

#[tokio::test]
async fn what_was_before_counts_only_where_that_was_agreed() {
    let once = [0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00];
    let context = [0xF2, 0x00, 0x11, 0x00, 0x00];
    let mut agreed = AGREED.unwrap();
    agreed.peer_context = false;
    let (mut ours, mut peer) = raw(Role::Client, Some(agreed), &small());
    peer.frame(0xC1, &once).await;
    peer.frame(0xC1, &context).await;
    assert_eq!(ours.next().await.unwrap().unwrap(), Frame::text("Hello"));
    let error = ours.next().await.unwrap().unwrap_err();
    assert_eq!(error.reason().code(), Some(1007), "{error}");

    // A peer that ends its stream with each message, and forgets the byte that
    // should follow.
    let (mut ours, mut peer) = raw(Role::Client, AGREED, &small());
    let ended = [0xF3, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00];
    for payload in [&ended, &ended, &once] {
        peer.frame(0xC1, payload).await;
        assert_eq!(ours.next().await.unwrap().unwrap(), Frame::text("Hello"));
    }
}

#[tokio::test]
async fn a_bomb_is_refused_as_soon_as_it_passes_the_limit() {
    let (ours, mut peer) = raw(Role::Client, AGREED, &small());
    let mut ours = task::spawn(ours);
    // A stream of zeros: each byte of it is some 1030 of the message.
    let start = [
        0xEC, 0xC1, 0x01, 0x01, 0x00, 0x00, 0x00, 0x80, 0x90, 0xFE, 0xAF, 0xEE, 0x08, 0x0A,
    ];
    // A frame of a gigabyte, of which hardly anything has come.
    peer.say(&[0xC2, 127, 0, 0, 0, 0, 0x40, 0, 0, 0]).await;
    peer.say(&start).await;
    assert!(ours.poll_next().is_pending());
    peer.say(&[0; 8]).await;
    let Poll::Ready(Some(Err(error))) = ours.poll_next() else {
        panic!("it waits for more");
    };
    assert!(matches!(error, WebSocketError::TooLarge(_)), "{error:?}");
    assert_eq!(
        error.reason().text(),
        "the peer sent a compressed message that is too large; max_message allows 1000 bytes"
    );
    let goodbye = peer.see().await;
    assert_eq!(
        (goodbye.first, &*goodbye.payload),
        (0x88, &1009_u16.to_be_bytes()[..])
    );
}

#[tokio::test]
async fn a_message_of_just_the_limit_is_none_too_large() {
    for size in [1000, 1001] {
        let config = small();
        let (mut ours, mut peer) = raw(Role::Client, AGREED, &config);
        let text = "x".repeat(size);
        let options = await_layer_deflate::SendOptions {
            compress: Some(true),
            ..Default::default()
        };
        let (mut sender, mut relay) = raw(Role::Server, AGREED, &Config::default());
        let frame = Frame::text(text).with_options(options);
        futures::SinkExt::send(&mut sender, frame).await.unwrap();
        let seen = relay.see().await;
        peer.frame(seen.first, &seen.payload).await;
        let got = ours.next().await.unwrap();
        assert_eq!(got.is_ok(), size == 1000);
    }
}

/// Is always ready, and never says anything that counts.
struct Endless;

impl AsyncRead for Endless {
    fn poll_read(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        buffer.fill(0);
        Poll::Ready(Ok(buffer.len()))
    }
}

impl AsyncWrite for Endless {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, _: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Pending
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Pending
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Pending
    }
}

#[test]
fn empty_fragments_without_end_let_others_have_their_turn() {
    // The first fragment; what follows is read as empty ones.
    let begun = BytesMut::from(&[0x01, 0][..]);
    let ours = WebSocket::new(Endless, Role::Client, None, begun, &small());
    let mut ours = task::spawn(ours);
    for _ in 0..3 {
        assert!(ours.poll_next().is_pending());
        assert!(ours.is_woken());
    }
}
