//! A peer that goes without a word is noticed, in time and not before.

use std::pin::Pin;
use std::task::Context;
use std::time::Duration;

use await_layer::{
    AwaitLayer, CallError, Cause, DefaultTimer, Handle, Heartbeat, Incoming, KeepAlive,
    KeepAliveError, KeptAlive, Limits, Link, ManualTimer, Sent, SlotIds, memory,
};
use await_layer_testkit::conformance::{self, Text};
use await_layer_testkit::contract::Contract;
use await_layer_testkit::script::{self, Op, Remote};
use await_layer_testkit::wakers::CountingWaker;
use futures::{Sink, Stream, StreamExt};

use crate::stage::{Broken, Io, Letters, Task, reply_to, requests};

struct Beats;

impl Heartbeat for Beats {
    type Frame = String;

    fn beat(&mut self) -> String {
        "anybody there?".to_owned()
    }

    fn is_sign(&mut self, frame: &String) -> bool {
        frame == "here"
    }
}

type Watched = KeptAlive<Io, Beats, ManualTimer>;
type Joint = Link<Watched, Letters<SlotIds<u64>>, ManualTimer>;

const INTERVAL: Duration = Duration::from_secs(10);
const SETTINGS: KeepAlive = KeepAlive {
    interval: INTERVAL,
    misses: 3,
};

struct Wire {
    remote: Remote<String, Broken>,
    timer: ManualTimer,
}

fn wire() -> (Wire, Watched) {
    let (io, remote) = script::scripted();
    let timer = ManualTimer::new();
    let watched = KeptAlive::new(Contract::new(io), Beats, timer.clone(), SETTINGS);
    (Wire { remote, timer }, watched)
}

fn watched() -> (Wire, Handle<Joint>, Incoming<Joint>) {
    let (wire, io) = wire();
    let protocol = Letters {
        ids: SlotIds::new(),
        answers_cancelled: true,
    };
    let limits = Limits {
        call_timeout: Duration::MAX,
        ..Limits::default()
    };
    let (handle, incoming) = AwaitLayer::with(io, protocol, wire.timer.clone(), limits).split();
    (wire, handle, incoming)
}

const BEAT: &str = "anybody there?";

#[test]
fn a_half_open_connection_ends_in_time_and_says_why() {
    let (wire, handle, _incoming) = watched();
    let mut driver = Task::new(handle.driver());
    let mut call = Task::new(handle.send_await::<String>("hello"));
    assert!(call.run().is_none() && driver.run().is_none());
    requests(&wire.remote, &["hello"]);
    for _ in 1..SETTINGS.misses {
        wire.timer.advance(INTERVAL - Duration::from_nanos(1));
        assert!(driver.run().is_none());
        assert!(wire.remote.take_written().is_empty(), "asked too early");
        wire.timer.advance(Duration::from_nanos(1));
        assert!(driver.run().is_none());
        assert_eq!(wire.remote.take_written(), [BEAT]);
    }
    wire.timer.advance(INTERVAL - Duration::from_nanos(1));
    assert!(driver.run().is_none(), "ended too early");
    wire.timer.advance(Duration::from_nanos(1));
    let reason = driver.run().expect("in time");
    assert_eq!(reason.cause(), Cause::Silent);
    assert_eq!(reason.text(), "no sign of life in 3 intervals of 10s");
    let Some(Err(CallError::Closed { reason, sent, .. })) = call.run() else {
        panic!("the call outlives the connection");
    };
    assert_eq!((reason.cause(), sent), (Cause::Silent, Sent::Yes));
    assert!(wire.remote.is_dropped());
}

#[test]
fn what_goes_out_is_no_sign_of_life() {
    let (wire, handle, _incoming) = watched();
    let mut driver = Task::new(handle.driver());
    assert!(driver.run().is_none());
    for second in 0..30 {
        assert_eq!(handle.close_reason(), None, "after {second} s");
        assert_eq!(Task::new(handle.send("still here")).run(), Some(Ok(())));
        wire.timer.advance(Duration::from_secs(1));
        driver.run();
    }
    let reason = handle.close_reason().expect("it has ended");
    assert_eq!(reason.cause(), Cause::Silent);
}

