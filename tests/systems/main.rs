//! The protocols of `await-layer-protocols`, each against a program that nobody
//! here wrote. `docs/systems.md` says what was shown with which version.
//!
//! A program that this machine lacks is a line on stderr and a test that was
//! not run; where `CI=true` it is a failure.

mod programs;
mod signals;

mod bash_language_server;
mod dbus;
mod debugpy;
mod graphql_ws;
mod neovim;
mod node_inspect;
mod redis;
mod slapd;
