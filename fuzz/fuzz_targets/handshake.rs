//! The compressing WebSocket's handshake, at either end: whatever the other
//! says, however it is cut; and what is agreed on, against a plain reading of
//! the extension's parameters.
#![no_main]

use await_layer_deflate::tungstenite::handshake::derive_accept_key;
use await_layer_deflate::{Agreed, Config, Deflate, WebSocket};
use await_layer_fuzz::network::Network;
use await_layer_fuzz::pieces::how;
use futures::FutureExt;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some((first, rest)) = bytes.split_first() else {
        return;
    };
    let (cuts, said) = how(rest);
    let bit = |bit: u8| first & (1 << bit) != 0;
    let config = Config {
        deflate: bit(0).then_some(Deflate {
            own_context: bit(1),
            peer_context: bit(2),
            ..Deflate::default()
        }),
        ..Config::default()
    };
    match (bit(3), bit(4)) {
        (false, false) => asked(&config, said, cuts),
        (false, true) => asked_for(&config, said, cuts),
        (true, false) => answered(&config, said, cuts),
        (true, true) => answered_with(&config, said, cuts),
    }
});

/// What a server agreed to and wrote; `None` if it refused.
fn server(config: &Config, request: &[u8], cuts: &[u8]) -> Option<(Option<Agreed>, Vec<u8>)> {
    let network = Network::new(request, cuts);
    let written = network.written();
    let socket = WebSocket::server(network, config, |_, _| Ok(())).now_or_never();
    let socket = socket.expect("all has come").ok()?;
    let written = written.lock().unwrap().clone();
    Some((socket.agreed(), written))
}

fn asked(config: &Config, request: &[u8], cuts: &[u8]) {
    let whole = server(config, request, &[]);
    assert_eq!(server(config, request, cuts), whole, "cut by {cuts:?}");
}

/// A sound request but for its offers.
fn asked_for(config: &Config, offers: &[u8], cuts: &[u8]) {
    let Some(lines) = header(offers) else { return };
    let request = format!(
        "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{lines}\r\n"
    );
    let whole = server(config, request.as_bytes(), &[]);
    assert_eq!(server(config, request.as_bytes(), cuts), whole);
    let (agreed, written) = whole.expect("the offers do not make it refuse");
    let written = String::from_utf8(written).expect("HTTP is ASCII");
    let answer = written.lines().find_map(|line| {
        let (name, value) = line.split_once(": ")?;
        name.eq_ignore_ascii_case("sec-websocket-extensions")
            .then_some(value)
    });
    let first = config.deflate.and_then(|deflate| {
        let mut offers = elements(offers).into_iter();
        offers.find_map(|offer| accepted(&offer, &deflate))
    });
    assert_eq!(agreed, first, "{offers:?}");
    let expected = agreed.map(|agreed| {
        let mut answer = "permessage-deflate".to_owned();
        if !agreed.own_context {
            answer += "; server_no_context_takeover";
        }
        if !agreed.peer_context {
            answer += "; client_no_context_takeover";
        }
        answer
    });
    assert_eq!(answer, expected.as_deref());
}

/// What a client agreed to; `None` if it refused.
fn client(
    config: &Config,
    cuts: &[u8],
    response: impl FnOnce(&str) -> Vec<u8> + 'static,
) -> Option<Option<Agreed>> {
    let network = Network::answering(cuts, move |request| {
        let request = String::from_utf8_lossy(request).into_owned();
        let key = request.lines().find_map(|line| {
            let (name, value) = line.split_once(": ")?;
            name.eq_ignore_ascii_case("sec-websocket-key")
                .then_some(value)
        });
        response(&derive_accept_key(key.expect("it sends one").as_bytes()))
    });
    let socket = WebSocket::client(network, "ws://a/", config).now_or_never();
    let (socket, _) = socket.expect("all has come").ok()?;
    Some(socket.agreed())
}

fn answered(config: &Config, response: &[u8], cuts: &[u8]) {
    // The key's answer cannot be guessed: a word stands for it.
    let say = |cuts: &[u8]| {
        let response = response.to_vec();
        client(config, cuts, move |accept| {
            let text = String::from_utf8(response);
            match text {
                Ok(text) => text.replace("ACCEPT", accept).into_bytes(),
                Err(other) => other.into_bytes(),
            }
        })
    };
    assert_eq!(say(cuts), say(&[]), "cut by {cuts:?}");
}

