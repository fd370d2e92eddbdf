//! A transport that is neither `Send` nor `Unpin`, with frames that are not
//! `Send`, on one thread.

use std::cell::{Cell, RefCell};
use std::convert::Infallible;
use std::marker::PhantomPinned;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use await_layer::memory::{self, Disconnected, Duplex};
use await_layer::{AwaitLayer, DefaultTimer, JsonFrame, WsAwait, serve};
use await_layer_testkit::conformance::{self, Text};
use futures::executor::LocalPool;
use futures::task::LocalSpawnExt;
use futures::{Sink, Stream};
use pin_project_lite::pin_project;
use serde_json::{Value, json};

/// A frame that belongs to its thread.
#[derive(Clone, Debug)]
pub(crate) struct Local(Rc<str>);

impl JsonFrame for Local {
    fn from_json(text: String) -> Self {
        Self(text.into())
    }

    fn json(&self) -> Option<&[u8]> {
        Some(self.0.as_bytes())
    }
}

pin_project! {
    /// Counts its frames where others of its thread can see it.
    pub(crate) struct Rooted {
        #[pin]
        inner: Duplex<Local>,
        #[pin]
        address: PhantomPinned,
        frames: Rc<Cell<usize>>,
    }
}

impl Sink<Local> for Rooted {
    type Error = Disconnected;

    fn poll_ready(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Disconnected>> {
        self.project().inner.poll_ready(cx)
    }

    fn start_send(self: Pin<&mut Self>, frame: Local) -> Result<(), Disconnected> {
        self.frames.set(self.frames.get() + 1);
        self.project().inner.start_send(frame)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Disconnected>> {
        self.project().inner.poll_flush(cx)
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Disconnected>> {
        self.project().inner.poll_close(cx)
    }
}

impl Stream for Rooted {
    type Item = Result<Local, Disconnected>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.project().inner.poll_next(cx)
    }
}

fn pair(frames: &Rc<Cell<usize>>) -> (Rooted, Rooted) {
    let (here, there) = memory::pair(4);
    let rooted = |inner| Rooted {
        inner,
        address: PhantomPinned,
        frames: Rc::clone(frames),
    };
    (rooted(here), rooted(there))
}

#[test]
fn conforms() {
    let text = Text::new(Local::from_json, Local::json);
    let frames = Rc::default();
    let suite = conformance::transport(text, DefaultTimer::new(), async || pair(&frames));
    LocalPool::new().run_until(suite);
    assert!(frames.get() > 0);
}

#[test]
fn both_ends_ask_from_spawned_tasks() {
    const CALLS: usize = 100;
    let frames = Rc::default();
    let (here, there) = pair(&frames);
    let mut pool = LocalPool::new();
    let done = Rc::new(RefCell::new(Vec::new()));
    let mut handles = Vec::new();
    for (end, transport) in [("here", here), ("there", there)] {
        let layer = AwaitLayer::new(transport, WsAwait::<Local>::new());
        let (handle, incoming) = layer.split();
        let served = serve(incoming, 8, move |question: Value| async move {
            Ok::<_, Infallible>(json!({ "n": question["n"], "from": end }))
        });
        let spawner = pool.spawner();
        spawner
            .spawn_local(async move {
                served.await;
            })
            .unwrap();
        for n in 0..CALLS {
            let (handle, done) = (handle.clone(), Rc::clone(&done));
            let call = async move {
                let answer = handle.send_await::<Value>(&json!({ "n": n })).await;
                done.borrow_mut().push((end, n, answer.unwrap()));
            };
            spawner.spawn_local(call).unwrap();
        }
        handles.push(handle);
    }
    while done.borrow().len() < 2 * CALLS {
        assert!(pool.try_run_one() || done.borrow().len() == 2 * CALLS);
    }
    for (end, n, answer) in done.take() {
        let other = if end == "here" { "there" } else { "here" };
        assert_eq!(answer, json!({ "n": n, "from": other }));
    }
    assert_eq!(frames.get(), 4 * CALLS, "a request and a reply each");
}
