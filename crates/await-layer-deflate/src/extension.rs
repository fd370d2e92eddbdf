//! Agreeing on permessage-deflate, RFC 7692 section 7.1.

use crate::Deflate;

const NAME: &str = "permessage-deflate";
const SERVER_RESETS: &str = "server_no_context_takeover";
const CLIENT_RESETS: &str = "client_no_context_takeover";
const SERVER_WINDOW: &str = "server_max_window_bits";
const CLIENT_WINDOW: &str = "client_max_window_bits";

/// What both ends agreed on: messages may be compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Agreed {
    /// Whether what this end sent before helps to compress what it sends next.
    pub own_context: bool,
    /// The same for what the peer sends.
    pub peer_context: bool,
}

/// One element of the header: a name and its parameters.
struct Element<'a> {
    name: &'a str,
    params: Vec<(&'a str, Option<&'a str>)>,
}

/// What a client asks for.
///
/// It does not offer a smaller window of its own: that needs a compressor that
/// can have one.
pub(crate) fn offer(deflate: &Deflate) -> String {
    let mut offer = NAME.to_owned();
    if !deflate.own_context {
        offer.extend(["; ", CLIENT_RESETS]);
    }
    if !deflate.peer_context {
        offer.extend(["; ", SERVER_RESETS]);
    }
    offer
}

/// What the server's answer to [`offer`] means.
pub(crate) fn answered<'a>(
    answers: impl IntoIterator<Item = &'a str>,
    deflate: Option<&Deflate>,
) -> Result<Option<Agreed>, &'static str> {
    let mut elements = answers.into_iter().flat_map(elements);
    let Some(element) = elements.next() else {
        return Ok(None);
    };
    let Some(deflate) = deflate.filter(|_| element.name.eq_ignore_ascii_case(NAME)) else {
        return Err("the server chose an extension that was not offered");
    };
    if elements.next().is_some() {
        return Err("the server chose more than one extension");
    }
    let mut agreed = Agreed {
        own_context: deflate.own_context,
        peer_context: true,
    };
    if element.repeats() {
        return Err("the server repeats a parameter of permessage-deflate");
    }
    for param in element.params {
        match param {
            (CLIENT_RESETS, None) => agreed.own_context = false,
            (SERVER_RESETS, None) => agreed.peer_context = false,
            // Ours is large enough for any.
            (SERVER_WINDOW, Some(bits)) if window(bits).is_some() => {}
            _ => {
                return Err(
                    "the server wants a parameter of permessage-deflate that was not offered",
                );
            }
        }
    }
    if agreed.peer_context && !deflate.peer_context {
        return Err("the server keeps its compression context though it was asked not to");
    }
    Ok(Some(agreed))
}

/// What a server answers: to the first offer that it can accept.
pub(crate) fn answer<'a>(
    offers: impl IntoIterator<Item = &'a str>,
    deflate: &Deflate,
) -> Option<(Agreed, String)> {
    offers
        .into_iter()
        .flat_map(elements)
        .filter(|offer| offer.name.eq_ignore_ascii_case(NAME))
        .find_map(|offer| accept(&offer, deflate))
}

fn accept(offer: &Element<'_>, deflate: &Deflate) -> Option<(Agreed, String)> {
    let mut agreed = Agreed {
        own_context: deflate.own_context,
        peer_context: deflate.peer_context,
    };
    if offer.repeats() {
        return None;
    }
    for param in &offer.params {
        match *param {
            (SERVER_RESETS, None) => agreed.own_context = false,
            (CLIENT_RESETS, None) => agreed.peer_context = false,
            // The compressor knows one window only.
            (SERVER_WINDOW, Some("15")) | (CLIENT_WINDOW, None) => {}
            (CLIENT_WINDOW, Some(bits)) if window(bits).is_some() => {}
            _ => return None,
        }
    }
    let mut answer = NAME.to_owned();
    if !agreed.own_context {
        answer.extend(["; ", SERVER_RESETS]);
    }
    if !agreed.peer_context {
        answer.extend(["; ", CLIENT_RESETS]);
    }
    Some((agreed, answer))
}

fn window(bits: &str) -> Option<u8> {
    // No sign and no leading zero.
    let plain = bits.bytes().all(|byte| byte.is_ascii_digit()) && !bits.starts_with('0');
    let bits = bits.parse().ok().filter(|_| plain)?;
    (8..=15).contains(&bits).then_some(bits)
}

