//! Pings and pongs.

use await_layer_axum::{Config, Event, Frame};
use futures::{SinkExt, StreamExt};
use tokio_tungstenite::tungstenite::Message;

use crate::server::connected;

#[tokio::test]
async fn pings_are_answered_while_the_application_waits_for_the_end() {
    let (_handle, _incoming, mut peer) = connected(Config::default()).await;
    for number in 0..3_u8 {
        peer.send(Message::Ping(vec![number].into())).await.unwrap();
        let pong = peer.next().await.unwrap().unwrap();
        assert_eq!(pong, Message::Pong(vec![number].into()));
    }
}

#[tokio::test]
async fn pings_and_pongs_are_no_messages() {
    let (_handle, mut incoming, mut peer) = connected(Config::default()).await;
    // More than are skipped in one poll.
    for _ in 0..100 {
        peer.feed(Message::Ping("a".into())).await.unwrap();
        peer.feed(Message::Pong("b".into())).await.unwrap();
    }
    peer.send(Message::text("words")).await.unwrap();
    let Some(Event::Message(frame)) = incoming.next().await else {
        panic!("no message");
    };
    assert_eq!(frame, Frame::text("words"));
}

#[tokio::test]
async fn a_ping_of_ours_goes_out_and_its_pong_is_swallowed() {
    let (handle, mut incoming, mut peer) = connected(Config::default()).await;
    let ping = Frame::ping("there?");
    let (sent, got) = tokio::join!(handle.send(&ping), peer.next());
    sent.unwrap();
    assert_eq!(got.unwrap().unwrap(), Message::Ping("there?".into()));
    // Flushes the pong, which tungstenite makes by itself.
    peer.send(Message::text("words")).await.unwrap();
    let Some(Event::Message(frame)) = incoming.next().await else {
        panic!("no message");
    };
    assert_eq!(frame, Frame::text("words"));
}
