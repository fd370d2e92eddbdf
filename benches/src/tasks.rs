//! The floor with callers: each call is a task that is woken with its reply.
//!
//! Correlation at its barest, and nothing of use: one thread, no lock, no
//! clock, no timeout, no end, no cancelling. What it costs above the floor is
//! the price of callers that are tasks, whoever correlates.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::poll_fn;
use std::task::{Context, Poll, Waker};

use bytes::BytesMut;
use futures::{SinkExt, StreamExt};

use crate::load::Client;
use crate::wire::{Wire, id_of, seal, strip};

thread_local! {
    // Of the thread, so that the callers' tasks may be spawned anywhere.
    static TABLE: RefCell<Table> = RefCell::default();
}

#[derive(Default)]
struct Table {
    slots: Vec<(Option<BytesMut>, Option<Waker>)>,
    free: VecDeque<usize>,
    outgoing: VecDeque<(usize, BytesMut)>,
    driver: Option<Waker>,
}

#[derive(Clone)]
pub struct Tasks;

impl Client for Tasks {
    async fn call(&self, frame: &BytesMut) -> BytesMut {
        let mut slot = None;
        poll_fn(|cx: &mut Context<'_>| {
            TABLE.with_borrow_mut(|table| {
                let Some(index) = slot else {
                    slot = Some(table.begin(frame.clone(), cx.waker().clone()));
                    return Poll::Pending;
                };
                match table.slots[index].0.take() {
                    Some(reply) => {
                        table.free.push_back(index);
                        Poll::Ready(reply)
                    }
                    None => Poll::Pending,
                }
            })
        })
        .await
    }
}

impl Table {
    fn begin(&mut self, frame: BytesMut, waker: Waker) -> usize {
        let index = self.free.pop_front().unwrap_or_else(|| {
            self.slots.push((None, None));
            self.slots.len() - 1
        });
        self.slots[index].1 = Some(waker);
        self.outgoing.push_back((index, frame));
        if let Some(driver) = self.driver.take() {
            driver.wake();
        }
        index
    }
}

pub fn open(io: impl Wire) -> Tasks {
    TABLE.set(Table::default());
    tokio::spawn(drive(io));
    Tasks
}

async fn drive(mut io: impl Wire) {
    let mut unflushed = false;
    poll_fn(|cx: &mut Context<'_>| {
        while let Poll::Ready(frame) = io.poll_next_unpin(cx) {
            let Some(Ok(mut frame)) = frame else {
                return Poll::Ready(());
            };
            let index = id_of(&frame) as usize;
            strip(&mut frame);
            TABLE.with_borrow_mut(|table| {
                let (reply, waker) = &mut table.slots[index];
                *reply = Some(frame);
                if let Some(waker) = waker.take() {
                    waker.wake();
                }
            });
        }
        while let Poll::Ready(ready) = io.poll_ready_unpin(cx) {
            let next = TABLE.with_borrow_mut(|table| table.outgoing.pop_front());
            let Some((index, mut frame)) = next else {
                break;
            };
            seal(&mut frame, index as u64);
            if ready.is_err() || io.start_send_unpin(frame).is_err() {
                return Poll::Ready(());
            }
            unflushed = true;
        }
        if unflushed && io.poll_flush_unpin(cx).is_ready() {
            unflushed = false;
        }
        TABLE.with_borrow_mut(|table| table.driver = Some(cx.waker().clone()));
        Poll::Pending
    })
    .await;
}