impl Element<'_> {
    fn repeats(&self) -> bool {
        let names = || self.params.iter().map(|(name, _)| name);
        names()
            .enumerate()
            .any(|(at, name)| names().take(at).any(|earlier| earlier == name))
    }
}

/// The elements of a header's value. None of the values that matter here can
/// hold a comma or a semicolon, so quotes are only taken off.
fn elements(value: &str) -> impl Iterator<Item = Element<'_>> {
    value.split(',').filter_map(|element| {
        let mut parts = element.split(';').map(str::trim);
        let name = parts.next().filter(|name| !name.is_empty())?;
        let params = parts
            .map(|param| match param.split_once('=') {
                Some((name, value)) => (name.trim(), Some(value.trim().trim_matches('"'))),
                None => (param, None),
            })
            .collect();
        Some(Element { name, params })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOTH: Deflate = Deflate {
        level: 6,
        threshold: 0,
        own_context: true,
        peer_context: true,
    };
    const NEITHER: Deflate = Deflate {
        own_context: false,
        peer_context: false,
        ..BOTH
    };

    fn agreed(own_context: bool, peer_context: bool) -> Agreed {
        Agreed {
            own_context,
            peer_context,
        }
    }

    #[test]
    fn a_client_offers_what_it_wants() {
        assert_eq!(offer(&BOTH), "permessage-deflate");
        assert_eq!(
            offer(&NEITHER),
            "permessage-deflate; client_no_context_takeover; server_no_context_takeover"
        );
    }

    #[test]
    fn a_client_takes_answers_that_fit_its_offer_only() {
        let plain = "permessage-deflate";
        let resets = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";
        for (deflate, answer, expected) in [
            (&BOTH, plain, agreed(true, true)),
            (&BOTH, resets, agreed(false, false)),
            (
                &NEITHER,
                "PerMessage-Deflate;server_no_context_takeover",
                agreed(false, false),
            ),
            (
                &BOTH,
                "permessage-deflate; server_max_window_bits=\"9\"",
                agreed(true, true),
            ),
        ] {
            assert_eq!(
                answered([answer], Some(deflate)),
                Ok(Some(expected)),
                "{answer}"
            );
        }
        assert_eq!(answered([], Some(&BOTH)), Ok(None));
        assert_eq!(answered([], None), Ok(None));
        for (deflate, answer) in [
            (None, plain),
            (Some(&NEITHER), plain),
            (Some(&BOTH), "x-webkit-deflate-frame"),
            (Some(&BOTH), "permessage-deflate, permessage-deflate"),
            (Some(&BOTH), "permessage-deflate; client_max_window_bits=15"),
            (Some(&BOTH), "permessage-deflate; server_max_window_bits=16"),
            (Some(&BOTH), "permessage-deflate; server_max_window_bits"),
            (
                Some(&BOTH),
                "permessage-deflate; server_no_context_takeover=1",
            ),
            (Some(&BOTH), "permessage-deflate; what"),
            (
                Some(&BOTH),
                "permessage-deflate; server_max_window_bits=9; server_max_window_bits=9",
            ),
        ] {
            assert!(answered([answer], deflate).is_err(), "{answer}");
        }
    }

    #[test]
    fn a_server_takes_the_first_offer_that_it_can_keep() {
        let resets = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";
        for (deflate, offers, context, expected) in [
            (
                &BOTH,
                "permessage-deflate; client_max_window_bits",
                true,
                "permessage-deflate",
            ),
            (&BOTH, resets, false, resets),
            (&NEITHER, "permessage-deflate", false, resets),
            (
                &BOTH,
                "other; a=b, permessage-deflate; client_max_window_bits=8",
                true,
                "permessage-deflate",
            ),
            (
                &BOTH,
                "permessage-deflate; server_max_window_bits=10, permessage-deflate",
                true,
                "permessage-deflate",
            ),
        ] {
            let expected = Some((agreed(context, context), expected.to_owned()));
            assert_eq!(answer([offers], deflate), expected, "{offers}");
        }
        for offers in [
            "",
            ",;,",
            "other",
            "permessage-deflate; server_max_window_bits=10",
            "permessage-deflate; client_max_window_bits=7",
            "permessage-deflate; client_max_window_bits=+9",
            "permessage-deflate; client_max_window_bits=09",
            "permessage-deflate; what",
            "permessage-deflate; client_max_window_bits; client_max_window_bits",
        ] {
            assert_eq!(answer([offers], &BOTH), None, "{offers}");
        }
    }
}
