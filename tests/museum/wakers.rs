//! Who has something to do is woken, by the waker it showed last.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use await_layer::{AwaitLayer, Event, Limits, ManualTimer, SlotIds, memory, serve};
use await_layer_testkit::contract::Contract;
use await_layer_testkit::script::Op;
use await_layer_testkit::steps::Steps;
use await_layer_testkit::wakers::CountingWaker;
use futures::future::join_all;
use futures::{FutureExt, Sink, StreamExt};

use crate::stage::{Letters, Task, layer, reply_to, requests, stage};

#[test]
fn writers_and_readers_in_tasks_of_their_own_lose_no_wake() {
    const MESSAGES: usize = 2_000;
    for seed in 0..4 {
        let (left, right) = memory::pair(1);
        let mut steps = Steps::seeded(seed);
        for (end, io) in [("left", left), ("right", right)] {
            let protocol = Letters {
                ids: SlotIds::<u64>::new(),
                answers_cancelled: true,
            };
            let (timer, limits) = (ManualTimer::new(), Limits::default());
            let layer = AwaitLayer::with(Contract::new(io), protocol, timer, limits);
            let (handle, mut incoming) = layer.split();
            steps.spawn(format!("{end} writer"), async move {
                for n in 0..MESSAGES {
                    handle.send(&*n.to_string()).await.expect("it is sent");
                }
            });
            steps.spawn(format!("{end} reader"), async move {
                for n in 0..MESSAGES {
                    let event = incoming.next().await;
                    let Some(Event::Message(frame)) = event else {
                        panic!("{n}: {event:?}");
                    };
                    assert_eq!(frame, n.to_string());
                }
            });
        }
        steps.run(500_000).expect("all is read");
    }
}

#[test]
fn calls_from_many_tasks_lose_no_wake_in_any_order() {
    for seed in 0..50 {
        let (left, right) = memory::pair(2);
        let mut steps = Steps::seeded(seed).spurious(0.05);
        let ends = [("left", left), ("right", right)].map(|(end, io)| {
            let protocol = Letters {
                ids: SlotIds::<u64>::new(),
                answers_cancelled: true,
            };
            let (timer, limits) = (ManualTimer::new(), Limits::default());
            let layer = AwaitLayer::with(Contract::new(io), protocol, timer, limits);
            let (handle, incoming) = layer.split();
            steps.spawn(format!("{end} server"), async move {
                serve(incoming, 2, async |body: String| Ok::<_, Infallible>(body)).await;
            });
            handle
        });
        let spawner = steps.spawner();
        let callers = ends.iter().enumerate().flat_map(|(end, handle)| {
            (0..6).map(move |n| {
                let handle = handle.clone();
                async move {
                    let body = format!("{end} {n}");
                    assert_eq!(handle.send_await::<String>(&*body).await, Ok(body));
                }
            })
        });
        // Each in a task of its own, and one that closes when all are done.
        let done: Vec<_> = callers
            .map(|caller| {
                let (caller, done) = caller.remote_handle();
                spawner.spawn("caller", caller);
                done
            })
            .collect();
        steps.spawn("closer", async move {
            join_all(done).await;
            for end in &ends {
                end.close().await;
            }
        });
        steps
            .run(5_000)
            .unwrap_or_else(|stuck| panic!("seed {seed}: {stuck}"));
    }
}

#[test]
fn a_waker_that_was_replaced_is_not_kept() {
    let (stage, _incoming) = stage();
    let mut driver = Task::new(stage.handle.driver());
    let mut call = stage.handle.send_await::<String>("hello");
    let (old, new) = (CountingWaker::new(), CountingWaker::new());
    for waker in [&old, &new] {
        let polled = call.poll_unpin(&mut Context::from_waker(&waker.waker()));
        assert!(polled.is_pending());
    }
    assert!(driver.run().is_none());
    old.take();
    new.take();
    let request = requests(&stage.remote, &["hello"]).remove(0);
    stage.remote.feed(reply_to(&request, "yes"));
    assert!(driver.run().is_none());
    assert_eq!((old.wakes(), new.wakes()), (0, 1));
    let polled = call.poll_unpin(&mut Context::from_waker(&new.waker()));
    assert_eq!(polled, Poll::Ready(Ok("yes".to_owned())));
}

#[test]
fn every_event_wakes_whom_it_concerns() {
    let (stage, mut incoming) = stage();
    let mut driver = Task::new(stage.handle.driver());
    assert!(driver.run().is_none());
    stage.remote.feed("q5 work".to_owned());
    let request = match Task::new(incoming.next()).run() {
        Some(Some(Event::Request(request))) => request,
        other => panic!("{other:?}"),
    };
    let mut responder = request.responder;
    let mut withdrawn = Task::new(responder.cancelled());
    let mut message = Task::new(incoming.next());
    let mut replied = stage.ask("replied");
    let mut expired = stage.ask_within(10, "expired");
    let mut flushed = Task::new(stage.handle.send("flushed"));
    let mut closed = Task::new(stage.handle.closed());
    stage.remote.pend(Op::Flush);
    assert!(withdrawn.run().is_none() && message.run().is_none());
    assert!(replied.run().is_none() && expired.run().is_none());
    assert!(flushed.run().is_none() && closed.run().is_none());
    assert!(driver.run().is_none() && message.run().is_none());

    stage.remote.resume(Op::Flush);
    assert!(driver.run().is_none() && message.run().is_none());
    assert_eq!(flushed.run(), Some(Ok(())));

    stage.remote.feed("c5".to_owned());
    assert!(driver.run().is_none() && message.run().is_none());
    assert_eq!(withdrawn.run(), Some(()));

    let request = stage.remote.take_written().remove(0);
    stage.remote.feed(reply_to(&request, "yes"));
    assert!(driver.run().is_none() && message.run().is_none());
    assert_eq!(replied.run(), Some(Ok("yes".to_owned())));

    stage.timer.advance(Duration::from_millis(10));
    assert!(driver.run().is_none() && message.run().is_none());
    assert!(matches!(expired.run(), Some(Err(_))));

    stage.remote.feed("notice".to_owned());
    let first = message.run();
    assert!(driver.run().is_none());
    let event = first.or_else(|| message.run()).flatten();
    assert!(matches!(event, Some(Event::Message(_))));

    stage.remote.end();
    assert!(driver.run().is_some());
    assert!(closed.run().is_some());
}

#[test]
fn a_close_that_waits_does_not_wake_itself() {
    let (stage, mut layer) = layer(SlotIds::<u64>::new(), Limits::default());
    let mut call = stage.ask("pending");
    assert!(call.run().is_none());
    let waker = CountingWaker::new();
    for _ in 0..1000 {
        let polled = Pin::new(&mut layer).poll_close(&mut Context::from_waker(&waker.waker()));
        assert!(polled.is_pending());
    }
    assert!(waker.wakes() < 10, "{} wakes", waker.wakes());
}
