//! A peer that gives us back what we sent, on a wire that does not tell
//! replies from requests.

use await_layer::{
    AwaitLayer, Cause, ClosureIds, Json, Protocol, Slot, TextId, WsAwait, WsAwaitCodec, memory,
};
use futures::executor::block_on;
use futures::future::poll_immediate;
use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};

use crate::stage::Task;

/// The echo is taken for the reply: the wire cannot tell. It spoils the one
/// call whose request the peer was given, and is never a request of the peer's.
#[test]
fn an_echo_spoils_its_own_call_and_is_never_a_request() {
    let (near, mut far) = memory::pair::<String>(8);
    let (handle, mut incoming) = AwaitLayer::new(near, WsAwait::new()).split();
    let mut first = Task::new(handle.send_await::<Value>(&json!({ "first": 1 })));
    let mut second = Task::new(handle.send_await::<Value>(&json!({ "second": 2 })));
    assert!(first.run().is_none() && second.run().is_none());
    let echo = block_on(far.next()).unwrap().unwrap();
    for _ in 0..3 {
        block_on(far.send(echo.clone())).unwrap();
    }
    assert!(block_on(poll_immediate(incoming.next())).is_none());
    assert_eq!(first.run().unwrap().unwrap(), json!({ "first": 1 }));
    assert!(second.run().is_none());
    let stats = handle.stats();
    assert_eq!(
        (stats.replied, stats.late, stats.requests),
        (1, 2, 0),
        "{stats:?}"
    );
}

/// The same wire with ids that nobody can tell from the peer's.
struct Untagged;

impl Protocol for Untagged {
    type Frame = String;
    type Packer = Json;
    type Codec = WsAwaitCodec;
    type Ids = ClosureIds<fn(Slot) -> Option<TextId>>;

    fn into_parts(self) -> (Json, WsAwaitCodec, Self::Ids) {
        let next = |slot: Slot| Some(TextId::from(slot.index.to_string()));
        (Json, WsAwaitCodec::new(), ClosureIds::new(next))
    }
}

#[test]
fn a_wire_that_does_not_mark_replies_ends_at_once_without_tagged_ids() {
    let (near, mut far) = memory::pair::<String>(8);
    let handle = AwaitLayer::new(near, Untagged).handle();
    block_on(far.send(r#"{"awaitId":"0"}"#.to_owned())).unwrap();
    let reason = Task::new(handle.driver()).run().expect("it ends");
    assert_eq!(reason.cause(), Cause::Protocol);
    assert!(reason.text().contains("take a tagged one"), "{reason}");
}
