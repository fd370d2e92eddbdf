//! Speaks with the npm package `ws-await`, the library whose wire format the
//! WebSocket adapter carries over. Needs Node and npm; without them the tests
//! say that they were skipped, and fail where `CI=true`.

mod axum_server;
mod closing;
mod deflate;
mod facade;
mod foreign;
mod harness;
mod ids;
mod late;
mod load;
mod node;
mod plain;
mod session;
mod smol;
