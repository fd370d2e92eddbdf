//! What went wrong in layers like this one, each as a test of what it broke.
//!
//! | room | what is at stake |
//! |---|---|
//! | `reading` | the driver keeps reading |
//! | `waiters` | every waiter gets its own outcome, once |
//! | `closing` | the end reaches everybody |
//! | `wakers` | who has something to do is woken |
//! | `timers` | deadlines are met |
//! | `flushing` | frames leave whole, in order, and as what they are |
//! | `batches` | calls that one future waits for are calls like any other |
//! | `bursts` | calls that are made together leave together |
//! | `positional` | the same where no frame has an id |
//! | `serving` | faults of one handler are its own |
//! | `streams` | replies in parts come whole, end clearly and stay bounded |
//! | `panics` | a panic anywhere in a turn ends the connection, for everybody |
//! | `silence` | a peer that goes without a word is noticed, in time and not before |
//! | `parked` | a future that is not polled holds up nobody |
//! | `permits` | a permit that is taken before the call keeps its word |
//! | `limits` | limits hold at their edges and give back what they count |
//! | `reentry` | user code never runs where it could hang or harm others |
//! | `staging` | what is handled a few at a time keeps its order and its place |
//! | `bombs` | values that panic when they are dropped or printed do no more harm |
//! | `stage` | the transport, the wire and the tasks of these tests |
//! | `notes` | the same wire, with frames that carry something along |

mod batches;
mod bombs;
mod bursts;
mod closing;
mod echoes;
mod flushing;
mod handshakes;
mod limits;
mod notes;
mod panics;
mod parked;
mod permits;
mod positional;
mod reading;
mod reentry;
mod serving;
mod silence;
mod stage;
mod staging;
mod streams;
mod timers;
mod waiters;
mod wakers;
