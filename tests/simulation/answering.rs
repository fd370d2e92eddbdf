//! Requests, answered in every way there is, and plain messages, in order.

use std::convert::Infallible;
use std::time::Duration;

use await_layer::{AwaitLayer, Event, Incoming, ManualTimer, Request, Responder, serve};
use await_layer_testkit::contract::Contract;
use bytes::Bytes;
use futures::StreamExt;
use futures::future::select;

use crate::asking::{ask, poll_times};
use crate::body::{Body, What};
use crate::net::NetEnd;
use crate::plan::Serving;
use crate::shared::{End, Joint};
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
pub(crate) async fn layer<P: Wire>(
    end: End<P>,
    mut layer: AwaitLayer<Contract<NetEnd>, P, ManualTimer>,
) {
    let mut last = None;
    while let Some(item) = layer.next().await {
        let Ok(frame) = item else { break };
        let number = P::read(&frame).map(|body| body.number);
        if number <= last {
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
            None => {
                let came = end.shared.net.borrow().journal.plains[end.who].len();
                if seen != came {
                    let text = format!("{} took {seen} of {came} messages", end.who);
                    end.shared.complain(text);
                }
                return;
            }
            Some(Event::Message(frame)) => {
                message::<P>(&end, &frame, seen);
                seen += 1;
            }
            Some(Event::Lagged(n)) => seen += usize::try_from(n).expect("few"),
            Some(Event::Request(request)) if how == Serving::Spawn => {
                let task = end.clone();
                let answering = async move { answer(&task, request).await };
                end.shared.spawn(end.who, "handler", answering);
            }
            Some(Event::Request(request)) => answer(&end, request).await,
            Some(_) => end.shared.complain("an unknown event".to_owned()),
        }
    }
}

/// The message after so many must be the one that the link passed as such.
fn message<P: Wire>(end: &End<P>, frame: &Bytes, after: usize) {
    let shared = &end.shared;
    shared.messages.set(shared.messages.get() + 1);
    let number = P::read(frame).map(|body| body.number);
    let passed = shared.net.borrow().journal.plains[end.who]
        .get(after)
        .copied();
    if number != passed {
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
    if body.what != What::Ask || body.end == end.who {
        shared.complain(format!("{} was asked {body:?}", end.who));
    }
    if !shared.deliver(body.name()) {
        shared.complain(format!("delivered twice: {body:?}"));
    }
}

async fn think<P: Wire>(end: &End<P>, body: Body) {
    let shared = &end.shared;
    match shared.below(6) {
        0 => {
            shared
                .sleep(Duration::from_millis(1 + shared.below(60) as u64))
                .await
        }
        1 if shared.chance(0.2) => shared.sleep(Duration::from_secs(3)).await,
        // In a box: asking may lead to asking.
        2 | 3 if body.depth < 2 => Box::pin(ask(end, body.depth + 1)).await,
        _ => {}
    }
}

async fn respond<P: Wire>(end: &End<P>, body: Body, mut responder: Responder<Joint<P>>) {
    let shared = &end.shared;
    match shared.below(12) {
        0 => drop(responder),
        1 if shared.chance(0.2) => {
            shared.forgotten[end.who].set(true);
            std::mem::forget(responder);
        }
        2 => {
            let reply = &mut responder.reply(&body.answer());
            drop(poll_times(reply, 1 + shared.below(2)).await);
        }
        3 => drop(responder.reply(&body.answer())),
        4 => {
            let time = Duration::from_millis(1 + shared.below(200) as u64);
            select(responder.cancelled(), shared.sleep(time)).await;
            drop(responder.reply(&body.answer()).await);
        }
        _ => {
            think(end, body).await;
            drop(responder.reply(&body.answer()).await);
        }
    }
}
