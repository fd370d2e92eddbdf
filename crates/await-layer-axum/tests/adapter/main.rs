//! The adapter on real axum servers, against bare tungstenite.

mod broken;
mod closing;
mod conforms;
mod frames;
mod handlers;
mod limits;
mod origins;
mod pings;
mod rejections;
mod server;
mod shutdown;
mod silence;
mod upgrades;
