//! D-Bus through `dbus-daemon`: the bus itself, and two clients that call each
//! other through it.

mod answers;
mod bus;
mod order;

use await_layer::{CallError, Cause, Event, Sent};
use await_layer_protocols::dbus::{Body, DBus, DBusFraming, Message};
use await_layer_tokio::Config;
use futures::future::join_all;
use futures::{FutureExt, StreamExt};

use bus::{Bus, Client, remote};

use crate::programs::{patient, within};

/// The object that clients offer each other.
fn call(to: &str, member: &str) -> Message {
    Message::call("/it", "org.example.It", member).to(to)
}

#[tokio::test]
async fn the_lines_come_first_and_hello_gives_a_name() {
    let Some(bus) = Bus::start("hello").await else {
        return;
    };
    within(async {
        let client = bus.connect().await;
        assert!(client.name.starts_with(":1."), "{}", client.name);
        let again = client.handle.send_await::<Body>(&Message::to_bus("Hello"));
        let again = remote(again.await);
        assert_eq!(again.name, "org.freedesktop.DBus.Error.Failed");
        let name = Body::new().string("org.example.It").uint32(0);
        let name = Message::to_bus("RequestName").with(name);
        let taken = client.handle.send_await::<Body>(&name).await.unwrap();
        assert_eq!((taken.signature(), taken.values().uint32()), ("u", Some(1)));
        // Known by that name, to another client too.
        let other = bus.connect().await;
        assert_ne!(other.name, client.name);
        let owner = Message::to_bus("GetNameOwner").with(Body::new().string("org.example.It"));
        let owner = other.handle.send_await::<Body>(&owner).await.unwrap();
        assert_eq!(owner.values().string(), Some(client.name.as_str()));
    })
    .await;
}

#[tokio::test]
async fn a_bus_that_lets_us_in_by_other_means_ends_the_connection() {
    let Some(bus) = Bus::start_letting_in("refused", "DBUS_COOKIE_SHA1").await else {
        return;
    };
    within(async {
        let mut config = Config::new(DBusFraming::external(), DBus::new());
        config.limits = patient();
        let client = await_layer_tokio::layer(bus.stream().await, config).handle();
        let hello = client.send_await::<Body>(&Message::to_bus("Hello")).await;
        let Err(CallError::Closed { reason, .. }) = hello else {
            panic!("{hello:?}");
        };
        assert_eq!(reason.cause(), Cause::Transport);
        assert!(reason.text().contains("EXTERNAL"), "{reason}");
    })
    .await;
}

#[tokio::test]
async fn two_hundred_calls_get_their_own_answers() {
    let Some(bus) = Bus::start("many").await else {
        return;
    };
    within(async {
        let clients = [bus.connect().await, bus.connect().await];
        // Every third name is the first client's, every third the second's.
        let named = |n: usize| format!("org.example.n{n}");
        let requests = (0..200).filter(|n| n % 3 != 2).map(|n| {
            let body = Body::new().string(&named(n)).uint32(0);
            let request = Message::to_bus("RequestName").with(body);
            clients[n % 3].handle.send_await::<Body>(&request)
        });
        for taken in join_all(requests).await {
            assert_eq!(taken.unwrap().values().uint32(), Some(1));
        }
        let calls = (0..200).map(|n| {
            let body = Body::new().string(&named(n));
            let call = Message::to_bus("GetNameOwner").with(body);
            clients[0].handle.send_await::<Body>(&call)
        });
        for (n, owner) in join_all(calls).await.into_iter().enumerate() {
            if let Some(client) = clients.get(n % 3) {
                let owner = owner.unwrap();
                assert_eq!(owner.values().string(), Some(client.name.as_str()), "{n}");
                continue;
            }
            let error = remote(owner);
            assert_eq!(error.name, "org.freedesktop.DBus.Error.NameHasNoOwner");
            let name = format!("'{}'", named(n));
            assert!(error.text().unwrap().contains(&name), "{n}: {error}");
        }
    })
    .await;
}

