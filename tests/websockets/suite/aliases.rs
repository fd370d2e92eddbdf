//! User structs need no parameters.

use futures::StreamExt;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::{Call, Config, Event, Handle, Incoming, Layer, Request, Responder, accept, connect};

struct Client {
    handle: Handle,
    incoming: Incoming,
    asked: Vec<Responder>,
    pending: Option<Call<Value>>,
}

impl Client {
    fn new(layer: Layer) -> Self {
        let (handle, incoming) = layer.split();
        Self {
            handle,
            incoming,
            asked: Vec::new(),
            pending: None,
        }
    }

    fn take(&mut self, event: Event) {
        if let Event::Request(request) = event {
            let request: Request = request;
            self.asked.push(request.responder);
        }
    }
}

#[tokio::test]
async fn both_ends_of_a_tcp_connection_fit_one_struct_without_parameters() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}", listener.local_addr().unwrap());
    let accepted = async {
        let (stream, _) = listener.accept().await.unwrap();
        accept(stream, Config::default()).await.unwrap()
    };
    let (one, other) = tokio::join!(connect(url, Config::default()), accepted);
    let (mut one, mut other) = (Client::new(one.unwrap()), Client::new(other));

    let call = one.handle.send_await(&json!({ "q": 1 }));
    let call = one.pending.insert(call);
    let answer = async {
        let event = other.incoming.next().await.unwrap();
        other.take(event);
        let answered = other.asked.remove(0).reply(&json!({ "a": 1 })).await;
        answered.unwrap();
    };
    let (reply, ()) = tokio::join!(call, answer);
    assert_eq!(reply.unwrap(), json!({ "a": 1 }));
}

#[tokio::test]
async fn a_layer_can_be_moved_to_another_thread() {
    fn is_send<T: Send>(_: &T) {}
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}", listener.local_addr().unwrap());
    is_send(&connect(url, Config::default()));
    is_send::<Option<Layer>>(&None);
    is_send::<Option<Handle>>(&None);
    is_send::<Option<Call<Value>>>(&None);
}
