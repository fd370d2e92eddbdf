//! An end of the link, as a transport.

use std::cell::RefCell;
use std::fmt;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use await_layer::Timer;
use bytes::Bytes;
use futures::{Sink, Stream};

use crate::net::Net;

/// Neither `Send` nor `Unpin`-minded.
pub(crate) struct NetEnd {
    net: Rc<RefCell<Net>>,
    end: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Broken;

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the link is cut")
    }
}

impl std::error::Error for Broken {}

impl NetEnd {
    pub(crate) fn new(net: &Rc<RefCell<Net>>, end: usize) -> Self {
        let net = net.clone();
        Self { net, end }
    }

    fn with<R>(&self, act: impl FnOnce(&mut Net, usize, &mut Vec<Waker>) -> R) -> R {
        let mut wakers = Vec::new();
        let result = act(&mut self.net.borrow_mut(), self.end, &mut wakers);
        wakers.into_iter().for_each(Waker::wake);
        result
    }

    fn operate<R>(&self, act: impl FnOnce(&mut Net, usize, &mut Vec<Waker>) -> R) -> R {
        self.with(|net, end, wakers| {
            net.step(end, wakers);
            act(net, end, wakers)
        })
    }
}

fn flush(
    net: &mut Net,
    end: usize,
    cx: &Context<'_>,
    wakers: &mut Vec<Waker>,
) -> Poll<Result<(), Broken>> {
    loop {
        if net.unwritable[end] {
            return Poll::Ready(Err(Broken));
        }
        if net.stalls(cx) {
            return Poll::Pending;
        }
        if net.lanes[end].sent.is_empty() {
            return Poll::Ready(Ok(()));
        }
        wakers.extend(net.send_off(end));
    }
}

impl Sink<Bytes> for NetEnd {
    type Error = Broken;

    fn poll_ready(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Broken>> {
        self.operate(|net, end, wakers| {
            if net.unwritable[end] {
                return Poll::Ready(Err(Broken));
            }
            if net.stalls(cx) {
                return Poll::Pending;
            }
            // A full buffer passes on what it holds without being flushed.
            while net.lanes[end].len() >= net.plan.capacity && !net.lanes[end].sent.is_empty() {
                wakers.extend(net.send_off(end));
            }
            let lane = &mut net.lanes[end];
            if lane.abandoned {
                return Poll::Ready(Err(Broken));
            }
            if lane.len() >= net.plan.capacity {
                lane.writer = Some(cx.waker().clone());
                return Poll::Pending;
            }
            Poll::Ready(Ok(()))
        })
    }

    fn start_send(self: Pin<&mut Self>, frame: Bytes) -> Result<(), Broken> {
        self.operate(|net, end, _| {
            let parcel = net.parcel(frame);
            if let Some(body) = parcel.body {
                if let Err(complaint) = net.journal.start(end, body) {
                    net.complaints.push(complaint);
                }
            }
            if net.unwritable[end] {
                return Err(Broken);
            }
            net.note_written(end, &parcel);
            net.lanes[end].sent.push_back(parcel);
            Ok(())
        })
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Broken>> {
        self.operate(|net, end, wakers| flush(net, end, cx, wakers))
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Broken>> {
        self.operate(|net, end, wakers| {
            net.closing[end] = true;
            let flushed = flush(net, end, cx, wakers);
            if flushed.is_ready() {
                wakers.extend(net.lanes[end].end());
            }
            flushed
        })
    }
}

impl Stream for NetEnd {
    type Item = Result<Bytes, Broken>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.operate(|net, end, wakers| {
            if net.unreadable[end] {
                return Poll::Ready(Some(Err(Broken)));
            }
            if net.stalls(cx) {
                return Poll::Pending;
            }
            let now = net.timer.now();
            let lane = &mut net.lanes[1 - end];
            if lane.stuck {
                return Poll::Pending;
            }
            if lane.flying.front().is_some_and(|(at, _)| *at <= now) {
                let (_, parcel) = lane.flying.pop_front().expect("seen");
                wakers.extend(lane.writer.take());
                net.note_read(end, &parcel);
                return Poll::Ready(Some(Ok(parcel.frame)));
            }
            if lane.ended && lane.flying.is_empty() {
                return Poll::Ready(None);
            }
            lane.reader = Some(cx.waker().clone());
            Poll::Pending
        })
    }
}

impl Drop for NetEnd {
    fn drop(&mut self) {
        self.with(|net, end, wakers| {
            net.dropped[end] = Some(net.timer.now());
            wakers.extend(net.lanes[end].end());
            wakers.extend(net.lanes[1 - end].abandon());
        });
    }
}

impl fmt::Debug for NetEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NetEnd").field("end", &self.end).finish()
    }
}
