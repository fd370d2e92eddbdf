//! Wire order, and no lock-up when both ways are full.

use std::cell::{Cell, RefCell};
use std::convert::Infallible;
use std::rc::Rc;

use await_layer::memory::{self, Duplex};
use await_layer::{
    AwaitLayer, Event, Handle, Incoming, Limits, Link, ManualTimer, Overflow, serve,
};
use await_layer_testkit::rng::Rng;
use await_layer_testkit::steps::Steps;
use await_layer_testkit::words::{Kind, Word, Words};
use futures::StreamExt;
use futures::future::{join, join_all};

use crate::rig::proof;
use crate::{scaled, shown};

type Joint = Link<Duplex<Word>, Words, ManualTimer>;

fn ends(room: usize, limits: Limits) -> [(Handle<Joint>, Incoming<Joint>); 2] {
    let (near, far) = memory::pair(room);
    [near, far]
        .map(|io| AwaitLayer::with(io, Words::new(), ManualTimer::new(), limits.clone()).split())
}

#[test]
fn f11_requests_and_messages_arrive_in_the_order_in_which_they_were_made() {
    let frames = scaled(1_000_000, 50_000) as u64;
    let limits = Limits {
        overflow: Overflow::Backpressure,
        ..Limits::default()
    };
    let [(near, _), (_far, mut incoming)] = ends(7, limits);
    let mut steps = Steps::seeded(11).spurious(0.05);
    let seen = Rc::new(Cell::new(0));
    let counted = seen.clone();
    steps.spawn("far", async move {
        while let Some(event) = incoming.next().await {
            let number = match event {
                Event::Message(word) => word.number,
                Event::Request(request) => {
                    let (word, responder) = request.unpack::<Word>().expect("a word");
                    let answer = responder.reply(&Word::new(proof(word.number)));
                    answer.await.expect("sent");
                    word.number
                }
                event => panic!("{event:?}"),
            };
            assert_eq!(
                number,
                counted.get(),
                "in the order in which they were made"
            );
            counted.set(number + 1);
        }
    });
    steps.spawn("near", async move {
        let mut rng = Rng::new(12);
        let mut number = 0;
        while number < frames {
            let burst = (1 + rng.below(64) as u64).min(frames - number);
            let made = join_all((number..number + burst).map(|number| {
                let (plain, near) = (rng.chance(0.5), &near);
                async move {
                    let word = Word::new(number);
                    if plain {
                        near.send(&word).await.expect("sent");
                    } else {
                        let reply = near.send_await::<Word>(&word).await.expect("a reply");
                        assert_eq!(reply.number, proof(number));
                    }
                }
            }));
            made.await;
            number += burst;
        }
        drop(near.close().await);
    });
    steps.run(frames * 100).expect("no end");
    assert_eq!(seen.get(), frames, "none is lost");
    shown!(
        "F11",
        "{frames} requests and messages through room for 7: 0 inversions, 0 lost"
    );
}

#[test]
fn f12_two_ends_that_ask_at_once_through_one_place_do_not_lock_up() {
    let calls = scaled(10_000, 1000);
    let limits = Limits {
        max_requests: calls,
        ..Limits::default()
    };
    let [near, far] = ends(1, limits);
    let mut steps = Steps::seeded(12);
    let answered = Rc::new(Cell::new(0));
    for (handle, incoming) in [near, far] {
        let answered = answered.clone();
        steps.spawn("end", async move {
            let asking = async {
                let asked = (0..calls as u64).map(|number| {
                    let handle = &handle;
                    async move {
                        let reply = handle.send_await::<Word>(&Word::new(number)).await;
                        assert_eq!(reply.expect("a reply").number, proof(number));
                    }
                });
                join_all(asked).await;
                answered.set(answered.get() + calls);
                while answered.get() < 2 * calls {
                    tokio::task::yield_now().await;
                }
                drop(handle.close().await);
            };
            let answering = serve(incoming, calls, async |word: Word| {
                Ok::<_, Infallible>(Word::new(proof(word.number)))
            });
            join(asking, answering).await;
        });
    }
    let polls = steps.run(200 * calls as u64).expect("no lock-up");
    assert_eq!(answered.get(), 2 * calls);
    shown!(
        "F12",
        "2 x {calls} calls through one place: all answered in {polls} polls"
    );
}

#[test]
fn f13_handlers_that_all_ask_back_get_their_replies_and_the_excess_is_refused() {
    const PLACES: usize = 256;
    let calls = 2000;
    let limits = Limits {
        max_in_flight: calls,
        max_requests: PLACES,
        ..Limits::default()
    };
    let [(near, near_in), (far, far_in)] = ends(8, limits);
    let mut steps = Steps::seeded(13);
    let nested = Rc::new(Cell::new(0));
    let most = Rc::new(Cell::new(0));
    let running = Rc::new(Cell::new(0));
    let (asks_back, counted, peak) = (far.clone(), nested.clone(), most.clone());
    // Each handler asks back before it answers, and none is done before a
    // full house waits.
    steps.spawn("far", async move {
        let back = &asks_back;
        serve(far_in, PLACES, async |word: Word| {
            running.set(running.get() + 1);
            peak.set(peak.get().max(running.get()));
            let reply = back.send_await::<Word>(&word).await.expect("a reply");
            counted.set(counted.get() + 1);
            running.set(running.get() - 1);
            Ok::<_, Infallible>(Word::new(reply.number))
        })
        .await;
    });
    steps.spawn("near serves", async move {
        serve(near_in, PLACES, async |word: Word| {
            Ok::<_, Infallible>(Word::new(proof(word.number)))
        })
        .await;
    });
    let outcomes = Rc::new(RefCell::new(Vec::new()));
    let told = outcomes.clone();
    steps.spawn("near asks", async move {
        let asked = (0..calls as u64).map(|number| near.send_await::<Word>(&Word::new(number)));
        for (number, outcome) in join_all(asked).await.into_iter().enumerate() {
            let word = outcome.expect("a reply or a refusal");
            if word.kind == Kind::Reply {
                assert_eq!(word.number, proof(number as u64));
            }
            told.borrow_mut().push(word.kind);
        }
        drop(near.close().await);
    });
    drop(far);
    steps.run(500 * calls as u64).expect("no lock-up");
    let outcomes = outcomes.borrow();
    let refused = outcomes
        .iter()
        .filter(|kind| **kind == Kind::Refusal)
        .count();
    let replied = outcomes.iter().filter(|kind| **kind == Kind::Reply).count();
    assert_eq!(replied + refused, calls);
    assert_eq!(nested.get(), replied);
    assert_eq!(most.get(), PLACES, "the house was full");
    assert!(refused > 0, "and more came");
    shown!(
        "F13",
        "{calls} requests on {PLACES} places, every handler asks back: {replied} answered, {refused} refused, 0 hang"
    );
}
