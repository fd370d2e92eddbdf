//! Answers that nobody waits for, or not any more.

use std::time::Duration;

use await_layer::{AwaitIdCodec, CallError, Head, ManualTimer, Pack, Peek, Protocol, Sent};
use await_layer_protocols::dbus::{Body, DBus, DBusFraming, Message, Messages};
use await_layer_tokio::Codec;
use bytes::Bytes;
use futures::{SinkExt, StreamExt};
use tokio_util::codec::Framed;

use crate::programs::within;

use super::bus::Bus;
use super::call;

#[tokio::test]
async fn an_answer_after_the_timeout_is_counted_and_reaches_nobody() {
    let Some(bus) = Bus::start("late").await else {
        return;
    };
    within(async {
        let timer = ManualTimer::new();
        let a = bus.connect_with(timer.clone()).await;
        let mut b = bus.connect().await;
        let mut slow = a.send_await::<Body>(&call(&b.name, "Do"));
        let (_, responder) = tokio::select! {
            early = &mut slow => panic!("{early:?}"),
            request = b.request() => request,
        };
        timer.advance(Duration::from_secs(11));
        match slow.await.unwrap_err() {
            CallError::Timeout { sent, .. } => assert_eq!(sent, Sent::Yes),
            other => panic!("{other}"),
        }
        responder
            .reply(&Ok(Body::new().string("late")))
            .await
            .unwrap();
        // What b answers next comes behind it.
        let asked = a.send_await::<Body>(&call(&b.name, "Do"));
        let answer = async {
            let (_, responder) = b.request().await;
            responder.reply(&Ok(Body::new().string("in time"))).await
        };
        let (asked, answer) = tokio::join!(asked, answer);
        answer.unwrap();
        assert_eq!(asked.unwrap().values().string(), Some("in time"));
        let stats = a.stats();
        assert_eq!((stats.expired, stats.late + stats.unknown), (1, 1));
    })
    .await;
}

#[tokio::test]
async fn an_answer_to_a_call_that_was_dropped_reaches_nobody() {
    let Some(bus) = Bus::start("dropped").await else {
        return;
    };
    within(async {
        let a = bus.connect().await;
        let mut b = bus.connect().await;
        let mut dropped = a.handle.send_await::<Body>(&call(&b.name, "Do"));
        let (_, responder) = tokio::select! {
            early = &mut dropped => panic!("{early:?}"),
            request = b.request() => request,
        };
        // D-Bus has no message that says so: b answers all the same.
        drop(dropped);
        a.round_trip().await;
        assert!(!responder.is_cancelled());
        responder.reply(&Ok(Body::new())).await.unwrap();
        let asked = a.handle.send_await::<Body>(&call(&b.name, "Do"));
        let (asked, ()) = tokio::join!(asked, async {
            let (_, responder) = b.request().await;
            responder.reply(&Ok(Body::new().uint32(1))).await.unwrap();
        });
        assert_eq!(asked.unwrap().values().uint32(), Some(1));
        let stats = a.handle.stats();
        assert_eq!((stats.cancelled, stats.late + stats.unknown), (1, 1));
    })
    .await;
}

#[tokio::test]
async fn answers_that_nobody_asked_for_are_counted() {
    let Some(bus) = Bus::start("unasked").await else {
        return;
    };
    within(async {
        let a = bus.connect().await;
        // The bus answers although the call says not to.
        a.handle.send(&Message::to_bus("GetId")).await.unwrap();
        a.round_trip().await;
        assert_eq!(a.handle.stats().unknown, 1);

        // It delivers an answer to a call that was never made.
        let mut forger = Framed::new(bus.stream().await, Codec::new(DBusFraming::external()));
        let (_, mut codec, _) = DBus::new().into_parts();
        let mut hello: Bytes = Messages.pack(&Message::to_bus("Hello")).unwrap();
        codec.seal(&mut hello, Head::Request(&1)).unwrap();
        forger.send(hello).await.unwrap();
        let sender = Some(a.name.clone());
        let asked = Message {
            sender,
            ..call("org.example.Forger", "Do")
        };
        let mut asked = Messages.pack(&asked).unwrap();
        codec.seal(&mut asked, Head::Request(&999)).unwrap();
        let Peek::Request(ask) = codec.peek(&asked) else {
            panic!("that was a request");
        };
        let mut unasked = Messages.pack(&Ok(Body::new())).unwrap();
        codec.seal(&mut unasked, Head::Reply(&ask)).unwrap();
        forger.send(unasked).await.unwrap();
        // It is answered in turn, so the forgery has been passed on.
        let mut last: Bytes = Messages.pack(&Message::to_bus("GetId")).unwrap();
        codec.seal(&mut last, Head::Request(&1000)).unwrap();
        forger.send(last).await.unwrap();
        while codec.peek(&forger.next().await.unwrap().unwrap()) != Peek::Reply(1000) {}
        a.round_trip().await;
        assert_eq!(a.handle.stats().unknown, 2);
    })
    .await;
}
