//! Random messages in random pieces arrive as they were sent.

use await_layer_deflate::{Agreed, Config, Deflate, Frame, Role, SendOptions, WebSocket};
use bytes::BytesMut;
use futures::executor::block_on;
use futures::{SinkExt, StreamExt, join};
use proptest::prelude::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
use tokio_util::compat::TokioAsyncReadCompatExt;

#[derive(Clone, Debug)]
struct Sent {
    fragments: Vec<Vec<u8>>,
    compress: Option<bool>,
}

fn fragment() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..40),
        // Compresses well; at times larger than every buffer.
        (any::<u8>(), 0..100_000_usize).prop_map(|(byte, count)| vec![byte; count]),
        // Does not.
        (any::<u64>(), 0..30_000_usize).prop_map(|(seed, count)| {
            let mut state = seed | 1;
            let step = |_| {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                state.to_le_bytes()[0]
            };
            (0..count).map(step).collect()
        }),
    ]
}

fn messages() -> impl Strategy<Value = Vec<Sent>> {
    let fragments = prop::collection::vec(fragment(), 1..4);
    let message = (fragments, any::<Option<bool>>()).prop_map(|(fragments, compress)| Sent {
        fragments,
        compress,
    });
    prop::collection::vec(message, 1..8)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn messages_arrive_as_they_were_sent(
        messages in messages(),
        level in 1..=9_u32,
        keeps in any::<bool>(),
        is_client in any::<bool>(),
        pipe in 1..70_000_usize,
    ) {
        let deflate = Deflate { level, threshold: 100, ..Deflate::default() };
        let config = Config { deflate: Some(deflate), ..Config::default() };
        let agreed = Some(Agreed { own_context: keeps, peer_context: keeps });
        let (here, there) = duplex(pipe);
        let (role, other) = match is_client {
            true => (Role::Client, Role::Server),
            false => (Role::Server, Role::Client),
        };
        let mut ours = WebSocket::new(here.compat(), role, agreed, BytesMut::new(), &config);
        let mut theirs = WebSocket::new(there.compat(), other, agreed, BytesMut::new(), &config);
        let send = async {
            for message in &messages {
                let last = message.fragments.len() - 1;
                for (at, fragment) in message.fragments.iter().enumerate() {
                    let options = SendOptions {
                        compress: message.compress,
                        fin: (last > 0).then_some(at == last),
                        ..SendOptions::default()
                    };
                    let frame = Frame::binary(fragment.clone()).with_options(options);
                    ours.send(frame).await.unwrap();
                }
            }
        };
        let receive = async {
            for message in &messages {
                let frame = theirs.next().await.unwrap().unwrap();
                assert!(frame == Frame::binary(message.fragments.concat()));
            }
        };
        block_on(async { join!(send, receive) });
    }
}

/// What looks like frames, more or less.
fn noise() -> impl Strategy<Value = Vec<u8>> {
    let first = prop_oneof![
        Just(0xC1_u8),
        Just(0x41),
        Just(0x80),
        Just(0x00),
        Just(0xC2),
        Just(0x89),
        any::<u8>()
    ];
    let frame = (first, prop::collection::vec(any::<u8>(), 0..125)).prop_map(|(first, payload)| {
        let length = u8::try_from(payload.len()).unwrap();
        [&[first, length][..], &payload].concat()
    });
    prop::collection::vec(frame, 0..20).prop_map(|frames| frames.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn noise_ends_with_one_error_and_never_panics(noise in noise(), pipe in 1..3000_usize) {
        let config = Config { max_message: 2000, ..Config::default() };
        let agreed = Some(Agreed { own_context: true, peer_context: true });
        let (here, mut there) = duplex(pipe);
        let ours = WebSocket::new(here.compat(), Role::Client, agreed, BytesMut::new(), &config);
        let say = async {
            // It may have closed in the meantime.
            let _ = there.write_all(&noise).await;
            let _ = there.shutdown().await;
            let mut pongs = Vec::new();
            let _ = there.read_to_end(&mut pongs).await;
        };
        let items = async {
            let mut ours = ours;
            let mut items = Vec::new();
            while let Some(item) = ours.next().await {
                items.push(item);
            }
            items
        };
        let ((), items) = block_on(async { join!(say, items) });
        let (last, messages) = items.split_last().expect("an end at least");
        prop_assert!(last.is_err());
        for message in messages {
            prop_assert!(message.as_ref().is_ok_and(|frame| frame.len() <= 2000));
        }
    }
}
