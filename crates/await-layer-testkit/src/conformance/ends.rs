//! A connection to try a case on, and what the cases do with it.

use std::convert::Infallible;
use std::future::Future;
use std::pin::pin;

use await_layer::{
    AwaitLayer, Call, CallError, Connection, Event, Handle, Incoming, Limits, Link, Request, Timer,
    Transport, serve,
};
use futures_util::StreamExt;
use futures_util::future::{Either, join, select};

use super::Text;
use super::wire::{TextError, Wire};

/// A connection of the suite's.
pub(super) trait Tried<F>: Connection<Frame = F, Packer = Wire<F>> {}

impl<F, L: Connection<Frame = F, Packer = Wire<F>>> Tried<F> for L {}

/// Both ends of a connection.
pub(super) struct Ends<A: Connection, B: Connection> {
    pub(super) here: Handle<A>,
    pub(super) to_here: Incoming<A>,
    pub(super) there: Handle<B>,
    pub(super) to_there: Incoming<B>,
}

/// Why a call of the suite's has no reply.
pub(super) type Failed<F> = CallError<F, TextError>;

impl<F, A, B, T> Ends<Link<A, Wire<F>, T>, Link<B, Wire<F>, T>>
where
    A: Transport<F>,
    B: Transport<F>,
    T: Timer + Clone,
{
    pub(super) fn over(text: Text<F>, timer: &T, (a, b): (A, B)) -> Self {
        let limits = Limits::default;
        let (here, to_here) = AwaitLayer::with(a, Wire(text), timer.clone(), limits()).split();
        let (there, to_there) = AwaitLayer::with(b, Wire(text), timer.clone(), limits()).split();
        Self {
            here,
            to_here,
            there,
            to_there,
        }
    }
}

impl<A: Connection, B: Connection> Ends<A, B> {
    /// The same, seen from the other side.
    pub(super) fn swapped(self) -> Ends<B, A> {
        Ends {
            here: self.there,
            to_here: self.to_there,
            there: self.here,
            to_there: self.to_here,
        }
    }
}

/// What [`answering`] makes of a question.
pub(super) fn answer_to(question: &str) -> String {
    format!("{question}, indeed")
}

/// Asks, and checks the answer.
pub(super) async fn ask<F, L: Tried<F>>(handle: &Handle<L>, question: &str) {
    match handle.send_await::<String>(question).await {
        Ok(answer) => assert!(
            answer == answer_to(question),
            "the answer belongs to another question"
        ),
        Err(error) => panic!("a call fails: {error:?}"),
    }
}

/// Answers what comes until `talk` is done.
pub(super) async fn answering<F, L: Tried<F>>(
    incoming: Incoming<L>,
    talk: impl Future<Output = ()>,
) {
    let served = serve(incoming, 256, async |question: String| {
        Ok::<_, Infallible>(answer_to(&question))
    });
    match select(pin!(talk), pin!(served)).await {
        Either::Left(((), _)) => {}
        Either::Right((reason, _)) => panic!("the connection ended: {reason}"),
    }
}

/// Answers at both ends.
pub(super) async fn answering_both<F, A: Tried<F>, B: Tried<F>>(
    to_here: Incoming<A>,
    to_there: Incoming<B>,
    talk: impl Future<Output = ()>,
) {
    answering(to_here, answering(to_there, talk)).await;
}

/// The next request; nothing else may come before it.
pub(super) async fn next_request<F, L: Tried<F>>(incoming: &mut Incoming<L>) -> Request<L> {
    match incoming.next().await {
        Some(Event::Request(request)) => request,
        Some(other) => panic!("{other:?} instead of a request"),
        None => panic!("the connection ended before a request came"),
    }
}

/// Polls a call until the other end has its request.
pub(super) async fn arrived<F, A: Tried<F>, B: Tried<F>>(
    call: Call<A, String>,
    incoming: &mut Incoming<B>,
) -> (Call<A, String>, Request<B>) {
    match select(call, pin!(next_request(incoming))).await {
        Either::Right((request, call)) => (call, request),
        Either::Left((outcome, _)) => {
            panic!("a call is over though nobody answered: {}", outcome.is_ok())
        }
    }
}

/// Answers one request as [`answering`] does.
pub(super) async fn answer<F, L: Tried<F>>(request: Request<L>) {
    let Ok((question, responder)) = request.unpack::<String>() else {
        panic!("a request does not unpack");
    };
    let sent = responder.reply(&answer_to(&question)).await;
    assert!(sent.is_ok(), "an answer was not sent: {sent:?}");
}

/// Waits for `first` while the driver of `handle` is polled beside it.
pub(super) async fn driven<L: Connection, R>(
    handle: &Handle<L>,
    first: impl Future<Output = R>,
) -> R {
    match select(pin!(first), handle.driver()).await {
        Either::Left((found, _)) => found,
        Either::Right((reason, _)) => panic!("the connection ended: {reason}"),
    }
}

/// Waits for both.
pub(super) async fn both(a: impl Future<Output = ()>, b: impl Future<Output = ()>) {
    join(a, b).await;
}
