//! What comes before what, between two clients.

use await_layer_protocols::dbus::{Body, Message};
use futures::future::join_all;

use crate::programs::within;

use super::bus::Bus;
use super::{call, taken};

#[tokio::test]
async fn two_hundred_calls_are_answered_last_first() {
    let Some(bus) = Bus::start("reversed").await else {
        return;
    };
    within(async {
        let a = bus.connect().await;
        let mut b = bus.connect().await;
        let calls = join_all((0..200).map(|n| {
            let body = Body::new().uint32(n);
            a.handle
                .send_await::<Body>(&call(&b.name, "Double").with(body))
        }));
        let answers = async {
            let mut held = Vec::new();
            while held.len() < 200 {
                held.push(b.request().await);
            }
            for (n, (request, responder)) in held.into_iter().enumerate().rev() {
                let number = request.body.values().uint32().unwrap();
                assert_eq!(usize::try_from(number), Ok(n));
                assert_eq!(request.sender.as_deref(), Some(a.name.as_str()));
                let body = Body::new().uint32(2 * number);
                responder.reply(&Ok(body)).await.unwrap();
            }
        };
        let (doubles, ()) = tokio::join!(calls, answers);
        for (n, double) in (0..).zip(doubles) {
            assert_eq!(double.unwrap().values().uint32(), Some(2 * n));
        }
        let stats = a.handle.stats();
        assert_eq!((stats.late, stats.unknown), (0, 0));
    })
    .await;
}

#[tokio::test]
async fn signals_keep_their_place_before_replies() {
    let Some(bus) = Bus::start("signals").await else {
        return;
    };
    within(async {
        let mut a = bus.connect().await;
        let mut b = bus.connect().await;
        let rule = Body::new().string("type='signal',interface='org.example.It'");
        let rule = Message::to_bus("AddMatch").with(rule);
        a.handle.send_await::<Body>(&rule).await.unwrap();
        // The bus has told us our name.
        assert_eq!(
            taken(&mut a).unwrap().member.as_deref(),
            Some("NameAcquired")
        );
        for n in 0..100 {
            let asked = a.handle.send_await::<Body>(&call(&b.name, "Do"));
            let answer = async {
                let (_, responder) = b.request().await;
                for step in 0..2 {
                    let signal = Message::signal("/it", "org.example.It", "Step");
                    let signal = signal.with(Body::new().uint32(2 * n + step));
                    b.handle.send(&signal).await.unwrap();
                }
                responder.reply(&Ok(Body::new())).await.unwrap();
            };
            let (asked, ()) = tokio::join!(asked, answer);
            asked.unwrap();
            // They were read before the reply was: nothing is waited for.
            for step in 0..2 {
                let signal = taken(&mut a).expect("the signal came first");
                assert_eq!(signal.body.values().uint32(), Some(2 * n + step));
                assert_eq!(signal.sender.as_deref(), Some(b.name.as_str()));
            }
        }
    })
    .await;
}
