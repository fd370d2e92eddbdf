//! F27: our own requests, sent back.

use std::task::Poll;

use await_layer::{Event, Limits, WsAwait};
use futures::{FutureExt, StreamExt};
use serde_json::{Value, json};

use crate::hose::poll;
use crate::rig::Rig;
use crate::scaled;
use crate::table::Table;
use crate::wire::{self, Kinds};

/// Calls at once.
const BATCH: usize = 100;

pub(crate) fn measure(table: &mut Table) {
    let calls = scaled(1_000_000) / BATCH * BATCH;
    kind_byte(table, calls);
    ws_await(table, calls);
    bearing_our_tag(table, calls);
}

/// An echo is a request of the peer's under the same id, and the two do not
/// meet.
fn kind_byte(table: &mut Table, calls: usize) {
    let mut rig = Rig::new(Kinds::default(), Limits::default());
    let mut requests = 0;
    for _ in 0..calls / BATCH {
        let mut waiting = rig.calls::<Vec<u8>>(BATCH, &b"mine".to_vec());
        let mut echo = rig.written.borrow_mut().split_off(0);
        let all = rig.read() + BATCH as u64;
        rig.make(move || echo.pop_front());
        rig.turns(|rig| rig.read() == all);
        for call in &mut waiting {
            assert!(poll(call).is_pending(), "an echo completes a call");
        }
        while let Some(event) = rig.incoming.next().now_or_never() {
            assert!(matches!(event, Some(Event::Request(_))), "{event:?}");
            requests += 1;
        }
        // Given up, and their requests refused.
        drop(waiting);
        rig.turn();
        rig.written.borrow_mut().clear();
    }
    let stats = rig.handle.stats();
    table.exactly(
        "kind byte: calls completed by their echo",
        stats.replied,
        "calls",
        0,
    );
    let wanted = calls as u64;
    table.exactly(
        "kind byte: echoes that are requests",
        requests,
        "requests",
        wanted,
    );
}

/// This wire cannot tell an echo from a reply: the peer spoils the calls whose
/// requests it was given, with what they said themselves.
fn ws_await(table: &mut Table, calls: usize) {
    let mut rig = Rig::new(WsAwait::<String>::new(), Limits::default());
    for n in 0..calls / BATCH {
        let body = json!({ "mine": n });
        let mut waiting = rig.calls::<Value>(BATCH, &body);
        let mut written = rig.written.borrow_mut().split_off(0);
        // Half of them, twice.
        let mut echo = written.split_off(BATCH / 2);
        echo.extend(echo.clone());
        let all = rig.read() + BATCH as u64;
        rig.make(move || echo.pop_front());
        rig.turns(|rig| rig.read() == all);
        for (place, call) in waiting.iter_mut().enumerate() {
            match poll(call) {
                Poll::Pending => assert!(place < BATCH / 2, "an echo was not a reply"),
                Poll::Ready(reply) => {
                    assert!(place >= BATCH / 2, "the echo of another call");
                    assert_eq!(reply.ok().as_ref(), Some(&body));
                }
            }
        }
        let event = rig.incoming.next().now_or_never();
        assert!(event.is_none(), "an echo is delivered: {event:?}");
        drop(waiting);
        rig.turn();
    }
    let (stats, half) = (rig.handle.stats(), calls as u64 / 2);
    let what = "ws-await: calls completed by their own echo, as documented";
    table.exactly(what, stats.replied, "calls", half);
    table.exactly(
        "ws-await: second echoes that are nothing",
        stats.late,
        "echoes",
        half,
    );
    table.exactly(
        "ws-await: echoes that are requests",
        stats.requests,
        "requests",
        0,
    );
}

/// What bears our tag is never a request, whatever follows the tag.
fn bearing_our_tag(table: &mut Table, count: usize) {
    let limits = Limits {
        unmatched_budget: usize::MAX,
        ..Limits::default()
    };
    let mut rig = Rig::new(WsAwait::<String>::new(), limits);
    let mut call = rig.calls::<Value>(1, &json!({})).remove(0);
    let request = rig.written.borrow_mut().pop_front().expect("a request");
    let id = wire::ws_await_id(&request).to_owned();
    let (tag, tails) = (id[..13].to_owned(), ["", "-", "zzzzzzzzzzzzzz", "0000000é"]);
    let mut sent = 0;
    rig.make(move || {
        let tail = tails[sent % tails.len()];
        sent += 1;
        (sent <= count).then(|| format!(r#"{{"awaitId":"{tag}{sent}{tail}","ask":1}}"#))
    });
    rig.turns(|rig| rig.read() == count as u64);
    assert!(poll(&mut call).is_pending(), "a reply to another id");
    let stats = rig.handle.stats();
    let late = stats.late;
    table.exactly(
        "ws-await: requests with our tag, counted",
        late,
        "requests",
        count as u64,
    );
    table.exactly(
        "ws-await: requests with our tag, delivered",
        stats.requests,
        "requests",
        0,
    );
}
