//! A layer and a peer that repeats itself, errs or lies.

use std::fmt::Debug;
use std::panic::{AssertUnwindSafe, catch_unwind};

use await_layer::memory::Disconnected;
use await_layer::{
    AwaitIdCodec, AwaitLayer, Call, Cause, Event, Handle, Head, Incoming, Limits, Link,
    ManualTimer, Pack, Peek, Protocol, Sent, Unpack,
};
use futures_util::{FutureExt, StreamExt};

use super::Samples;
use super::end::{AskOf, End};
use crate::script::{Remote, Scripted, scripted};

type Wire<P> = Scripted<<P as Protocol>::Frame, Disconnected>;
type CallOf<P, R> = Call<LinkOf<P>, R>;
type LinkOf<P> = Link<Wire<P>, P, ManualTimer>;

/// More polls than any of this takes.
const POLLS: usize = 8;

/// A layer whose peer the test plays.
struct Bench<P: Protocol> {
    handle: Handle<LinkOf<P>>,
    incoming: Incoming<LinkOf<P>>,
    remote: Remote<P::Frame, Disconnected>,
    there: End<P>,
}

impl<P: Protocol> Bench<P> {
    fn new(make: &impl Fn() -> P) -> Self {
        let (transport, remote) = scripted();
        let layer: AwaitLayer<Wire<P>, P, ManualTimer> =
            AwaitLayer::with(transport, make(), ManualTimer::new(), Limits::default());
        let (handle, incoming) = layer.split();
        Self {
            handle,
            incoming,
            remote,
            there: End::new(make()),
        }
    }

    /// Polls a call and the stream in turn, as an executor would: either may
    /// be the one that drives.
    fn poll<R>(&mut self, call: &mut CallOf<P, R>) -> Option<Result<R, Sent>>
    where
        P::Packer: Unpack<P::Frame, R>,
    {
        for _ in 0..POLLS {
            if let Some(outcome) = (&mut *call).now_or_never() {
                return Some(outcome.map_err(|error| error.sent()));
            }
            if let Some(event) = self.event() {
                panic!("{event:?} came where a reply was due");
            }
        }
        None
    }

    /// The next event, if it is there already.
    fn event(&mut self) -> Option<Event<LinkOf<P>>> {
        self.incoming.next().now_or_never().flatten()
    }

    /// The request among what was written.
    fn take_ask(&mut self) -> AskOf<P> {
        let written = self.remote.take_written();
        let there = &mut self.there;
        let asks = written.iter().filter_map(|frame| match there.peek(frame) {
            Peek::Request(ask) => Some(ask),
            _ => None,
        });
        let asks: Vec<_> = asks.collect();
        let [ask] = <[_; 1]>::try_from(asks)
            .unwrap_or_else(|asks| panic!("{} requests were written for one call", asks.len()));
        ask
    }

    /// One call, answered `times` over.
    fn call<Q, R>(&mut self, request: &Q, reply: &R, times: usize)
    where
        P::Packer: Pack<P::Frame, Q> + Pack<P::Frame, R> + Unpack<P::Frame, R>,
        P::Frame: Clone,
        R: PartialEq + Debug,
    {
        let mut call = self.handle.send_await::<R>(request);
        let answered = self.poll(&mut call).is_some();
        assert!(!answered, "a call is over though nobody has answered");
        let ask = self.take_ask();
        let mut frame = self.there.pack(reply);
        self.there.seal(&mut frame, Head::Reply(&ask));
        for _ in 0..times {
            self.remote.feed(frame.clone());
        }
        match self.poll(&mut call) {
            Some(Ok(got)) => assert_eq!(got, *reply),
            Some(Err(sent)) => panic!("a call fails though it was answered: {sent:?}"),
            None => panic!("a call waits though it was answered"),
        }
    }
}

pub(super) fn doubled_request<P, Q, R>(make: &impl Fn() -> P, samples: &Samples<P::Frame, Q, R>)
where
    P: Protocol<Frame: Clone, Packer: Pack<P::Frame, Q>>,
{
    let mut bench = Bench::new(make);
    let id = bench.there.next_id();
    let mut frame = bench.there.pack(samples.request(0));
    bench.there.seal(&mut frame, Head::Request(&id));
    bench.remote.feed(frame.clone());
    bench.remote.feed(frame);
    let first = bench.event();
    assert!(
        matches!(first, Some(Event::Request(_))),
        "the request was not delivered"
    );
    assert!(bench.event().is_none(), "the request was delivered twice");
    let stats = bench.handle.stats();
    assert_eq!((stats.requests, stats.refused), (1, 1));
}

pub(super) fn doubled_reply<P, Q, R>(make: &impl Fn() -> P, samples: &Samples<P::Frame, Q, R>)
where
    P: Protocol<Frame: Clone, Packer: Pack<P::Frame, Q> + Pack<P::Frame, R> + Unpack<P::Frame, R>>,
    R: PartialEq + Debug,
{
    let mut bench = Bench::new(make);
    bench.call(samples.request(0), samples.reply(0), 2);
    assert!(
        bench.event().is_none(),
        "the second reply was delivered as something else"
    );
    let stats = bench.handle.stats();
    assert_eq!(stats.replied, 1);
    assert_eq!(stats.late + stats.unknown, 1, "the second reply is counted");
}

pub(super) fn codec<P, Q, R>(make: &impl Fn() -> P, samples: &Samples<P::Frame, Q, R>)
where
    P: Protocol<Frame: Clone + Debug>,
{
    let mut end = End::new(make());
    for hostile in &samples.hostile {
        let mut frame = hostile.clone();
        let look = || {
            drop(end.codec.peek(&frame));
            end.codec.strip(&mut frame);
            <P::Codec as AwaitIdCodec<P::Frame>>::size(&frame)
        };
        if catch_unwind(AssertUnwindSafe(look)).is_err() {
            panic!("the codec panics at {hostile:?}");
        }
    }
}

pub(super) fn layer<P, Q, R>(make: &impl Fn() -> P, samples: &Samples<P::Frame, Q, R>)
where
    P: Protocol<
            Frame: Clone + Debug,
            Packer: Pack<P::Frame, Q>
                        + Unpack<P::Frame, Q>
                        + Pack<P::Frame, R>
                        + Unpack<P::Frame, R>,
        >,
    R: PartialEq + Debug,
{
    // One at a time, so that each has a connection to end.
    for hostile in &samples.hostile {
        let mut bench = Bench::new(make);
        bench.remote.feed(hostile.clone());
        while let Some(event) = bench.event() {
            if let Event::Request(request) = event {
                drop(request.unpack::<Q>());
            }
        }
        if let Some(reason) = bench.handle.close_reason() {
            assert_ne!(reason.cause(), Cause::Panicked, "{hostile:?}: {reason}");
            continue;
        }
        bench.call(samples.request(0), samples.reply(0), 1);
    }
}