#[tokio::test]
async fn both_ask_with_the_same_serial_at_once() {
    let Some(bus) = Bus::start("both").await else {
        return;
    };
    within(async {
        let mut a = bus.connect().await;
        let mut b = bus.connect().await;
        let ask = |from: &Client, to: &Client| {
            let call = call(&to.name, "Do");
            from.handle.send_await::<Body>(&call).with_id(77)
        };
        let (from_a, from_b) = (ask(&a, &b), ask(&b, &a));
        let answers = async {
            let (_, to_b) = a.request().await;
            let (_, to_a) = b.request().await;
            // Both calls are under way now.
            to_a.reply(&Ok(Body::new().string("of b"))).await.unwrap();
            to_b.reply(&Ok(Body::new().string("of a"))).await.unwrap();
        };
        let (from_a, from_b, ()) = tokio::join!(from_a, from_b, answers);
        assert_eq!(from_a.unwrap().values().string(), Some("of b"));
        assert_eq!(from_b.unwrap().values().string(), Some("of a"));
    })
    .await;
}

#[tokio::test]
async fn error_replies_fail_their_calls() {
    let Some(bus) = Bus::start("errors").await else {
        return;
    };
    within(async {
        let a = bus.connect().await;
        let mut b = bus.connect().await;
        let nobody = a
            .handle
            .send_await::<Body>(&call("org.example.Nobody", "Do"));
        let nobody = remote(nobody.await);
        assert_eq!(nobody.name, "org.freedesktop.DBus.Error.ServiceUnknown");
        // A handler that goes away: the layer refuses in its place.
        let refused = a.handle.send_await::<Body>(&call(&b.name, "Do"));
        let (refused, request) = tokio::join!(refused, async {
            drop(b.request().await);
            b.handle.send_await::<Body>(&Message::to_bus("GetId")).await
        });
        assert!(request.is_ok());
        assert_eq!(remote(refused).name, "org.freedesktop.DBus.Error.Failed");
        // A client that goes away: the bus answers in its place.
        let mut left = a.handle.send_await::<Body>(&call(&b.name, "Do"));
        tokio::select! {
            early = &mut left => panic!("{early:?}"),
            request = b.request() => assert_eq!(request.0.member.as_deref(), Some("Do")),
        }
        drop(b);
        assert_eq!(
            remote(left.await).name,
            "org.freedesktop.DBus.Error.NoReply"
        );
    })
    .await;
}

#[tokio::test]
async fn a_bus_that_is_killed_ends_every_call() {
    let Some(mut bus) = Bus::start("killed").await else {
        return;
    };
    within(async {
        let a = bus.connect().await;
        let mut b = bus.connect().await;
        let calls = (0..200).map(|n| {
            let body = Body::new().uint32(n);
            a.handle
                .send_await::<Body>(&call(&b.name, "Hold").with(body))
        });
        let mut calls = join_all(calls);
        let mut held = Vec::new();
        while held.len() < 200 {
            tokio::select! {
                early = &mut calls => panic!("{early:?}"),
                request = b.request() => held.push(request),
            }
        }
        bus.kill().await;
        let reason = a.handle.closed().await;
        assert!(
            matches!(reason.cause(), Cause::Eof | Cause::Transport),
            "{reason}"
        );
        for ended in calls.await {
            match ended.unwrap_err() {
                CallError::Closed {
                    reason: why, sent, ..
                } => {
                    assert_eq!((why, sent), (reason.clone(), Sent::Yes));
                }
                other => panic!("{other}"),
            }
        }
        let (_, responder) = held.swap_remove(0);
        b.handle.closed().await;
        assert!(responder.reply(&Ok(Body::new())).await.is_err());
        assert_eq!(a.handle.in_flight(), 0);
        let refused = a.handle.send_await::<Body>(&Message::to_bus("GetId")).await;
        assert!(matches!(
            refused,
            Err(CallError::Closed { sent: Sent::No, .. })
        ));
    })
    .await;
}

/// What is there already, without reading on.
fn taken(client: &mut Client) -> Option<Message> {
    match client.incoming.next().now_or_never()?? {
        Event::Message(frame) => Some(client.handle.unpack(frame).unwrap()),
        other => panic!("{other:?}"),
    }
}
