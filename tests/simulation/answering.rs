//! Requests, answered in every way there is, and plain messages, in order.

use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use await_layer::{Cause, Event, Incoming, Request, Responder, serve};
use bytes::Bytes;
use futures::future::select;
use futures::stream::SplitStream;
use futures::{FutureExt, StreamExt};

use crate::asking::{ask, poll_times};
use crate::body::{Body, What};
use crate::fuse::{Point, survive};
use crate::plan::Serving;
use crate::shared::{End, Joint};
use crate::tally::Feature;
use crate::telling::Layer;
use crate::wire::Wire;

pub(crate) async fn server<P: Wire>(end: End<P>, incoming: Incoming<Joint<P>>, how: Serving) {
    match how {
        Serving::Serve(limit) => {
            serve(incoming, limit, |body: Body| {
                let end = end.clone();
                async move {
                    receive(&end, body);
                    think(&end, body).await;
                    Ok::<_, Infallible>(body.answer())
                }
            })
            .await;
        }
        Serving::Quits(after) => looped(end, incoming, how, after).await,
        _ => looped(end, incoming, how, usize::MAX).await,
    }
}

/// Polls the layer itself: requests are refused, messages come in order.
pub(crate) async fn layer<P: Wire>(end: End<P>, mut layer: SplitStream<Layer<P>>) {
    let mut last = None;
    while let Some(item) = layer.next().await {
        let Ok(frame) = item else { break };
        let (_, body) = P::look(&frame);
        let number = body.map(|body| body.number);
        if number <= last && end.shared.plan.is_orderly() {
            end.shared
                .complain(format!("{number:?} came after {last:?}"));
        }
        last = number;
    }
}

async fn looped<P: Wire>(
    end: End<P>,
    mut incoming: Incoming<Joint<P>>,
    how: Serving,
    events: usize,
) {
    let mut seen = 0;
    for _ in 0..events {
        match incoming.next().await {
            None => return nothing_is_missing(&end, seen),
            Some(Event::Message(frame)) => {
                message::<P>(&end, &frame, seen);
                seen += 1;
            }
            Some(Event::Lagged(n)) => {
                end.shared.score.add(Feature::Lagged, n);
                seen += usize::try_from(n).expect("few");
            }
            Some(Event::Request(request)) if how == Serving::Spawn => {
                let task = end.clone();
                let answering = async move { answer(&task, request).await };
                end.shared.spawn(end.who, "handler", answering);
            }
            Some(Event::Request(request)) => {
                let answering = AssertUnwindSafe(answer(&end, request));
                if let Err(panic) = answering.catch_unwind().await {
                    survive(panic);
                }
            }
            Some(_) => end.shared.complain("an unknown event".to_owned()),
        }
    }
}

/// The stream has ended: every message that came was taken or told of.
fn nothing_is_missing<P: Wire>(end: &End<P>, seen: usize) {
    let came = end.shared.net.borrow().journal.plains[end.who].len();
    let reason = end.handle.close_reason();
    // The message at which it ended, or which was read behind the reply that
    // was one too many, reached nobody.
    let broke = reason.as_ref().is_some_and(|why| {
        matches!(
            why.cause(),
            Cause::Overflow | Cause::Panicked | Cause::Unmatched
        )
    });
    if seen != came && !(broke && seen + 1 == came) {
        let text = format!("{} took {seen} of {came} messages: {reason:?}", end.who);
        end.shared.complain(text);
    }
}

/// The message after so many must be the one that the link passed as such.
fn message<P: Wire>(end: &End<P>, frame: &Bytes, after: usize) {
    let shared = &end.shared;
    shared.score.count(Feature::Messages);
    let (_, body) = P::look(frame);
    let number = body.map(|body| body.number);
    let passed = shared.net.borrow().journal.plains[end.who]
        .get(after)
        .copied();
    if Some(number) != passed {
        shared.complain(format!("message {number:?} where {passed:?} belongs"));
    }
}

async fn answer<P: Wire>(end: &End<P>, request: Request<Joint<P>>) {
    match request.unpack::<Body>() {
        Ok((body, responder)) => {
            receive(end, body);
            respond(end, body, responder).await;
        }
        Err(_) => end.shared.complain("a request is no body".to_owned()),
    }
}

fn receive<P: Wire>(end: &End<P>, body: Body) {
    let shared = &end.shared;
    shared.sides[end.who].fuse.spark(Point::Handler);
    // A peer may give us back what we asked, where the wire says that it asks.
    let own = body.end == end.who && !shared.plan.stranger;
    if body.what != What::Ask || own || body.link != shared.plan.link {
        shared.complain(format!("{} was asked {body:?}", end.who));
    }
    let repeated = shared.net.borrow().journal.repeated.contains(&body.name());
    if !shared.deliver(body.name()) && !repeated {
        shared.complain(format!("delivered twice: {body:?}"));
    }
}

async fn think<P: Wire>(end: &End<P>, body: Body) {
    let shared = &end.shared;
    match shared.below(6) {
        0 => shared.pause(60).await,
        1 if shared.chance(0.2) => shared.sleep(Duration::from_secs(3)).await,
        // In a box: asking may lead to asking.
        2 | 3 if body.depth < 2 && !shared.plan.is_heavy => {
            Box::pin(ask(end, body.depth + 1, None)).await;
        }
        _ => {}
    }
}

async fn respond<P: Wire>(end: &End<P>, body: Body, mut responder: Responder<Joint<P>>) {
    let shared = &end.shared;
    let in_parts = P::STREAMS && body.parts > 0;
    match shared.below(12) {
        0 => drop(responder),
        1 if shared.chance(0.2) => {
            end.side().forgotten.set(true);
            std::mem::forget(responder);
        }
        2 if !in_parts => {
            let reply = &mut responder.reply(&body.answer());
            drop(poll_times(reply, 1 + shared.below(2)).await);
        }
        3 => drop(responder.reply(&body.answer())),
        4 => {
            let time = Duration::from_millis(1 + shared.below(200) as u64);
            select(responder.cancelled(), shared.sleep(time)).await;
            finish(end, body, responder).await;
        }
        _ => {
            think(end, body).await;
            finish(end, body, responder).await;
        }
    }
}

/// The whole answer, in parts if it was asked for like that.
async fn finish<P: Wire>(end: &End<P>, body: Body, mut responder: Responder<Joint<P>>) {
    let shared = &end.shared;
    let parts = if P::STREAMS { body.parts } else { 0 };
    for part in 0..parts {
        if shared.chance(0.1) {
            shared.pause(30).await;
        }
        if shared.chance(0.02) {
            // It breaks off, and the peer is told.
            return;
        }
        if responder.reply_part(&body.part(part)).await.is_err() {
            return;
        }
    }
    drop(if parts == 0 || body.ends_with_an_answer() {
        responder.reply(&body.answer()).await
    } else {
        responder.end().await
    });
}