/// A sound response but for its extensions.
fn answered_with(config: &Config, answers: &[u8], cuts: &[u8]) {
    let Some(lines) = header(answers) else { return };
    let agreed = client(config, cuts, move |accept| {
        let head = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n\
                    Upgrade: websocket\r\nSec-WebSocket-Accept: ";
        format!("{head}{accept}\r\n{lines}\r\n").into_bytes()
    });
    assert_eq!(
        agreed,
        fits(&elements(answers), config.deflate.as_ref()),
        "{answers:?}"
    );
}

/// A header for each line; `None` if HTTP would not take them.
fn header(values: &[u8]) -> Option<String> {
    let values = std::str::from_utf8(values).ok()?;
    let is_plain = |it: char| it == '\n' || (' '..='~').contains(&it);
    // tungstenite takes so many headers, and so long a head.
    if !values.chars().all(is_plain) || values.len() > 4000 || values.lines().count() > 20 {
        return None;
    }
    let mut lines = String::new();
    for value in values.lines() {
        lines += &format!("Sec-WebSocket-Extensions: {value}\r\n");
    }
    Some(lines)
}

/// Name and parameters.
type Element = (String, Vec<(String, Option<String>)>);

/// What stands between commas, taken apart.
fn elements(values: &[u8]) -> Vec<Element> {
    let text = String::from_utf8_lossy(values).replace('\n', ",");
    let mut elements = Vec::new();
    for element in text.split(',') {
        let mut parts = element.split(';').map(|part| part.trim().to_owned());
        let name = parts.next().unwrap_or_default();
        if name.is_empty() {
            continue;
        }
        let mut params = Vec::new();
        for part in parts {
            let (name, value) = match part.split_once('=') {
                Some((name, value)) => (name, Some(value.trim().trim_matches('"').to_owned())),
                None => (&*part, None),
            };
            params.push((name.trim().to_owned(), value));
        }
        elements.push((name.to_ascii_lowercase(), params));
    }
    elements
}

fn repeats(element: &Element) -> bool {
    let mut names: Vec<_> = element.1.iter().map(|(name, _)| name).collect();
    names.sort();
    names.windows(2).any(|pair| pair[0] == pair[1])
}

fn is_window(bits: &str) -> bool {
    ["8", "9", "10", "11", "12", "13", "14", "15"].contains(&bits)
}

/// What a server makes of one offer.
fn accepted(offer: &Element, deflate: &Deflate) -> Option<Agreed> {
    if offer.0 != "permessage-deflate" || repeats(offer) {
        return None;
    }
    let mut agreed = Agreed {
        own_context: deflate.own_context,
        peer_context: deflate.peer_context,
    };
    for (name, value) in &offer.1 {
        match (name.as_str(), value.as_deref()) {
            ("server_no_context_takeover", None) => agreed.own_context = false,
            ("client_no_context_takeover", None) => agreed.peer_context = false,
            ("server_max_window_bits", Some("15")) | ("client_max_window_bits", None) => {}
            ("client_max_window_bits", Some(bits)) if is_window(bits) => {}
            _ => return None,
        }
    }
    Some(agreed)
}

/// What a client makes of the answer: `None` if it goes.
fn fits(answers: &[Element], deflate: Option<&Deflate>) -> Option<Option<Agreed>> {
    let (answer, deflate) = match (answers, deflate) {
        ([], _) => return Some(None),
        ([one], Some(deflate)) if one.0 == "permessage-deflate" && !repeats(one) => (one, deflate),
        _ => return None,
    };
    let mut agreed = Agreed {
        own_context: deflate.own_context,
        peer_context: true,
    };
    for (name, value) in &answer.1 {
        match (name.as_str(), value.as_deref()) {
            ("client_no_context_takeover", None) => agreed.own_context = false,
            ("server_no_context_takeover", None) => agreed.peer_context = false,
            ("server_max_window_bits", Some(bits)) if is_window(bits) => {}
            _ => return None,
        }
    }
    (deflate.peer_context || !agreed.peer_context).then_some(Some(agreed))
}
