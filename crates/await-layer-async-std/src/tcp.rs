//! TCP, once for each runtime that has its own type for it.

/// The rooms of a runtime whose stream is `$stream` and whose addresses are
/// `$address`.
macro_rules! tcp {
    ($stream:path, $address:path) => {
        use std::io;

        use await_layer::{Protocol, WsAwait};
        use bytes::Bytes;
        pub use $stream;

        use crate::{Config, Framing, LengthDelimited, layer};

        /// A connection with a framing over TCP.
        pub type Layer<C = LengthDelimited, P = WsAwait<Bytes>> = crate::Layer<TcpStream, C, P>;
        /// Names that kind of connection: a struct can hold an
        /// `await_layer::Handle<Link>`.
        pub type Link<C = LengthDelimited, P = WsAwait<Bytes>> = crate::Link<TcpStream, C, P>;

        /// Connects over TCP. Nagle's algorithm is off.
        ///
        /// It waits for as long as the network lets it: put a timeout of yours
        /// around it. Dropping the future drops the connection.
        ///
        /// # Errors
        /// The network's. Nothing was sent.
        pub async fn connect<C, P>(
            address: impl $address,
            config: Config<C, P>,
        ) -> io::Result<Layer<C, P>>
        where
            C: Framing + Clone,
            P: Protocol<Frame = Bytes>,
        {
            accept(TcpStream::connect(address).await?, config)
        }

        /// A layer on a TCP connection that a listener accepted. It has the
        /// same type as the other end's. Nagle's algorithm is off.
        ///
        /// # Errors
        /// The network's: the connection is gone already.
        pub fn accept<C, P>(stream: TcpStream, config: Config<C, P>) -> io::Result<Layer<C, P>>
        where
            C: Framing + Clone,
            P: Protocol<Frame = Bytes>,
        {
            stream.set_nodelay(true)?;
            Ok(layer(stream, config))
        }

        /// WebSocket over TCP.
        #[cfg(feature = "websocket")]
        #[cfg_attr(docsrs, doc(cfg(feature = "websocket")))]
        pub mod websocket {
            use async_tungstenite::tungstenite::client::IntoClientRequest;
            use await_layer::{Protocol, WsAwait};

            use super::TcpStream;
            use crate::address::address_of;
            use crate::websocket::{Config, Frame, HandshakeError, accept_on, connect_on};

            /// A WebSocket over TCP.
            pub type Layer<P = WsAwait<Frame>> = crate::websocket::Layer<TcpStream, P>;
            /// Names that kind of connection: a struct can hold an
            /// `await_layer::Handle<Link>`.
            pub type Link<P = WsAwait<Frame>> = crate::websocket::Link<TcpStream, P>;

            /// Connects to a `ws://` URL. A
            /// [`Request`](async_tungstenite::tungstenite::handshake::client::Request)
            /// in its place carries headers and subprotocols. For `wss://` make
            /// the TLS stream yourself and call [`connect_on`].
            ///
            /// It waits for as long as the network and the server let it: put a
            /// timeout of yours around it. Dropping the future drops the
            /// connection. Nagle's algorithm is off.
            ///
            /// # Errors
            /// See [`HandshakeError`].
            pub async fn connect<R, P>(
                request: R,
                config: Config<P>,
            ) -> Result<Layer<P>, HandshakeError>
            where
                R: IntoClientRequest,
                P: Protocol<Frame = Frame>,
            {
                let request = request.into_client_request();
                let request = request.map_err(HandshakeError::Address)?;
                let (host, port) = address_of(&request)?;
                let stream = TcpStream::connect((host.as_str(), port)).await?;
                stream.set_nodelay(true)?;
                connect_on(stream, request, config).await
            }

            /// Makes a WebSocket of a TCP connection that a listener accepted.
            /// The layer has the same type as a client's.
            ///
            /// It waits for as long as the client lets it: put a timeout of
            /// yours around it, or a client that says nothing holds a task for
            /// ever. Dropping the future drops the connection. Nagle's
            /// algorithm is off.
            ///
            /// # Errors
            /// See [`HandshakeError`].
            pub async fn accept<P>(
                stream: TcpStream,
                config: Config<P>,
            ) -> Result<Layer<P>, HandshakeError>
            where
                P: Protocol<Frame = Frame>,
            {
                stream.set_nodelay(true)?;
                accept_on(stream, config).await
            }
        }
    };
}

pub(crate) use tcp;
