//! One end of a connection whose peer the test plays.

use std::fmt;

use await_layer::{AwaitLayer, Handle, Limits, Link, ManualTimer, WsAwait};
use await_layer_testkit::contract::Contract;
use await_layer_testkit::script::{self, Remote, Scripted};
use await_layer_tower::Calls;
use serde_json::Value;

pub(crate) type Joint = Link<Contract<Scripted<String, Broken>>, WsAwait<String>, ManualTimer>;
pub(crate) type Service = Calls<Joint, Value, Value>;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Broken;

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the line is dead")
    }
}

impl std::error::Error for Broken {}

pub(crate) struct End {
    pub(crate) remote: Remote<String, Broken>,
    pub(crate) timer: ManualTimer,
    pub(crate) handle: Handle<Joint>,
    pub(crate) service: Service,
}

/// An end with this many permits.
pub(crate) fn end(max_in_flight: usize) -> End {
    let (io, remote) = script::scripted();
    let timer = ManualTimer::new();
    let limits = Limits {
        max_in_flight,
        ..Limits::default()
    };
    let layer = AwaitLayer::with(Contract::new(io), WsAwait::new(), timer.clone(), limits);
    let handle = layer.handle();
    End {
        service: Calls::new(&handle),
        remote,
        timer,
        handle,
    }
}

impl End {
    /// The frames written since the last look.
    pub(crate) fn written(&self) -> usize {
        self.remote.take_written().len()
    }

    /// The peer says back what it has been asked.
    pub(crate) fn echo(&self) {
        for request in self.remote.take_written() {
            self.remote.feed(request);
        }
    }
}
