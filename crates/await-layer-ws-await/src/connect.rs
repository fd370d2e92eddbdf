//! The client's end.

use std::error::Error;
use std::fmt;

use await_layer_tungstenite::tungstenite::client::{IntoClientRequest, uri_mode};
use await_layer_tungstenite::{HandshakeError, WebSocket, WebSocketStream, tokio_tungstenite};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_util::compat::TokioAsyncReadCompatExt;

use crate::{Capabilities, Config, Events, ValidationError, WebSocketAwait};

impl WebSocketAwait {
    /// Connects to a `ws://` URL, or `wss://` with a TLS feature and without
    /// [`deflate`](Config::deflate): for both, make the stream and use
    /// [`connect_on`](Self::connect_on). A
    /// [`Request`](crate::tungstenite::handshake::client::Request)
    /// in its place carries headers and subprotocols.
    ///
    /// The settings are checked before anything is dialled. It waits for as
    /// long as the network and the server let it: put a timeout of yours around
    /// it. Dropping the future drops the connection.
    ///
    /// # Errors
    /// See [`ConnectError`].
    pub async fn connect<R>(
        request: R,
        config: impl Into<Config>,
    ) -> Result<(Self, Events), ConnectError>
    where
        R: IntoClientRequest + Unpin,
    {
        let config = config.into();
        config.settings.validate()?;
        if let Some(compressing) = config.compressing()? {
            let dialled = await_layer_deflate::WebSocket::connect(request, &compressing).await;
            return Ok(Self::over_deflate(dialled?.0, config)?);
        }
        let websocket = Some(config.adapter().websocket()?);
        let request = request.into_client_request();
        let request = request.map_err(HandshakeError::Address)?;
        // The library would dial before it looks at the scheme.
        uri_mode(request.uri()).map_err(HandshakeError::from)?;
        let dialled = tokio_tungstenite::connect_async_with_config(request, websocket, true);
        let (stream, _) = dialled.await.map_err(HandshakeError::from)?;
        Ok(Self::over_tungstenite(stream, true, config)?)
    }

    /// As [`connect`](Self::connect), over a stream that is there already.
    ///
    /// # Errors
    /// See [`ConnectError`].
    pub async fn connect_on<T, R>(
        stream: T,
        request: R,
        config: impl Into<Config>,
    ) -> Result<(Self, Events), ConnectError>
    where
        T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
        R: IntoClientRequest + Unpin,
    {
        let config = config.into();
        config.settings.validate()?;
        if let Some(compressing) = config.compressing()? {
            let stream = stream.compat();
            let shaken =
                await_layer_deflate::WebSocket::client(stream, request, &compressing).await;
            return Ok(Self::over_deflate(shaken?.0, config)?);
        }
        let websocket = Some(config.adapter().websocket()?);
        let request = request.into_client_request();
        let request = request.map_err(HandshakeError::Address)?;
        let shaken = tokio_tungstenite::client_async_with_config(request, stream, websocket);
        let (stream, _) = shaken.await.map_err(HandshakeError::from)?;
        Ok(Self::over_tungstenite(stream, true, config)?)
    }

    pub(crate) fn over_tungstenite<T>(
        stream: WebSocketStream<T>,
        masks: bool,
        config: Config,
    ) -> Result<(Self, Events), ValidationError>
    where
        T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let capabilities = Capabilities {
            transport: "tungstenite",
            compress: false,
            masks,
            fragments: true,
        };
        let websocket = *stream.get_config();
        let io = WebSocket::with(stream, websocket, config.keep_alive).with_pings();
        Self::over(io, capabilities, config)
    }
}

/// Why there is no connection.
#[derive(Debug)]
#[non_exhaustive]
pub enum ConnectError {
    /// Nothing was dialled: the settings cannot be used. Correct them.
    Settings(ValidationError),
    /// The handshake failed: see its variants.
    Handshake(HandshakeError),
    /// So did one that [`deflate`](Config::deflate) asked for: see its variants.
    Deflate(await_layer_deflate::HandshakeError),
}

impl From<ValidationError> for ConnectError {
    fn from(error: ValidationError) -> Self {
        Self::Settings(error)
    }
}

impl From<HandshakeError> for ConnectError {
    fn from(error: HandshakeError) -> Self {
        Self::Handshake(error)
    }
}

impl From<await_layer_deflate::HandshakeError> for ConnectError {
    fn from(error: await_layer_deflate::HandshakeError) -> Self {
        Self::Deflate(error)
    }
}

impl fmt::Display for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Settings(error) => error.fmt(f),
            Self::Handshake(error) => error.fmt(f),
            Self::Deflate(error) => error.fmt(f),
        }
    }
}

impl Error for ConnectError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Settings(_) => None,
            Self::Handshake(error) => error.source(),
            Self::Deflate(error) => error.source(),
        }
    }
}
