//! What each option does on the wire, and what if it cannot be had.

use await_layer_ws_await::{Data, SendCause, SendOptions, Settings, Unsupported};
use serde_json::json;

use crate::raw;

const USUAL: SendOptions = SendOptions {
    compress: None,
    binary: None,
    mask: None,
    fin: None,
};

#[tokio::test]
async fn binary_says_the_opcode() {
    let mut end = raw::client(Settings::new()).await;
    let (yes, no) = (Some(true), Some(false));
    for (data, binary, first) in [
        (Data::from(json!({})), None, 0x81),
        (Data::from(json!({})), yes, 0x82),
        (Data::text("{}"), yes, 0x82),
        (Data::binary("{}"), None, 0x82),
        (Data::binary("{}"), no, 0x81),
    ] {
        let options = SendOptions { binary, ..USUAL };
        end.socket.send_with(data, options).await.unwrap();
        let seen = end.see().await;
        assert_eq!((seen.first, &*seen.payload), (first, &b"{}"[..]));
    }
    let no = SendOptions {
        binary: no,
        ..USUAL
    };
    let error = end.socket.send_with(Data::binary(vec![0xff]), no).await;
    assert!(matches!(error.unwrap_err().cause(), SendCause::NotText));
}

/// Requests and answers take the same options.
#[tokio::test]
async fn a_request_and_its_answer_can_be_binary() {
    use crate::pair::pair;
    use await_layer_ws_await::Event;

    let (client, mut server) = pair(Settings::new(), Settings::new()).await;
    let options = SendOptions {
        binary: Some(true),
        ..USUAL
    };
    let call = client.socket.send_await_with(json!({ "q": 1 }), options);
    let answer = async {
        let Event::MessageAwait(data, ask) = server.next().await else {
            panic!("no request");
        };
        server
            .socket
            .res_await_with(data, ask, options)
            .await
            .unwrap();
    };
    assert_eq!(tokio::join!(call, answer).0.unwrap(), json!({ "q": 1 }));
}

#[tokio::test]
async fn an_option_that_cannot_be_had_is_an_error_of_the_call() {
    for (mut end, masks) in [
        (raw::client(Settings::new()).await, true),
        (raw::server(Settings::new()).await, false),
    ] {
        let compress = SendOptions {
            compress: Some(true),
            ..USUAL
        };
        let mask = SendOptions {
            mask: Some(!masks),
            ..USUAL
        };
        for (options, wrong) in [
            (compress, "compress: true".to_owned()),
            (mask, format!("mask: {}", !masks)),
        ] {
            let text = format!("tungstenite cannot do {wrong} at this end: leave it out");
            let error = end.socket.send_with(json!({}), options).await.unwrap_err();
            let SendCause::Unsupported(Unsupported {
                option, transport, ..
            }) = error.cause()
            else {
                panic!("{error:?}");
            };
            assert!(wrong.starts_with(option) && *transport == "tungstenite");
            assert_eq!(
                error.to_string(),
                format!("The message is not sent: {text}")
            );
            let error = end
                .socket
                .send_await_with(json!({}), options)
                .await
                .unwrap_err();
            assert!(error.to_string().contains(&text), "{error}");
        }
        // What it does anyway can be asked for.
        let fine = SendOptions {
            compress: Some(false),
            mask: Some(masks),
            ..USUAL
        };
        end.socket.send_with(json!({}), fine).await.unwrap();
        let seen = end.see().await;
        assert_eq!((seen.first, seen.masked), (0x81, masks));
        assert_eq!(end.socket.ignored_options(), 0);
    }
}

#[tokio::test]
async fn with_leniency_it_is_left_out_and_counted() {
    let settings = Settings::new().with_ignore_unsupported(true);
    let mut end = raw::client(settings).await;
    let both = SendOptions {
        compress: Some(true),
        mask: Some(false),
        ..USUAL
    };
    end.socket.send_with(json!(1), both).await.unwrap();
    let seen = end.see().await;
    assert_eq!((seen.first, seen.masked), (0x81, true));
    assert_eq!(end.socket.ignored_options(), 2);
    let strict = end.socket.settings().with_ignore_unsupported(false);
    end.socket.set_settings(strict).unwrap();
    assert!(end.socket.send_with(json!(2), both).await.is_err());
}

#[tokio::test]
async fn a_message_that_is_too_large_fails_alone() {
    use await_layer_ws_await::Config;

    let config = Config {
        max_message: 100,
        ..Config::default()
    };
    let (client, mut server) = crate::pair::pair(config, Settings::new()).await;
    let error = client.socket.send(json!("x".repeat(99))).await.unwrap_err();
    let SendCause::TooLarge {
        bytes: 101,
        max: 100,
    } = error.cause()
    else {
        panic!("{error:?}");
    };
    // The id counts too.
    let call = client.socket.send_await(json!({ "x": "x".repeat(90) }));
    assert!(
        call.await
            .unwrap_err()
            .to_string()
            .contains("100 are allowed: max_message")
    );
    client.socket.send(json!("x".repeat(98))).await.unwrap();
    assert_eq!(server.message().await, json!("x".repeat(98)));
}
