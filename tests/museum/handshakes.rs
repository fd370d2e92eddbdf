//! A phase before the first call, in a stage below the layer.

use std::convert::Infallible;
use std::time::Duration;

use await_layer::memory;
use await_layer::{AwaitLayer, CallError, Flow, Limits, ManualTimer, Sent, Stage, Staged, WsAwait};
use futures::executor::block_on;
use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};

use crate::stage::Task;

/// Lets nothing out before it has heard a word.
struct Welcomed(bool);

impl Stage for Welcomed {
    type Wire = String;
    type Frame = String;
    type Error = Infallible;

    fn is_ready(&self) -> bool {
        self.0
    }

    fn read(&mut self, wire: String, out: &mut Flow<String, String>) -> Result<(), Infallible> {
        match self.0 {
            true => out.deliver(wire),
            false => self.0 = true,
        }
        Ok(())
    }

    fn write(&mut self, frame: String, out: &mut Flow<String, String>) -> Result<(), Infallible> {
        out.write(frame);
        Ok(())
    }
}

/// A request that a stage holds back must not count as sent: who is told that
/// it was will not dare to send it again.
#[test]
fn a_call_waits_for_the_handshake_and_is_not_sent_until_then() {
    let (near, mut far) = memory::pair(8);
    let timer = ManualTimer::new();
    let io = Staged::new(near, Welcomed(false));
    let layer = AwaitLayer::with(io, WsAwait::new(), timer.clone(), Limits::default());
    let handle = layer.handle();
    let second = Duration::from_secs(1);
    let mut hasty = Task::new(handle.send_await::<Value>(&json!({})).timeout(second));
    let mut patient = Task::new(handle.send_await::<Value>(&json!({})).timeout(2 * second));
    assert!(hasty.run().is_none() && patient.run().is_none());
    timer.advance(second);
    match hasty.run() {
        Some(Err(CallError::Timeout { sent, frame })) => {
            assert_eq!((sent, frame.is_some()), (Sent::No, true));
        }
        other => panic!("{other:?}"),
    }
    block_on(far.send("welcome".to_owned())).unwrap();
    assert!(patient.run().is_none());
    let request: Value = serde_json::from_str(&block_on(far.next()).unwrap().unwrap()).unwrap();
    block_on(far.send(request.to_string())).unwrap();
    assert_eq!(patient.run().unwrap().unwrap(), json!({}));
}
