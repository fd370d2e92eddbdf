//! The test list of the npm package ws-await 4.2.3, all 45 cases, against this
//! crate. Each test bears the number of its case; where we differ on purpose it
//! says why.

mod calls;
mod defaults;
mod pair;
mod requests;
mod sends;
mod server;
