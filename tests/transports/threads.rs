//! One connection, called from several threads at once.

use std::convert::Infallible;
use std::sync::Arc;
use std::thread;

use await_layer::{
    AwaitLayer, Connection, DefaultTimer, Handle, Json, Link, WsAwait, memory, serve,
};
use await_layer_testkit::ledger::Ledger;
use bytes::Bytes;
use futures::executor::block_on;
use futures::future::join_all;
use serde_json::{Value, json};

const CALLERS: u64 = 8;
const CALLS: u64 = 300;

type Duplex = memory::Duplex<Bytes>;
type Layer = AwaitLayer<Duplex, WsAwait<Bytes>, DefaultTimer>;
type Caller = Handle<Link<Duplex, WsAwait<Bytes>, DefaultTimer>>;
type Book = Ledger<(u64, u64), Value>;

/// One caller's calls: some alone, some a few at a time.
async fn call<L>(handle: Handle<L>, caller: u64, book: Book)
where
    L: Connection<Frame = Bytes, Packer = Json>,
{
    let ask = async |n: u64| {
        let question = json!({ "caller": caller, "n": n });
        book.start((caller, n), question.clone());
        match handle.send_await::<Value>(&question).await {
            Ok(answer) => book.reply(&(caller, n), &answer["asked"]),
            Err(error) => panic!("{error}"),
        }
    };
    for n in (0..CALLS).step_by(6) {
        ask(n).await;
        join_all((n + 1..n + 6).map(&ask)).await;
    }
}

/// Two ends over memory; the other one is served by a spawned task.
fn connect() -> Caller {
    let (near, far) = memory::pair(16);
    let (_there, to_there) = Layer::new(far, WsAwait::new()).split();
    tokio::spawn(serve(to_there, 64, async |question: Value| {
        if question["n"].as_u64().is_some_and(|n| n % 3 == 0) {
            // Lets others overtake it.
            tokio::task::yield_now().await;
        }
        Ok::<_, Infallible>(json!({ "asked": question }))
    }));
    Layer::new(near, WsAwait::new()).handle()
}

fn balanced(book: &Book, handle: &Caller) {
    let report = book.check();
    report.assert_balanced();
    assert_eq!(report.replies as u64, CALLERS * CALLS);
    let stats = handle.stats();
    assert_eq!((stats.replied, stats.late), (CALLERS * CALLS, 0));
    assert_eq!(handle.in_flight(), 0);
}

async fn from_tasks(driver: bool) {
    let (handle, book) = (connect(), Book::new());
    if driver {
        tokio::spawn(handle.driver());
    }
    let tasks = (0..CALLERS).map(|caller| {
        let call = call(handle.clone(), caller, book.clone());
        tokio::spawn(call)
    });
    for task in join_all(tasks).await {
        task.unwrap();
    }
    balanced(&book, &handle);
}

fn from_threads(driver: bool) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .build()
        .unwrap();
    let _guard = runtime.enter();
    let (handle, book) = (connect(), Arc::new(Book::new()));
    if driver {
        tokio::spawn(handle.driver());
    }
    thread::scope(|scope| {
        for caller in 0..CALLERS {
            let call = call(handle.clone(), caller, Book::clone(&book));
            scope.spawn(|| block_on(call));
        }
    });
    balanced(&book, &handle);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn tasks_with_a_spawned_driver() {
    from_tasks(true).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn tasks_with_no_driver() {
    from_tasks(false).await;
}

#[test]
fn threads_that_block_with_a_spawned_driver() {
    from_threads(true);
}

#[test]
fn threads_that_block_with_no_driver() {
    from_threads(false);
}