#[test]
fn a_peer_that_does_not_even_read_is_given_up_all_the_same() {
    for op in [Op::Ready, Op::Flush] {
        let (wire, handle, _incoming) = watched();
        let mut driver = Task::new(handle.driver());
        wire.remote.pend(op);
        let mut call = Task::new(handle.send_await::<String>("hello"));
        assert!(call.run().is_none() && driver.run().is_none());
        for _ in 0..SETTINGS.misses {
            assert_eq!(handle.close_reason(), None);
            wire.timer.advance(INTERVAL);
            driver.run();
        }
        let reason = handle.close_reason().expect("it has ended");
        assert_eq!(reason.cause(), Cause::Silent, "{op:?}");
    }
}

#[test]
fn whatever_comes_in_is_a_sign_of_life_and_a_bare_one_goes_no_further() {
    let (wire, handle, mut incoming) = watched();
    let mut driver = Task::new(handle.driver());
    let mut call = Task::new(handle.send_await::<String>("hello"));
    assert!(call.run().is_none() && driver.run().is_none());
    let request = requests(&wire.remote, &["hello"]).remove(0);
    let nearly = INTERVAL * SETTINGS.misses - Duration::from_nanos(1);
    for frame in ["here", "news", "r99 to nothing", "here"] {
        for step in [INTERVAL, INTERVAL, nearly - 2 * INTERVAL] {
            wire.timer.advance(step);
            assert!(driver.run().is_none());
        }
        wire.remote.feed(frame.to_owned());
        assert!(driver.run().is_none());
    }
    wire.remote.feed(reply_to(&request, "yes"));
    assert!(driver.run().is_none());
    assert_eq!(call.run(), Some(Ok("yes".to_owned())));
    let mut next = || Task::new(incoming.next()).run().flatten();
    let event = next().expect("a message");
    let message = |event| match event {
        await_layer::Event::Message(frame) => frame,
        event => panic!("{event:?}"),
    };
    assert_eq!(message(event), "news");
    assert!(next().is_none());
    assert_eq!(wire.remote.take_written().len(), 8, "two beats each time");
}

#[test]
fn a_busy_peer_is_not_asked() {
    let (wire, handle, _incoming) = watched();
    let mut driver = Task::new(handle.driver());
    assert!(driver.run().is_none());
    for _ in 0..100 {
        wire.timer.advance(INTERVAL / 2);
        wire.remote.feed("r99 to nothing".to_owned());
        assert!(driver.run().is_none());
    }
    assert!(wire.remote.take_written().is_empty());
}

#[test]
fn a_connection_that_nobody_polled_asks_before_it_gives_up() {
    let (wire, handle, _incoming) = watched();
    assert!(Task::new(handle.driver()).run().is_none());
    wire.timer.advance(INTERVAL * 360);
    let mut driver = Task::new(handle.driver());
    assert!(driver.run().is_none());
    assert_eq!(wire.remote.take_written(), [BEAT]);
    wire.remote.feed("here".to_owned());
    assert!(driver.run().is_none());
    wire.timer.advance(INTERVAL - Duration::from_nanos(1));
    assert!(driver.run().is_none());
    assert!(wire.remote.take_written().is_empty());
}

#[test]
fn a_beat_that_cannot_be_written_ends_it_with_the_transports_error() {
    let (wire, handle, _incoming) = watched();
    let mut driver = Task::new(handle.driver());
    assert!(driver.run().is_none());
    wire.remote.fail(Op::Send, Broken);
    wire.timer.advance(INTERVAL);
    assert!(driver.run().is_none());
    let error = Task::new(handle.send("hello")).run().expect("at once");
    let reason = driver.run().expect("it is broken");
    assert_eq!(
        (reason.cause(), reason.text()),
        (Cause::Transport, "the line is dead")
    );
    assert!(error.is_err());
}

#[test]
fn a_beat_takes_no_room_that_was_promised() {
    let (wire, io) = wire();
    let mut io = Box::pin(io);
    let woken = CountingWaker::new();
    let waker = woken.waker();
    let cx = &mut Context::from_waker(&waker);
    let read = |io: &mut Pin<Box<Watched>>, cx: &mut Context<'_>| io.as_mut().poll_next(cx);
    assert!(read(&mut io, cx).is_pending());
    // As long as nobody reads, one frame fits.
    wire.remote.allow(1);
    assert!(io.as_mut().poll_ready(cx).is_ready());
    wire.timer.advance(INTERVAL);
    assert_eq!(woken.take(), 1);
    assert!(read(&mut io, cx).is_pending());
    assert_eq!(wire.remote.take_written(), [BEAT]);
    // The beat is not asked for twice, and what was promised room gets it.
    assert!(io.as_mut().poll_ready(cx).is_ready());
    assert_eq!(io.as_mut().start_send("first".to_owned()), Ok(()));
    assert!(io.as_mut().poll_flush(cx).is_pending());
    assert!(io.as_mut().poll_ready(cx).is_pending());
    wire.remote.allow_all();
    assert!(io.as_mut().poll_ready(cx).is_ready());
    assert_eq!(io.as_mut().start_send("second".to_owned()), Ok(()));
    assert!(io.as_mut().poll_close(cx).is_ready());
    assert_eq!(wire.remote.take_written(), ["first", "second"]);
}

