//! A peer that is dialed, and does what the test says.

use std::collections::VecDeque;
use std::fmt;
use std::future::{Pending, Ready, pending, ready};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use await_layer::{AwaitLayer, Handle, Limits, Link, ManualTimer, WsAwait};
use await_layer_reconnect::{Backoff, Config, Connect, Reconnect, ReconnectCall};
use await_layer_testkit::contract::Contract;
use await_layer_testkit::script::{self, Remote, Scripted};
use futures::future::Either;
use serde_json::Value;
use tokio_test::task::{Spawn, spawn};

pub(crate) type Io = Contract<Scripted<String, Broken>>;
pub(crate) type Joint = Link<Io, WsAwait<String>, ManualTimer>;
pub(crate) type Asked = Spawn<ReconnectCall<Peer, Value, Value>>;
type Dialed = Result<Handle<Joint>, Broken>;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Broken;

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("nobody answers")
    }
}

impl std::error::Error for Broken {}

/// What becomes of an attempt.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Attempt {
    Fails,
    Hangs,
    Panics,
    /// Connects, to a peer that takes nothing yet.
    Stuck,
}

/// Connects unless an attempt is scripted.
#[derive(Clone)]
pub(crate) struct Peer {
    timer: ManualTimer,
    script: Arc<Mutex<VecDeque<Attempt>>>,
    dialed: Arc<Mutex<Vec<u64>>>,
    remotes: Arc<Mutex<Vec<Remote<String, Broken>>>>,
}

impl Connect for Peer {
    type Link = Joint;
    type Error = Broken;
    type Dialing = Either<Ready<Dialed>, Pending<Dialed>>;
    type Timer = ManualTimer;

    fn dial(&self) -> Self::Dialing {
        self.dialed.lock().unwrap().push(now(&self.timer));
        let attempt = self.script.lock().unwrap().pop_front();
        let stuck = match attempt {
            Some(Attempt::Fails) => return Either::Left(ready(Err(Broken))),
            Some(Attempt::Hangs) => return Either::Right(pending()),
            Some(Attempt::Panics) => panic!("as the test says"),
            Some(Attempt::Stuck) => true,
            None => false,
        };
        let (io, remote) = script::scripted();
        if stuck {
            remote.allow(0);
        }
        self.remotes.lock().unwrap().push(remote);
        let timer = self.timer.clone();
        let layer = AwaitLayer::with(Contract::new(io), WsAwait::new(), timer, Limits::default());
        Either::Left(ready(Ok(layer.handle())))
    }

    fn timer(&self) -> &ManualTimer {
        &self.timer
    }
}

impl Peer {
    pub(crate) fn timer(&self) -> ManualTimer {
        self.timer.clone()
    }
}

fn now(timer: &ManualTimer) -> u64 {
    await_layer::Timer::now(timer)
}

pub(crate) const BACKOFF: Backoff = Backoff {
    first: Duration::from_millis(100),
    longest: Duration::from_secs(1),
    attempts: 5,
    within: Duration::from_secs(60),
    attempt_timeout: Duration::from_secs(5),
    seed: Some(1),
};

pub(crate) struct World {
    pub(crate) peer: Peer,
    pub(crate) reconnect: Reconnect<Peer>,
}

pub(crate) fn world(attempts: &[Attempt]) -> World {
    world_with(attempts, config(BACKOFF))
}

/// With a time for calls that is in nobody's way.
pub(crate) fn config(backoff: Backoff) -> Config {
    Config {
        backoff,
        call_timeout: Duration::from_secs(1_000),
        ..Config::default()
    }
}

pub(crate) fn world_with(attempts: &[Attempt], config: Config) -> World {
    let peer = Peer {
        timer: ManualTimer::new(),
        script: Arc::new(Mutex::new(attempts.iter().copied().collect())),
        dialed: Arc::default(),
        remotes: Arc::default(),
    };
    let reconnect = Reconnect::new(peer.clone(), config);
    World { peer, reconnect }
}

impl World {
    pub(crate) fn ask(&self, body: Value) -> Asked {
        spawn(self.reconnect.send_await(body))
    }

    /// The far end of the nth connection.
    pub(crate) fn remote(&self, nth: usize) -> Remote<String, Broken> {
        self.peer.remotes.lock().unwrap()[nth].clone()
    }

    pub(crate) fn connections(&self) -> usize {
        self.peer.remotes.lock().unwrap().len()
    }

    /// When attempts began.
    pub(crate) fn dialed(&self) -> Vec<u64> {
        self.peer.dialed.lock().unwrap().clone()
    }

    pub(crate) fn advance(&self, by: Duration) {
        self.peer.timer.advance(by);
    }

    /// The nth connection's peer says back what it was asked.
    pub(crate) fn echo(&self, nth: usize) -> usize {
        let remote = self.remote(nth);
        let asked = remote.take_written();
        for request in &asked {
            remote.feed(request.clone());
        }
        asked.len()
    }
}

/// Polls as an executor would, letting time pass while nothing is woken; at
/// most so much of it.
pub(crate) fn run<F: Future>(
    world: &World,
    task: &mut Spawn<F>,
    most: Duration,
) -> Option<F::Output> {
    let step = Duration::from_millis(10);
    let mut passed = Duration::ZERO;
    loop {
        if let std::task::Poll::Ready(output) = task.poll() {
            return Some(output);
        }
        while !task.is_woken() {
            if passed >= most {
                return None;
            }
            world.advance(step);
            passed += step;
        }
    }
}
