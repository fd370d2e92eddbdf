//! A whole connection on a scripted transport, the clock moved by hand: frames
//! of all kinds, faults of the transport, cancels, and what the application
//! does, in any order.
//!
//! At the end each call has had one outcome, nothing is in flight, nobody waits
//! for a wake that does not come, and it took no more polls than it should.
#![no_main]

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use await_layer::{
    AwaitIdCodec, AwaitLayer, Event, Handle, Incoming, Limits, Link, ManualTimer, Overflow, Pack,
    Unpack, WsAwait,
};
use await_layer_fuzz::wire::{Broken, Wire};
use await_layer_protocols::lsp::Lsp;
use await_layer_testkit::contract::Contract;
use await_layer_testkit::ledger::Ledger;
use await_layer_testkit::script::{self, Op, Remote, Scripted};
use await_layer_testkit::steps::{Steps, TaskId};
use bytes::Bytes;
use futures::StreamExt;
use libfuzzer_sys::arbitrary::Unstructured;
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

/// Many times what any input needs.
const POLLS: u64 = 100_000;
/// Of the operations that an input has.
const MOST: usize = 300;
/// Of the frames that are remembered, to be answered.
const KEPT: usize = 64;

fuzz_target!(|bytes: &[u8]| {
    let mut input = Unstructured::new(bytes);
    match input.arbitrary() {
        Ok(true) => World::<WsAwait<Bytes>>::new(&mut input).run(&mut input),
        _ => World::<Lsp<Bytes>>::new(&mut input).run(&mut input),
    }
});

type Transport = Contract<Scripted<Bytes, Broken>>;
type Connection<P> = Link<Transport, P, ManualTimer>;

/// What the application does with the peer's requests.
#[derive(Clone, Copy)]
enum Serving {
    Answers,
    Streams,
    Holds,
    Drops,
}

struct World<P: Wire> {
    steps: Steps<'static>,
    timer: ManualTimer,
    remote: Remote<Bytes, Broken>,
    handle: Handle<Connection<P>>,
    server: Option<TaskId>,
    serving: Rc<Cell<Serving>>,
    ledger: Ledger<u64, u64>,
    calls: Vec<(u64, TaskId)>,
    others: Vec<TaskId>,
    written: Vec<Bytes>,
    next: u64,
    /// The peer has said what may answer a call with something else.
    is_forged: Rc<Cell<bool>>,
}

