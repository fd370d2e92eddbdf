//! Which pages may connect: axum's check of `Origin` and `Host` against a
//! plain reading of both.
//!
//! The first line is how, the next the host, the next the request's own target,
//! the others the origins.
#![no_main]

use std::net::Ipv6Addr;

use await_layer_axum::{Origin, Origins};
use axum::http::{HeaderValue, Request, header};
use libfuzzer_sys::fuzz_target;

const LISTED: &str = "https://app.example.com:8443";

fuzz_target!(|bytes: &[u8]| {
    let mut lines = bytes.split(|byte| *byte == b'\n');
    let how = lines
        .next()
        .unwrap_or_default()
        .first()
        .copied()
        .unwrap_or(0);
    let (host, target) = (
        lines.next().unwrap_or_default(),
        lines.next().unwrap_or_default(),
    );
    let origins: Vec<_> = lines.collect();

    let mut request = Request::builder();
    // The empty line stands for no header.
    let hosts: &[&[u8]] = match host {
        [] => &[],
        // Twice.
        [b'!', host @ ..] => &[host, host],
        host => &[host],
    };
    let named = [(header::HOST, hosts), (header::ORIGIN, &origins)];
    for (name, values) in named {
        for value in values {
            match HeaderValue::from_bytes(value) {
                Ok(value) => request = request.header(&name, value),
                Err(_) => return,
            }
        }
    }
    let target = std::str::from_utf8(target).unwrap_or_default();
    if !target.is_empty() {
        request = request.uri(format!("http://{target}/socket"));
    }
    let Ok(request) = request.body(()) else {
        return;
    };
    let authority = request.uri().authority().map(ToString::to_string);
    let (request, ()) = request.into_parts();

    let (scheme, checked) = match how % 5 {
        0 => (Some("http"), Origins::same_http()),
        1 => (Some("https"), Origins::same_https()),
        2 => (
            Some("http"),
            Origins::same_http().and(LISTED).expect("it is one"),
        ),
        3 => (None, Origins::listed().and(LISTED).expect("it is one")),
        _ => (Some("https"), Origins::same_https().dangerously_and_null()),
    };
    let rules = Rules {
        scheme,
        listed: matches!(how % 5, 2 | 3).then_some(LISTED),
        null: how % 5 == 4,
    };
    let allowed = checked.check(&request).is_ok();
    assert_eq!(allowed, rules.allow(&origins, hosts, authority.as_deref()));
    assert!(Origins::dangerously_any().check(&request).is_ok());
    // Whoever is let in as one of our own says the host itself, in another case
    // perhaps and with the port that goes without saying.
    if let (true, [origin], [host], Some(scheme)) = (allowed, &*origins, hosts, scheme) {
        let plain = |text: &[u8]| String::from_utf8_lossy(text).to_ascii_lowercase();
        let (origin, host) = (bare(scheme, &plain(origin)), plain(host));
        if origin != "null" && origin != LISTED && !host.contains('[') {
            assert_eq!(origin, format!("{scheme}://{}", bare(scheme, &host)));
        }
    }
    for origin in origins.iter().filter_map(|it| std::str::from_utf8(it).ok()) {
        let parsed = origin.parse::<Origin>();
        assert_eq!(parsed.is_ok(), read(origin).is_some(), "{origin:?}");
        if let Ok(parsed) = parsed {
            assert_eq!(parsed.to_string().parse().as_ref(), Ok(&parsed));
        }
    }
});

/// Without the zeros before a port, and without the port that goes without
/// saying.
fn bare(scheme: &str, text: &str) -> String {
    let Some((before, port)) = text.rsplit_once(':') else {
        return text.to_owned();
    };
    match (scheme, port.parse::<u32>()) {
        ("http", Ok(80)) | ("https", Ok(443)) => before.to_owned(),
        (_, Ok(port)) => format!("{before}:{port}"),
        _ => text.to_owned(),
    }
}

struct Rules {
    scheme: Option<&'static str>,
    listed: Option<&'static str>,
    null: bool,
}

impl Rules {
    fn allow(&self, origins: &[&[u8]], hosts: &[&[u8]], target: Option<&str>) -> bool {
        let origin = match origins {
            [] => return true,
            [one] => one,
            _ => return false,
        };
        if *origin == b"null" {
            return self.null;
        }
        let Some(origin) = visible(origin).and_then(read) else {
            return false;
        };
        if self.listed.and_then(read).as_ref() == Some(&origin) {
            return true;
        }
        let Some(scheme) = self.scheme else {
            return false;
        };
        let mut own = Vec::new();
        for host in hosts {
            own.push(visible(host).and_then(|host| authority(scheme, host)));
        }
        if hosts.len() > 1 {
            return false;
        }
        own.extend(target.map(|target| authority(scheme, target)));
        !own.is_empty() && own.iter().all(|own| own.as_ref() == Some(&origin))
    }
}

/// Scheme, host, port.
type Parts = (String, String, Option<u16>);

fn visible(text: &[u8]) -> Option<&str> {
    let is_visible = |byte: &u8| *byte == b'\t' || (32..127).contains(byte);
    text.iter().all(is_visible).then_some(())?;
    std::str::from_utf8(text).ok()
}

fn read(origin: &str) -> Option<Parts> {
    let at = origin.find("://")?;
    let (scheme, rest) = (origin[..at].to_ascii_lowercase(), &origin[at + 3..]);
    let letters = |it: char| it.is_ascii_lowercase() || it.is_ascii_digit() || "+-.".contains(it);
    let begins = scheme
        .chars()
        .next()
        .is_some_and(|it| it.is_ascii_lowercase());
    let is_socket = scheme == "ws" || scheme == "wss";
    let is_scheme = begins && scheme.chars().all(letters) && !is_socket;
    is_scheme.then(|| authority(&scheme, rest)).flatten()
}

fn authority(scheme: &str, text: &str) -> Option<Parts> {
    let end = match text.find(']') {
        Some(end) => end + 1,
        None => text.find(':').unwrap_or(text.len()),
    };
    let (host, port) = text.split_at(end);
    let host = match host.strip_prefix('[').and_then(|it| it.strip_suffix(']')) {
        Some(address) => address.parse::<Ipv6Addr>().ok()?.to_string(),
        None => {
            let is_name = |it: char| it.is_ascii_alphanumeric() || "-._".contains(it);
            (!host.is_empty() && host.chars().all(is_name)).then(|| host.to_ascii_lowercase())?
        }
    };
    let port = match port.strip_prefix(':') {
        None if port.is_empty() => None,
        None => return None,
        Some(digits) => {
            let mut port = 0_u32;
            for digit in digits.chars() {
                port = (port * 10 + digit.to_digit(10)?).min(1 << 16);
            }
            (!digits.is_empty()).then_some(())?;
            Some(u16::try_from(port).ok()?)
        }
    };
    let implied = [("http", 80), ("https", 443)];
    let port = port.filter(|port| !implied.contains(&(scheme, *port)));
    Some((scheme.to_owned(), host, port))
}
