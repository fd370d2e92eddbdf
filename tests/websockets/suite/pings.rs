//! Pings and pongs.

use std::task::Poll;

use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio_test::task;
use tokio_tungstenite::tungstenite::Message;

use super::{Config, Event, Frame, client, transport};

#[tokio::test]
async fn a_ping_is_answered_while_only_a_call_is_pending() {
    let (layer, mut peer) = client(Config::default()).await;
    let handle = layer.handle();
    let call = handle.send_await::<Value>(&json!({ "q": 1 }));
    let answer = async {
        let request = peer.next().await.unwrap().unwrap();
        for number in 0..3_u8 {
            peer.send(Message::Ping(vec![number].into())).await.unwrap();
            let pong = peer.next().await.unwrap().unwrap();
            assert_eq!(pong, Message::Pong(vec![number].into()));
        }
        peer.send(request).await.unwrap();
        peer
    };
    let (reply, _peer) = tokio::join!(call, answer);
    assert_eq!(reply.unwrap(), json!({ "q": 1 }));
}

#[tokio::test]
async fn pings_and_pongs_are_no_messages() {
    let (layer, mut peer) = client(Config::default()).await;
    let (_handle, mut incoming) = layer.split();
    peer.feed(Message::Ping("a".into())).await.unwrap();
    peer.feed(Message::Pong("b".into())).await.unwrap();
    peer.send(Message::text("words")).await.unwrap();
    let Some(Event::Message(frame)) = incoming.next().await else {
        panic!("no message");
    };
    assert_eq!(frame, Frame::text("words"));
}

#[tokio::test]
async fn a_ping_of_ours_goes_out_and_its_pong_is_swallowed() {
    let (layer, mut peer) = client(Config::default()).await;
    let (handle, mut incoming) = layer.split();
    let (sent, got) = tokio::join!(handle.send(&Frame::ping("there?")), peer.next());
    sent.unwrap();
    assert_eq!(got.unwrap().unwrap(), Message::Ping("there?".into()));
    // Flushes the pong, which tungstenite makes by itself.
    peer.send(Message::text("words")).await.unwrap();
    let Some(Event::Message(frame)) = incoming.next().await else {
        panic!("no message");
    };
    assert_eq!(frame, Frame::text("words"));
}

#[tokio::test]
async fn a_flood_of_pings_lets_others_have_their_turn() {
    let (ours, mut peer) = transport().await;
    for _ in 0..100 {
        peer.feed(Message::Ping("".into())).await.unwrap();
    }
    peer.send(Message::text("words")).await.unwrap();
    let mut ours = task::spawn(ours);
    let mut yields = 0;
    let frame = loop {
        match ours.poll_next() {
            Poll::Ready(item) => break item.unwrap().unwrap(),
            Poll::Pending => {
                assert!(ours.is_woken(), "it is stuck with frames unread");
                yields += 1;
            }
        }
    };
    assert_eq!(frame, Frame::text("words"));
    assert_eq!(yields, 3);
}

#[tokio::test]
async fn pings_and_pongs_are_yielded_where_that_is_asked_for() {
    let (ours, mut peer) = transport().await;
    let mut ours = ours.with_pings();
    peer.feed(Message::Ping("a".into())).await.unwrap();
    peer.feed(Message::Pong("b".into())).await.unwrap();
    peer.send(Message::text("words")).await.unwrap();
    for expected in [Message::Ping("a".into()), Message::Pong("b".into())] {
        let frame = ours.next().await.unwrap().unwrap();
        assert_eq!(frame.into_message(), expected);
    }
    assert_eq!(ours.next().await.unwrap().unwrap(), Frame::text("words"));
    let (_, pong) = tokio::join!(ours.flush(), peer.next());
    assert_eq!(pong.unwrap().unwrap(), Message::Pong("a".into()));
}
