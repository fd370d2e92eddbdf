//! The three ways of driving, and calls from inside the reading loop.

use std::pin::pin;

use await_layer::Event;
use futures_util::StreamExt;
use futures_util::future::{Either, join_all, select};

use super::ends::{Ends, Tried, answering, ask, driven};

const ROUNDS: usize = 5;

async fn ask_around<F, L: Tried<F>>(handle: &await_layer::Handle<L>) {
    for round in 0..ROUNDS {
        let questions: Vec<_> = (0..8).map(|n| format!("{round}, {n}")).collect();
        join_all(questions.iter().map(|question| ask(handle, question))).await;
        ask(handle, "alone").await;
    }
}

pub(super) async fn with_neither<F, A: Tried<F>, B: Tried<F>>(ends: Ends<A, B>) {
    answering(ends.to_there, ask_around(&ends.here)).await;
}

pub(super) async fn with_drivers<F, A: Tried<F>, B: Tried<F>>(ends: Ends<A, B>) {
    let asked = driven(&ends.here, ask_around(&ends.here));
    answering(ends.to_there, driven(&ends.there, asked)).await;
}

pub(super) async fn with_the_stream_polled<F, A: Tried<F>, B: Tried<F>>(ends: Ends<A, B>) {
    let Ends {
        here,
        mut to_here,
        there: _there,
        to_there,
    } = ends;
    let talk = async {
        match select(pin!(ask_around(&here)), to_here.next()).await {
            Either::Left(((), _)) => {}
            Either::Right((event, _)) => panic!("nobody sent {event:?}"),
        }
    };
    answering(to_there, talk).await;
}

pub(super) async fn inside_the_reading_loop<F, A: Tried<F>, B: Tried<F>>(ends: Ends<A, B>) {
    let Ends {
        here,
        mut to_here,
        there,
        to_there,
    } = ends;
    for n in 0..ROUNDS {
        let queued = there.try_send(&format!("ask {n}"));
        assert!(queued.is_ok(), "a message was not queued: {queued:?}");
    }
    answering(to_there, async {
        for n in 0..ROUNDS {
            let Some(Event::Message(frame)) = to_here.next().await else {
                panic!("a message is missing");
            };
            let text = here.unpack::<String>(frame).expect("text");
            assert_eq!(text, format!("ask {n}"));
            // Whoever else may read is this task, which waits here.
            ask(&here, &text).await;
        }
    })
    .await;
}
