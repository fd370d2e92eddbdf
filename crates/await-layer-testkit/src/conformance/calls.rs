//! Calls that are answered.

use await_layer::Event;
use futures_util::StreamExt;
use futures_util::future::{join, join_all};

use super::ends::{
    Ends, Tried, answer, answer_to, answering, answering_both, ask, both, next_request,
};

pub(super) async fn both_ends_ask<F, A: Tried<F>, B: Tried<F>>(ends: Ends<A, B>) {
    let Ends {
        here,
        to_here,
        there,
        to_there,
    } = ends;
    answering_both(to_here, to_there, async {
        ask(&here, "one after the other").await;
        ask(&there, "the other way").await;
        both(ask(&here, "at once"), ask(&there, "at once too")).await;
    })
    .await;
    assert_eq!((here.in_flight(), there.in_flight()), (0, 0));
}

pub(super) async fn replies_in_reverse<F, A: Tried<F>, B: Tried<F>>(mut ends: Ends<A, B>) {
    const CALLS: usize = 16;
    let questions: Vec<_> = (0..CALLS).map(|n| format!("question {n}")).collect();
    let asks = join_all(questions.iter().map(|question| ask(&ends.here, question)));
    let answers = async {
        let mut requests = Vec::new();
        for _ in 0..CALLS {
            requests.push(next_request(&mut ends.to_there).await);
        }
        while let Some(request) = requests.pop() {
            answer(request).await;
        }
    };
    both(
        async {
            asks.await;
        },
        answers,
    )
    .await;
}

pub(super) async fn a_hundred_at_once<F, A: Tried<F>, B: Tried<F>>(ends: Ends<A, B>) {
    let questions: Vec<_> = (0..100)
        .map(|n| format!("question {n} {}", "?".repeat(37 * n)))
        .collect();
    answering(ends.to_there, async {
        join_all(questions.iter().map(|question| ask(&ends.here, question))).await;
    })
    .await;
    let stats = ends.here.stats();
    assert_eq!((stats.calls, stats.replied, stats.late), (100, 100, 0));
}

pub(super) async fn a_batch_is_answered_in_its_order<F, A: Tried<F>, B: Tried<F>>(
    mut ends: Ends<A, B>,
) {
    const CALLS: usize = 40;
    let questions: Vec<_> = (0..CALLS).map(|n| format!("question {n}")).collect();
    let asks = ends
        .here
        .send_await_all::<String, _>(questions.iter().map(String::as_str));
    let answers = async {
        // The last first, as far as they come together.
        let mut requests = Vec::new();
        for _ in 0..CALLS {
            requests.push(next_request(&mut ends.to_there).await);
            if requests.len() == 8 {
                while let Some(request) = requests.pop() {
                    answer(request).await;
                }
            }
        }
    };
    let (replies, ()) = join(asks, answers).await;
    for (reply, question) in replies.into_iter().zip(&questions) {
        let reply = reply.unwrap_or_else(|error| panic!("{question}: {error}"));
        assert_eq!(reply, answer_to(question));
    }
    assert_eq!(ends.here.in_flight(), 0);
}

pub(super) async fn messages_keep_their_order<F, A: Tried<F>, B: Tried<F>>(mut ends: Ends<A, B>) {
    // Few enough that all are polled in order.
    const STEPS: usize = 24;
    let (here, there) = (&ends.here, &ends.there);
    let steps = join_all((0..STEPS).map(|n| async move {
        let text = n.to_string();
        if n % 3 == 0 {
            ask(here, &text).await;
        } else {
            let sent = here.send(&text).await;
            assert!(sent.is_ok(), "a message was not sent: {sent:?}");
        }
    }));
    let answers = async {
        for n in 0..STEPS {
            let event = ends.to_there.next().await;
            let (text, request) = match event {
                Some(Event::Message(frame)) => (there.unpack::<String>(frame), None),
                Some(Event::Request(request)) => {
                    let Ok((text, responder)) = request.unpack::<String>() else {
                        panic!("a request does not unpack");
                    };
                    (Ok(text), Some(responder))
                }
                other => panic!("{other:?} came in between"),
            };
            let text = text.expect("a message does not unpack");
            assert_eq!(text, n.to_string(), "out of order");
            assert_eq!(request.is_some(), n % 3 == 0, "request or message");
            if let Some(responder) = request {
                // A message of its own overtakes no answer, and no answer it.
                let noted = there.try_send(&format!("note {n}"));
                assert!(noted.is_ok(), "a message was not queued: {noted:?}");
                let answered = responder.reply(&answer_to(&text)).await;
                assert!(answered.is_ok(), "an answer was not sent: {answered:?}");
            }
        }
    };
    let notes = async {
        for n in (0..STEPS).step_by(3) {
            let Some(Event::Message(frame)) = ends.to_here.next().await else {
                panic!("a message is missing");
            };
            let text = here.unpack::<String>(frame);
            assert_eq!(text, Ok(format!("note {n}")), "out of order");
        }
    };
    both(
        async {
            steps.await;
        },
        both(answers, notes),
    )
    .await;
}

pub(super) async fn big_frames_both_ways<F, A: Tried<F>, B: Tried<F>>(ends: Ends<A, B>) {
    // Together more than sockets buffer: whoever only writes gets stuck.
    let big: Vec<_> = (0..8).map(|n| format!("{n}").repeat(400_000)).collect();
    let Ends {
        here,
        to_here,
        there,
        to_there,
    } = ends;
    answering_both(to_here, to_there, async {
        both(
            async {
                join_all(big.iter().map(|text| ask(&here, text))).await;
            },
            async {
                join_all(big.iter().map(|text| ask(&there, text))).await;
            },
        )
        .await;
    })
    .await;
}
