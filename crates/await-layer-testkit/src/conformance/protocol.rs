//! The suite for protocols.

use std::fmt::Debug;

use await_layer::{Pack, Protocol, Unpack};

use super::{Samples, case, frames, hostile};

/// Checks that a protocol's packer, codec and generator do what the layer
/// relies on.
///
/// For protocols whose two ends are the same. `make` returns a new one for
/// each end of each case.
///
/// | case | what must hold |
/// |---|---|
/// | requests | a sealed request peeks as one at the other end, and unpacks to what was packed |
/// | replies | its reply peeks as `Reply` here, with our id, in any order |
/// | plain frames | peek as `Other` and stay as they are |
/// | refused seals | leave the frame whole |
/// | parts | peek as `Part`, if the wire has them |
/// | refusals, cancels, ends | those the wire has reach the call they name |
/// | doubles | a request is delivered once, a reply counts once |
/// | hostile frames | nothing panics, and calls still get their replies |
///
/// # Panics
/// If one does not; the message names the case.
#[track_caller]
pub fn protocol<P, Q, R>(make: impl Fn() -> P, samples: &Samples<P::Frame, Q, R>)
where
    P: Protocol<
            Frame: Clone + PartialEq + Debug + 'static,
            Packer: Pack<P::Frame, Q>
                        + Unpack<P::Frame, Q>
                        + Pack<P::Frame, R>
                        + Unpack<P::Frame, R>,
        >,
    Q: PartialEq + Debug,
    R: PartialEq + Debug,
{
    let make = &make;
    case::run("requests", || frames::requests(make, samples));
    case::run("replies", || frames::replies(make, samples));
    case::run("plain frames", || frames::plain(make, samples));
    case::run("refused seals", || frames::refused_seals(make, samples));
    case::run("parts", || frames::parts(make, samples));
    case::run("refusals", || frames::refusals(make, samples));
    case::run("cancels", || frames::cancels(make, samples));
    case::run("ends", || frames::ends(make, samples));
    case::run("doubled requests", || {
        hostile::doubled_request(make, samples)
    });
    case::run("doubled replies", || hostile::doubled_reply(make, samples));
    case::run("hostile frames, codec", || hostile::codec(make, samples));
    case::run("hostile frames, layer", || hostile::layer(make, samples));
}
