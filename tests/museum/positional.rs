//! A wire without ids, where a reply belongs to the oldest open request.

use std::collections::VecDeque;
use std::time::Duration;

use await_layer::{
    AwaitIdCodec, AwaitLayer, CallError, Head, Limits, ManualTimer, Peek, Protocol, SealError,
    SlotIds,
};
use await_layer_testkit::contract::Contract;
use await_layer_testkit::script;

use crate::stage::{Broken, Task, Words};

/// Every frame that comes in answers the next request.
#[derive(Default)]
struct Queue(VecDeque<u64>);

impl Protocol for Queue {
    type Frame = String;
    type Packer = Words;
    type Codec = Self;
    type Ids = SlotIds<u64>;

    fn into_parts(self) -> (Words, Self, SlotIds<u64>) {
        (Words, self, SlotIds::new())
    }
}

impl AwaitIdCodec<String> for Queue {
    type Id = u64;
    type Ask = ();

    fn peek(&mut self, _: &String) -> Peek<u64, ()> {
        self.0.pop_front().map_or(Peek::Other, Peek::Reply)
    }

    fn seal(&mut self, _: &mut String, head: Head<'_, u64, ()>) -> Result<(), SealError> {
        if let Head::Request(id) = head {
            self.0.push_back(*id);
        }
        Ok(())
    }

    fn size(frame: &String) -> usize {
        frame.len()
    }
}

#[test]
fn an_expired_calls_reply_does_not_answer_the_next() {
    let (io, remote) = script::scripted::<String, Broken>();
    let timer = ManualTimer::new();
    let layer = AwaitLayer::with(
        Contract::new(io),
        Queue::default(),
        timer.clone(),
        Limits::default(),
    );
    let call = layer
        .send_await::<String>("A")
        .timeout(Duration::from_millis(5));
    let mut expires = Task::new(call);
    assert!(expires.run().is_none());
    timer.advance(Duration::from_millis(5));
    assert!(matches!(
        expires.run(),
        Some(Err(CallError::Timeout { .. }))
    ));
    let mut next = Task::new(layer.send_await::<String>("B"));
    assert!(next.run().is_none());
    assert_eq!(remote.take_written(), ["A", "B"]);
    remote.feed("to A".to_owned());
    assert!(next.run().is_none());
    remote.feed("to B".to_owned());
    assert_eq!(next.run(), Some(Ok("to B".to_owned())));
}
