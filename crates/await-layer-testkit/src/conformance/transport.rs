//! The suite for transports.

use await_layer::{Timer, Transport};

use super::ends::Ends;
use super::{Text, calls, case, closing, driving, failing};

/// Runs the layer over pairs of connected transports, each case on a pair of
/// its own, once from each end.
///
/// Works under any executor: nothing is spawned, and the future is `Send` only
/// where the transports are. `timer` must be a real clock (or tokio's paused
/// one); the slowest case waits some 20 ms for a timeout, and one that takes
/// 30 s counts as hanging.
///
/// The cases: both ends ask; replies in reverse; a hundred calls at once;
/// messages around calls keep their order; big frames both ways; a dropped
/// responder refuses; requests that nobody takes are refused; a dropped call
/// is cancelled; a late reply reaches nobody; every pending call learns the
/// close reason; closing lets calls finish, twice is once; what is queued
/// leaves before the end; the last handle ends it; the three ways of driving;
/// a call inside the reading loop.
///
/// The transport must carry frames of 400 kB and, when it is closed, let what
/// was sent before arrive and end the other end's stream without an error.
///
/// # Panics
/// If a case fails; the message names it.
pub async fn transport<A, B, F, T>(
    text: Text<F>,
    timer: T,
    mut connect: impl AsyncFnMut() -> (A, B),
) where
    A: Transport<F>,
    B: Transport<F>,
    T: Timer + Clone,
{
    macro_rules! cases {
        ($($room:ident :: $case:ident,)*) => {$(
            let name = concat!(stringify!($case), ", first end");
            let case = async { $room::$case(Ends::over(text, &timer, connect().await)).await };
            case::run_within_limit(name, &timer, case).await;
            let name = concat!(stringify!($case), ", second end");
            let case = async {
                $room::$case(Ends::over(text, &timer, connect().await).swapped()).await
            };
            case::run_within_limit(name, &timer, case).await;
        )*};
    }
    cases![
        calls::both_ends_ask,
        calls::replies_in_reverse,
        calls::a_hundred_at_once,
        calls::a_batch_is_answered_in_its_order,
        calls::messages_keep_their_order,
        calls::big_frames_both_ways,
        failing::a_dropped_responder_refuses,
        failing::requests_that_nobody_takes_are_refused,
        failing::a_dropped_call_is_cancelled,
        failing::a_late_reply_reaches_nobody,
        closing::every_pending_call_learns_the_reason,
        closing::closing_lets_calls_finish,
        closing::what_is_queued_leaves_before_the_end,
        closing::the_last_handle_ends_it,
        driving::with_neither,
        driving::with_drivers,
        driving::with_the_stream_polled,
        driving::inside_the_reading_loop,
    ];
}
