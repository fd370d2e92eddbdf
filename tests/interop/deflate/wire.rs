//! The RSV1 bit of each frame, as captured on the wire.

use await_layer_deflate::{Event, Frame};
use futures::StreamExt;
use serde_json::json;

use super::recorder::Seen;
use super::session::{Session, compress, config, session, settings};
use crate::session::Role;

const TEXT: &str = "Tell me, tell me, tell me what you want, what you really want.";
/// Compressed or not, one message after the other.
const PLAN: [bool; 6] = [true, false, true, true, false, true];

/// Checks the frames of one direction, and returns the compressed lengths.
fn check(frames: &[Seen], masked: bool) -> Vec<u64> {
    assert_eq!(frames.len(), PLAN.len(), "{frames:?}");
    let mut lengths = Vec::new();
    for (frame, compressed) in frames.iter().zip(PLAN) {
        assert!(frame.fin && frame.opcode == 1, "{frame:?}");
        assert_eq!(frame.rsv1, compressed, "{frames:?}");
        assert_eq!(frame.masked, masked);
        match compressed {
            true => lengths.push(frame.length),
            false => assert_eq!(frame.length, TEXT.len() as u64),
        }
    }
    assert!(lengths.iter().all(|&length| length < TEXT.len() as u64));
    lengths
}

#[tokio::test]
async fn every_frame_is_compressed_or_not_as_its_options_say_both_ways() {
    for &role in Role::both() {
        for keeps_context in [true, false] {
            let session = session(role, settings(), config(keeps_context)).await;
            let Session {
                handle,
                mut incoming,
                mut node,
                record,
            } = session;
            for compressed in PLAN {
                let frame = Frame::text(TEXT).with_options(compress(compressed));
                handle.send(&frame).await.unwrap();
                // The program waits for each, because ws compresses them one
                // by one and sends what is not compressed at once.
                let raw = json!({ "text": TEXT, "compress": compressed });
                node.run("raw", raw).await;
                match incoming.next().await {
                    Some(Event::Message(frame)) => assert_eq!(frame, Frame::text(TEXT)),
                    other => panic!("{other:?}"),
                }
            }
            // The program cannot unpack it, which shows that it came whole.
            let report = node.run("report", json!({ "errors": PLAN.len() })).await;
            for error in report["errors"].as_array().unwrap() {
                assert!(error.as_str().unwrap().contains(TEXT), "{error}");
            }

            let case = format!("{role:?}, context kept: {keeps_context}");
            let ours = matches!(role, Role::Client);
            let sent = check(&record.written(), ours);
            let received = check(&record.read(), !ours);
            for lengths in [sent, received] {
                let (first, rest) = lengths.split_first().unwrap();
                let kept = rest.iter().all(|length| length < first);
                let not_kept = rest.iter().all(|length| length == first);
                assert!(
                    if keeps_context { kept } else { not_kept },
                    "{case}: {lengths:?}"
                );
            }
            for header in record.headers() {
                assert!(header.contains("permessage-deflate"), "{case}: {header}");
            }
            let [read, written] = record.headers();
            let agreed = if ours { read } else { written };
            let resets = agreed.matches("no_context_takeover").count();
            assert_eq!(
                resets,
                if keeps_context { 0 } else { 2 },
                "{case}: {agreed}"
            );
        }
    }
}

#[tokio::test]
async fn a_peer_without_compression_gets_none() {
    for &role in Role::both() {
        let settings = json!({ "perMessageDeflate": false });
        let session = session(role, settings, config(true)).await;
        let Session { handle, record, .. } = session;
        let refused = handle
            .send(&Frame::text(TEXT).with_options(compress(true)))
            .await;
        assert!(refused.unwrap_err().to_string().contains("compress"));
        let frame = Frame::text("{}").with_options(compress(false));
        handle.send(&frame).await.unwrap();
        let frames = record.written();
        assert!(matches!(&*frames, [frame] if !frame.rsv1), "{frames:?}");
    }
}
