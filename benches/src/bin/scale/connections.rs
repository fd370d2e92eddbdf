//! Many connections at once, both ends of each in this process.

use std::error::Error;
use std::time::{Duration, Instant};

use await_layer::{AwaitLayer, Event, Handle, Incoming, Limits, Link, Raw, TokioTimer, memory};
use await_layer_benches::rss::rss;
use await_layer_benches::two_way::{HEAD, TwoWay};
use await_layer_benches::wire::{Wire, frames};
use await_layer_testkit::alloc::Region;
use bytes::BytesMut;
use cpu_time::ThreadTime;
use futures::StreamExt;
use futures::future::try_join;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::time::sleep;

use crate::contender::{PAYLOAD, runtime};
use crate::plan::{MEMORY, TCP};

/// Calls of each end that are in flight at once.
const CALLS: usize = 4;

/// How many times each of them is made again once all were answered.
const ROUNDS: usize = 10;

/// More than all of it takes on a machine that is busy.
const LONG: Duration = Duration::from_secs(3600);

/// How long all wait for replies while nothing comes.
const WAIT: Duration = Duration::from_secs(5);

type Wired<S> = Link<S, TwoWay<Raw>, TokioTimer>;

struct End<S: Wire> {
    handle: Handle<Wired<S>>,
    incoming: Incoming<Wired<S>>,
}

impl<S: Wire> End<S> {
    fn of(io: S) -> Self {
        let limits = Limits {
            call_timeout: LONG,
            ..Limits::default()
        };
        let layer = AwaitLayer::with(io, TwoWay(Raw), TokioTimer::new(), limits);
        let (handle, incoming) = layer.split();
        Self { handle, incoming }
    }
}

/// Per connection: bytes while nothing is in flight and while all is, and
/// microseconds to connect, and per second in which all wait. Then nanoseconds
/// per call, and calls per second by the clock on the wall, of all together.
pub(crate) fn measure(transport: &str, connections: usize) -> Result<Vec<f64>, Box<dyn Error>> {
    let runtime = runtime()?;
    let figures = runtime.block_on(async {
        match transport {
            MEMORY => {
                let joined = async || {
                    let (here, there) = memory::pair(CALLS);
                    Ok((here, there))
                };
                of(connections, joined).await
            }
            TCP => {
                let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
                let address = listener.local_addr()?;
                let joined = async || {
                    let both = try_join(TcpStream::connect(address), listener.accept());
                    let (here, (there, _)) = both.await?;
                    here.set_nodelay(true)?;
                    there.set_nodelay(true)?;
                    Ok((frames(here), frames(there)))
                };
                let figures = of(connections, joined).await;
                // Two descriptors for each connection.
                figures.map_err(|error| format!("{error}: is `ulimit -n` large enough?").into())
            }
            _ => Err(format!("no transport is called {transport}").into()),
        }
    });
    std::mem::forget(runtime);
    figures
}

async fn of<S: Wire>(
    connections: usize,
    joined: impl AsyncFn() -> std::io::Result<(S, S)>,
) -> Result<Vec<f64>, Box<dyn Error>> {
    let (rss_before, region, start) = (rss(), Region::start(), ThreadTime::now());
    let mut ends = Vec::with_capacity(2 * connections);
    for _ in 0..connections {
        let (here, there) = joined().await?;
        ends.extend([End::of(here), End::of(there)]);
    }
    let per = |value: f64| value / connections as f64;
    let connect = per(start.elapsed().as_nanos() as f64 / 1e3);
    let bytes = || {
        let live = region.change().live_bytes as f64;
        [per(live), per(rss() - rss_before)]
    };
    let [heap_idle, rss_idle] = bytes();

    let (open, opened) = watch::channel(false);
    let (asked, mut all_asked) = mpsc::channel::<()>(1);
    let (done, mut all_done) = mpsc::channel::<()>(1);
    let mut handles = Vec::with_capacity(ends.len());
    for End { handle, incoming } in ends {
        tokio::spawn(answer(incoming, opened.clone(), asked.clone()));
        for _ in 0..CALLS {
            tokio::spawn(ask(handle.clone(), done.clone()));
        }
        handles.push(handle);
    }
    drop((asked, done));
    // Nothing is sent: it ends when the last one was dropped.
    all_asked.recv().await;
    let in_flight = handles.iter().map(Handle::in_flight).sum::<usize>();
    assert_eq!(in_flight, 2 * CALLS * connections, "all wait for a reply");
    let [heap_busy, rss_busy] = bytes();

    let (start, cpu) = (Instant::now(), ThreadTime::now());
    sleep(WAIT).await;
    let waiting = per(cpu.elapsed().as_micros() as f64 / start.elapsed().as_secs_f64());

    let (start, cpu) = (Instant::now(), ThreadTime::now());
    open.send(true)?;
    all_done.recv().await;
    let (seconds, cpu) = (start.elapsed().as_secs_f64(), cpu.elapsed());
    let calls = handles.iter().map(|handle| handle.stats().replied);
    let calls = calls.sum::<u64>();
    assert_eq!(calls, ((1 + ROUNDS) * in_flight) as u64, "all are answered");
    Ok(vec![
        heap_idle,
        rss_idle,
        heap_busy,
        rss_busy,
        connect,
        waiting,
        cpu.as_nanos() as f64 / calls as f64,
        calls as f64 / seconds,
    ])
}

async fn ask<S: Wire>(handle: Handle<Wired<S>>, done: mpsc::Sender<()>) {
    let frame = BytesMut::zeroed(HEAD + PAYLOAD);
    for _ in 0..=ROUNDS {
        match handle.send_await::<BytesMut>(&frame).await {
            Ok(reply) => assert_eq!(reply.len(), frame.len()),
            // It is missed in the count.
            Err(_) => break,
        }
    }
    drop(done);
}

/// Holds the first requests until all ends have theirs; then sends every one
/// back.
async fn answer<S: Wire>(
    mut incoming: Incoming<Wired<S>>,
    mut opened: watch::Receiver<bool>,
    asked: mpsc::Sender<()>,
) {
    let mut held = Vec::with_capacity(CALLS);
    while held.len() < CALLS {
        match incoming.next().await {
            Some(Event::Request(request)) => held.push(request),
            Some(_) => {}
            None => return,
        }
    }
    drop(asked);
    // Meanwhile the calls of this end drive.
    opened.wait_for(|open| *open).await.expect("it is opened");
    for request in held {
        drop(request.responder.reply_frame(request.frame).await);
    }
    while let Some(event) = incoming.next().await {
        if let Event::Request(request) = event {
            drop(request.responder.reply_frame(request.frame).await);
        }
    }
}
