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
    /// Likewise, parts.
    pub(crate) parts: BTreeMap<Body, u64>,
    /// The plain messages that each end has read, in order; garbage has no
    /// number.
    pub(crate) plains: [Vec<Option<u64>>; 2],
    /// Requests that came more than once: the wire cannot know.
    pub(crate) repeated: BTreeSet<Name>,
    /// Calls that the peer has spoilt, each its own: it was given the id.
    pub(crate) spoilt: BTreeSet<Name>,
    answered: BTreeSet<Name>,
    last_plain: [Option<u64>; 2],
}

impl Journal {
    /// `end` hands `body` to its transport.
    pub(crate) fn start(&mut self, end: usize, body: Body) -> Result<(), String> {
        let again = !self.started.insert(body);
        if again && !self.repeated.contains(&body.name()) {
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
            What::Plain => self.plains[end].push(Some(body.number)),
            What::Answer => {
                self.answered.insert(body.name());
            }
            What::Ask | What::Part | What::Forged => {}
        }
    }

    /// A copy of `body` is lost on the way.
    pub(crate) fn lose(&mut self, body: Body) {
        self.parts.remove(&body);
        if body.what == What::Answer && !self.answered.contains(&body.name()) {
            self.arrived.remove(&body.name());
        }
    }

    /// What `end` has sent will arrive.
    pub(crate) fn arrives(&mut self, end: usize, body: Body, at: u64) {
        match body.what {
            What::Answer if body.end != end => {
                self.arrived.entry(body.name()).or_insert(at);
            }
            What::Part if body.end != end => {
                self.parts.insert(body, at);
            }
            _ => {}
        }
    }
}