impl<P: Wire> World<P>
where
    P::Packer: Pack<Bytes, P::Question> + Pack<Bytes, P::Answer> + Unpack<Bytes, Value> + 'static,
    P::Codec: AwaitIdCodec<Bytes> + 'static,
    P::Ids: 'static,
{
    fn new(input: &mut Unstructured<'_>) -> Self {
        let (transport, remote) = script::scripted();
        let timer = ManualTimer::new();
        let how: u8 = input.arbitrary().unwrap_or(0);
        let limits = Limits {
            call_timeout: Duration::from_secs(1),
            max_in_flight: 1 + usize::from(how % 4),
            max_outbound: 3,
            max_inbound: 2,
            max_inbound_bytes: 1000,
            max_requests: 2,
            max_refusals: 2,
            max_parts: 2,
            max_retired: 2,
            unmatched_budget: usize::from(how),
            frames_per_turn: 1 + usize::from(how / 4 % 4),
            close_timeout: Duration::from_millis(500),
            overflow: match how / 64 {
                0 => Overflow::Close,
                1 => Overflow::Backpressure,
                _ => Overflow::Lag,
            },
            ..Limits::default()
        };
        let contract = Contract::new(transport);
        let layer = AwaitLayer::with(contract, P::default(), timer.clone(), limits);
        let (handle, incoming) = layer.split();
        let mut steps = Steps::new();
        let serving = Rc::new(Cell::new(Serving::Answers));
        let server = steps.spawn("server", serve::<P>(incoming, serving.clone()));
        Self {
            steps,
            timer,
            remote,
            handle,
            server: Some(server),
            serving,
            ledger: Ledger::new(),
            calls: Vec::new(),
            others: Vec::new(),
            written: Vec::new(),
            next: 0,
            is_forged: Rc::default(),
        }
    }

    fn run(mut self, input: &mut Unstructured<'_>) {
        for _ in 0..MOST {
            let Ok(kind) = input.arbitrary::<u8>() else {
                break;
            };
            if self.operate(kind, input).is_err() {
                break;
            }
            let written = self.remote.take_written();
            self.written.extend(written);
            if self.written.len() > KEPT {
                self.written.drain(..self.written.len() - KEPT);
            }
        }
        self.end();
    }

    fn operate(
        &mut self,
        kind: u8,
        input: &mut Unstructured<'_>,
    ) -> libfuzzer_sys::arbitrary::Result<()> {
        match kind % 20 {
            0 | 1 => self.call(input.arbitrary()?),
            2 => self.cancel(input.arbitrary()?),
            3 => {
                let length = usize::from(input.arbitrary::<u8>()?);
                let frame = input.bytes(length.min(input.len()))?;
                self.is_forged.set(true);
                self.remote.feed(Bytes::copy_from_slice(frame));
            }
            4 | 5 => {
                if let Some(answer) = self.answer(input.arbitrary()?) {
                    self.remote.feed(answer);
                }
            }
            6 => {
                let (which, at, with) = input.arbitrary::<(u8, u8, u8)>()?;
                if let Some(answer) = self.answer(which) {
                    let mut answer = answer.to_vec();
                    let at = usize::from(at) % answer.len().max(1);
                    match (with, answer.get_mut(at)) {
                        (0, _) => answer.truncate(at),
                        (_, Some(byte)) => *byte ^= with,
                        _ => {}
                    }
                    self.is_forged.set(true);
                    self.remote.feed(answer.into());
                }
            }
            7 => match kind / 20 {
                0..=2 => self.remote.pend(gate(kind)),
                3..=5 => [Op::Ready, Op::Flush, Op::Close]
                    .map(|op| self.remote.resume(op))
                    .fill(()),
                // None at all would take back what it said it is ready for.
                6..=8 => self.remote.allow(usize::from(kind) / 20 - 5),
                _ => self.remote.allow_all(),
            },
            8 => match input.arbitrary::<u8>()? {
                byte @ 0..=9 => self.remote.fail(gate(byte), Broken),
                10 => self.remote.fail(Op::Send, Broken),
                11 => self.remote.fail_read(Broken),
                12 => self.remote.end(),
                13 => {
                    let closed = self.handle.close();
                    self.other("close", async move { drop(closed.await) });
                }
                _ => {}
            },
            9 | 10 => {
                let time = [1, 10, 50, 200, 2000][usize::from(input.arbitrary::<u8>()?) % 5];
                self.timer.advance(Duration::from_millis(time));
            }
            11 => {
                let sending = self.handle.send(&P::question(0));
                self.other("send", async move { drop(sending.await) });
            }
            12 => drop(self.handle.try_send(&P::question(0))),
            13 => {
                let driver = self.handle.driver();
                self.other("driver", driver_of(driver));
            }
            14 => {
                let reserve = self.handle.reserve();
                self.other("reserve", async move {
                    if let Ok(permit) = reserve.await {
                        drop(permit.send_await::<Value>(&P::question(0)).await);
                    }
                });
            }
            15 => {
                let mut stream = self.handle.send_stream::<Value>(&P::question(0));
                self.other(
                    "stream",
                    async move { while stream.next().await.is_some() {} },
                );
            }
            16 => {
                let which = usize::from(input.arbitrary::<u8>()?);
                if let Some(task) = self.others.get(which % self.others.len().max(1)) {
                    self.steps.cancel(*task);
                }
            }
            17 => match (kind / 20, self.server) {
                (0, Some(server)) => {
                    self.steps.cancel(server);
                    self.server = None;
                }
                (1..=4, _) => self.serving.set(Serving::Answers),
                (5 | 6, _) => self.serving.set(Serving::Streams),
                (7 | 8, _) => self.serving.set(Serving::Holds),
                _ => self.serving.set(Serving::Drops),
            },
            _ => {
                for _ in 0..=kind / 20 {
                    self.steps.step();
                }
            }
        }
        Ok(())
    }

    fn call(&mut self, how: u8) {
        self.next += 1;
        let number = self.next;
        let mut call = self.handle.send_await::<Value>(&P::question(number));
        match how % 8 {
            0 => call = call.timeout(Duration::ZERO),
            1 => call = call.timeout(Duration::from_millis(20)),
            2 => call = call.timeout(Duration::MAX),
            _ => {}
        }
        self.ledger.start(number, number);
        let (ledger, is_forged) = (self.ledger.clone(), self.is_forged.clone());
        let task = self.steps.spawn(format!("call {number}"), async move {
            match call.await {
                Ok(_) if is_forged.get() => ledger.reply(&number, &number),
                Ok(value) => ledger.reply(&number, &P::number(&value).unwrap_or(0)),
                Err(_) => ledger.fail(&number),
            }
        });
        self.calls.push((number, task));
    }

    fn cancel(&mut self, which: u8) {
        let which = usize::from(which) % self.calls.len().max(1);
        if let Some((number, task)) = self.calls.get(which)
            && self.steps.cancel(*task)
        {
            self.ledger.cancel(number);
        }
    }

    fn answer(&self, which: u8) -> Option<Bytes> {
        let frame = self
            .written
            .get(usize::from(which) % self.written.len().max(1))?;
        P::answers(frame)
    }

    fn other(&mut self, name: &str, task: impl Future<Output = ()> + 'static) {
        let task = self.steps.spawn(name, task);
        self.others.push(task);
    }

    /// The peer goes, and with it everything ends.
    fn end(mut self) {
        for op in [Op::Ready, Op::Flush, Op::Close] {
            self.remote.resume(op);
        }
        self.remote.allow_all();
        self.remote.end();
        let driver = self.handle.driver();
        self.steps.spawn("last driver", driver_of(driver));
        loop {
            while self.steps.step().is_some() {
                assert!(self.steps.polls() < POLLS, "it is polled for ever");
            }
            if self.steps.is_done() {
                break;
            }
            let Some(next) = self.timer.next_deadline() else {
                panic!("{:?}", self.steps.run(0));
            };
            self.timer.set(next);
        }
        assert_eq!(self.handle.in_flight(), 0);
        assert!(self.handle.close_reason().is_some());
        self.ledger.check().assert_balanced();
        drop(self.handle);
        assert!(self.remote.is_dropped(), "the transport is kept");
    }
}

fn gate(byte: u8) -> Op {
    [Op::Ready, Op::Flush, Op::Close][usize::from(byte) % 3]
}

async fn driver_of<D: Future>(driver: D) {
    drop(driver.await);
}

async fn serve<P: Wire>(mut incoming: Incoming<Connection<P>>, serving: Rc<Cell<Serving>>)
where
    P::Packer: Pack<Bytes, P::Answer>,
{
    let mut held = Vec::new();
    while let Some(event) = incoming.next().await {
        let Event::Request(request) = event else {
            continue;
        };
        let mut responder = request.responder;
        match serving.get() {
            Serving::Answers => drop(responder.reply(&P::answer(1)).await),
            Serving::Streams => {
                drop(responder.reply_part(&P::answer(1)).await);
                drop(responder.end().await);
            }
            Serving::Holds => held.push(responder),
            Serving::Drops => drop(responder),
        }
    }
}
