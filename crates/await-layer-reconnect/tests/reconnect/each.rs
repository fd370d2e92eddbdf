//! What is done with every connection.

use std::time::Duration;

use await_layer_reconnect::{Dial, Reconnect};
use serde_json::{Value, json};
use tokio_test::task::spawn;
use tokio_test::{assert_pending, assert_ready, assert_ready_ok};

use crate::peer::{BACKOFF, config, run, world};

#[test]
fn what_an_attempt_does_comes_before_the_calls_of_everybody_on_every_connection() {
    let world = world(&[]);
    let peer = &world.peer;
    let subscribing = || async {
        use await_layer_reconnect::Connect as _;
        let handle = peer.dial().await.map_err(|error| error.to_string())?;
        let subscribed = handle.send_await::<Value>(&json!({ "subscribe": "news" }));
        match subscribed.await {
            Ok(_) => Ok(handle),
            Err(error) => Err(error.to_string()),
        }
    };
    let dial = Dial::new(subscribing, peer.timer());
    let reconnect = Reconnect::new(dial, config(BACKOFF));
    for nth in 0..3 {
        let mut call = spawn(reconnect.send_await::<Value, _>(json!({ "n": nth })));
        run(&world, &mut call, Duration::from_secs(1));
        let first = world.remote(nth).take_written();
        assert!(
            matches!(&first[..], [one] if one.contains("subscribe")),
            "{first:?}"
        );
        world.remote(nth).feed(first[0].clone());
        assert_pending!(call.poll());
        assert_eq!(world.echo(nth), 1);
        assert_eq!(assert_ready_ok!(call.poll()), json!({ "n": nth }));
        world.remote(nth).end();
    }
}

#[test]
fn the_stream_has_each_connection_once_and_ends_with_them() {
    let world = world(&[]);
    let mut connections = spawn(world.reconnect.connections());
    for nth in 0..3 {
        let handle = loop {
            if let std::task::Poll::Ready(item) = connections.poll_next() {
                break item.expect("there will be more");
            }
            world.advance(Duration::from_millis(10));
        };
        assert_eq!(world.connections(), nth + 1);
        assert_eq!(handle.close_reason(), None);
        assert_pending!(connections.poll_next());
        // Whoever waits for the next drives this one.
        world.remote(nth).feed("news".to_owned());
        assert!(connections.is_woken());
        assert_pending!(connections.poll_next());
        world.remote(nth).end();
        assert!(connections.is_woken());
        assert_pending!(connections.poll_next());
        assert!(handle.close_reason().is_some());
    }
    world.reconnect.stop();
    assert!(connections.is_woken());
    assert!(assert_ready!(connections.poll_next()).is_none());
    assert!(assert_ready!(connections.poll_next()).is_none());
}
