//! What a handle promises that outlives its connections.

mod calls;
mod each;
mod outages;
mod peer;
mod stopping;
