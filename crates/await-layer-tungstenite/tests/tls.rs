//! Over TLS, with a certificate made for the test.

use std::sync::Arc;

use await_layer::Cause;
use await_layer_tungstenite::tokio_tungstenite::Connector;
use await_layer_tungstenite::{
    Config, Event, HandshakeError, Layer, accept_on, close, connect, connect_tls,
};
use futures::{StreamExt, join};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use tokio_rustls::rustls::{ClientConfig, RootCertStore, ServerConfig};
use tokio_rustls::server::TlsStream;

struct Server {
    listener: TcpListener,
    tls: TlsAcceptor,
    url: String,
    trusting: Connector,
}

impl Server {
    async fn start() -> Self {
        let names = vec!["127.0.0.1".to_owned()];
        let CertifiedKey { cert, signing_key } = generate_simple_self_signed(names).unwrap();
        let key = PrivateKeyDer::try_from(signing_key.serialize_der()).unwrap();
        let tls = ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(vec![cert.der().clone()], key)
            .unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(cert.der().clone()).unwrap();
        let client = ClientConfig::builder()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self {
            url: format!("wss://{}", listener.local_addr().unwrap()),
            listener,
            tls: TlsAcceptor::from(Arc::new(tls)),
            trusting: Connector::Rustls(Arc::new(client)),
        }
    }

    async fn accept(&self) -> Option<Layer<TlsStream<TcpStream>>> {
        let (stream, _) = self.listener.accept().await.unwrap();
        let stream = self.tls.accept(stream).await.ok()?;
        Some(accept_on(stream, Config::default()).await.unwrap())
    }
}

#[tokio::test]
async fn calls_and_close_codes_go_over_tls() {
    let server = Server::start().await;
    let dialled = connect_tls(&server.url, server.trusting.clone(), Config::default());
    let (client, accepted) = join!(dialled, server.accept());
    // The same type as without TLS.
    let client: Layer = client.unwrap();
    let (handle, mut incoming) = accepted.unwrap().split();
    let call = client.send_await::<Value>(&json!({ "q": 1 }));
    let answer = async {
        let Some(Event::Request(request)) = incoming.next().await else {
            panic!("no request");
        };
        let answered = request.responder.reply(&json!({ "a": 1 })).await;
        answered.unwrap();
    };
    let (reply, ()) = join!(call, answer);
    assert_eq!(reply.unwrap(), json!({ "a": 1 }));

    let client = client.handle();
    let (ours, theirs) = join!(close(&handle, 4001, "enough"), client.closed());
    assert_eq!(ours.unwrap().cause(), Cause::Local);
    assert_eq!((theirs.cause(), theirs.code()), (Cause::Eof, Some(4001)));
}

#[tokio::test]
async fn an_end_without_the_goodbye_of_tls_is_an_end_all_the_same() {
    let server = Server::start().await;
    let dialled = connect_tls(&server.url, server.trusting.clone(), Config::default());
    let (client, accepted) = join!(dialled, server.accept());
    drop(accepted);
    let reason = client.unwrap().handle().closed().await;
    assert_eq!((reason.cause(), reason.code()), (Cause::Eof, Some(1006)));
}

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_is_no_connection() {
    let server = Server::start().await;
    let dialled = connect(&server.url, Config::default());
    let (client, accepted) = join!(dialled, server.accept());
    assert!(accepted.is_none());
    // Whichever library found it out.
    assert!(matches!(client, Err(HandshakeError::Tls(_))));
}

#[tokio::test]
async fn a_host_that_no_certificate_can_name_is_a_failure_of_tls() {
    let server = Server::start().await;
    // Short for 127.0.0.1, to the system but not in a certificate.
    let url = server.url.replace("127.0.0.1", "127.1");
    let dialled = connect_tls(&url, server.trusting.clone(), Config::default());
    let (client, accepted) = join!(dialled, server.accept());
    assert!(accepted.is_none());
    let error = client.expect_err("it has no name");
    assert!(matches!(error, HandshakeError::Tls(_)), "{error:?}");
}
