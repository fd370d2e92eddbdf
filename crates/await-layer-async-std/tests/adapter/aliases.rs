//! User structs need no parameters.

use await_layer::{Call, Handle};
use await_layer_async_std::{Config, smol as tcp, websocket};
use serde_json::{Value, json};
use smol::net::TcpListener;

struct Client {
    bytes: Handle<tcp::Link>,
    text: Handle<tcp::websocket::Link>,
    pending: Option<Call<tcp::Link, Value>>,
}

#[test]
fn both_kinds_of_connection_fit_one_struct_without_parameters() {
    smol::block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let accepted = async {
            let (one, _) = listener.accept().await.unwrap();
            let (other, _) = listener.accept().await.unwrap();
            let other = tcp::websocket::accept(other, websocket::Config::default());
            let one = tcp::accept(one, Config::default()).unwrap();
            (one, other.await.unwrap())
        };
        let connected = async {
            let bytes = tcp::connect(address, Config::default()).await.unwrap();
            let url = format!("ws://{address}/path");
            let text = tcp::websocket::connect(url, websocket::Config::default());
            (bytes, text.await.unwrap())
        };
        let ((bytes, text), (there, other)) = futures::join!(connected, accepted);
        let mut client = Client {
            bytes: bytes.handle(),
            text: text.handle(),
            pending: None,
        };
        let echo = async |question: Value| Ok::<_, std::convert::Infallible>(question);
        smol::spawn(await_layer::serve(there.split().1, 4, echo)).detach();
        smol::spawn(await_layer::serve(other.split().1, 4, echo)).detach();
        let question = json!({ "q": 1 });
        let call = client.bytes.send_await(&question);
        let reply = client.pending.insert(call).await;
        assert_eq!(reply.unwrap(), question);
        let reply = client.text.send_await::<Value>(&question).await;
        assert_eq!(reply.unwrap(), question);
    });
}
