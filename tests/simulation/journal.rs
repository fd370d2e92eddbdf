//! What the link saw.

use std::collections::{BTreeMap, BTreeSet};

use crate::body::{Body, Name, What};

#[derive(Default)]
pub(crate) struct Journal {
    /// Handed to the transport, and flushed.
    pub(crate) started: BTreeSet<Body>,
    pub(crate) flushed: BTreeSet<Body>,
    /// When an answer could first be read.
    pub(crate) arrived: BTreeMap<Name, u64>,
    /// The plain messages that each end has read, in order.
    pub(crate) plains: [Vec<u64>; 2],
    answered: BTreeSet<Name>,
    last_plain: [Option<u64>; 2],
}

impl Journal {
    /// `end` hands `body` to its transport.
    pub(crate) fn start(&mut self, end: usize, body: Body) -> Result<(), String> {
        if !self.started.insert(body) {
            return Err(format!("written twice: {body:?}"));
        }
        if body.what == What::Plain {
            let last = self.last_plain[end].replace(body.number);
            if last >= Some(body.number) {
                return Err(format!("{body:?} is written after {last:?}"));
            }
        }
        Ok(())
    }

    /// `end` reads `body`.
    pub(crate) fn read(&mut self, end: usize, body: Body) {
        match body.what {
            What::Plain => self.plains[end].push(body.number),
            What::Answer => {
                self.answered.insert(body.name());
            }
            What::Ask => {}
        }
    }

    /// A copy of `body` is lost on the way.
    pub(crate) fn lose(&mut self, body: Body) {
        if !self.answered.contains(&body.name()) {
            self.arrived.remove(&body.name());
        }
    }

    pub(crate) fn arrives(&mut self, body: Body, at: u64) {
        if body.what == What::Answer {
            self.arrived.entry(body.name()).or_insert(at);
        }
    }
}