#[test]
fn the_end_is_told_once_and_by_its_own_error() {
    let (wire, mut io) = {
        let (wire, io) = wire();
        (wire, Box::pin(io))
    };
    assert!(Task::new(io.next()).run().is_none());
    for _ in 1..SETTINGS.misses {
        wire.timer.advance(INTERVAL);
        assert!(Task::new(io.next()).run().is_none());
    }
    wire.timer.advance(INTERVAL);
    let end = Task::new(io.next()).run().expect("it ends");
    let Some(Err(KeepAliveError::Silent(reason))) = end else {
        panic!("{end:?}");
    };
    assert_eq!(reason.cause(), Cause::Silent);
    assert_eq!(Task::new(io.next()).run(), Some(None));
}

#[test]
fn what_the_transport_below_fails_with_comes_through() {
    let (wire, io) = wire();
    let mut io = Box::pin(io);
    wire.remote.fail_read(Broken);
    let end = Task::new(io.next()).run();
    assert_eq!(end, Some(Some(Err(KeepAliveError::Transport(Broken)))));
}

#[test]
fn it_is_a_transport_like_any_other() {
    let text = Text::new(|text| text, |frame: &String| Some(frame.as_bytes()));
    let settings = KeepAlive {
        interval: Duration::from_millis(1),
        misses: u32::MAX,
    };
    let watch = |io| KeptAlive::new(Contract::new(io), Beats, DefaultTimer::new(), settings);
    futures::executor::block_on(conformance::transport(
        text,
        DefaultTimer::new(),
        async || {
            let (here, there) = memory::pair(64);
            (watch(here), Contract::new(there))
        },
    ));
}

#[test]
fn whoever_is_asked_nothing_is_given_up_all_the_same() {
    let (wire, io) = wire();
    let mut io = Box::pin(io);
    io.as_mut().stop_asking();
    assert!(Task::new(io.next()).run().is_none());
    for _ in 1..SETTINGS.misses {
        wire.timer.advance(INTERVAL);
        assert!(Task::new(io.next()).run().is_none());
    }
    wire.timer.advance(INTERVAL);
    let end = Task::new(io.next()).run().flatten();
    assert!(matches!(end, Some(Err(KeepAliveError::Silent(_)))));
    assert!(wire.remote.take_written().is_empty());
}

#[test]
fn an_endless_interval_watches_nothing() {
    let (io, remote) = script::scripted::<String, Broken>();
    let timer = ManualTimer::new();
    let settings = KeepAlive {
        interval: Duration::MAX,
        misses: 2,
    };
    let mut io = Box::pin(KeptAlive::new(
        Contract::new(io),
        Beats,
        timer.clone(),
        settings,
    ));
    assert!(Task::new(io.next()).run().is_none());
    for _ in 0..3 {
        timer.advance(Duration::from_secs(1 << 32));
        assert!(Task::new(io.next()).run().is_none());
    }
    assert!(remote.take_written().is_empty());
}

#[test]
fn silence_behind_messages_that_nobody_takes_is_noticed_once_they_are_taken() {
    let (wire, handle, mut incoming) = watched();
    let mut driver = Task::new(handle.driver());
    let most = Limits::default().max_inbound;
    (0..most).for_each(|_| wire.remote.feed("news".to_owned()));
    assert!(driver.run().is_none());
    for _ in 0..=SETTINGS.misses {
        wire.timer.advance(INTERVAL);
        assert!(driver.run().is_none(), "nothing is read");
    }
    for _ in 0..most {
        assert!(matches!(Task::new(incoming.next()).run(), Some(Some(_))));
    }
    assert!(driver.run().is_none(), "it asks first");
    let reason = (0..=SETTINGS.misses).find_map(|_| {
        wire.timer.advance(INTERVAL);
        driver.run()
    });
    assert_eq!(reason.expect("it is noticed").cause(), Cause::Silent);
}
