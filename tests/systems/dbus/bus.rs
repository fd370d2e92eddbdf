//! A bus of one test's own, and clients on it.

use std::fmt::Debug;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use await_layer::{AwaitLayer, CallError, Event, Handle, Incoming, Limits, Link, ManualTimer};
use await_layer::{Responder, TokioTimer};
use await_layer_protocols::dbus::{Body, DBus, DBusFraming, ErrorReply, Failure, Message};
use await_layer_tokio::{Codec, Config};
use futures::StreamExt;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::UnixStream;
use tokio::process::{Child, Command};
use tokio_util::codec::Framed;

use crate::programs::{self, Folder, patient, within};

/// A running `dbus-daemon`, killed on drop.
pub(super) struct Bus {
    daemon: Child,
    socket: PathBuf,
    _folder: Folder,
}

/// As the bus of a session has it, but for its authentication and its services,
/// of which there are none.
fn configuration(socket: &Path, how: &str) -> String {
    let socket = socket.display();
    format!(
        r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path={socket}</listen>
  <auth>{how}</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
  <limit name="max_replies_per_connection">50000</limit>
  <limit name="max_names_per_connection">50000</limit>
</busconfig>
"#
    )
}

impl Bus {
    /// `None`, and a line on stderr, where there is no such program.
    pub(super) async fn start(name: &str) -> Option<Self> {
        Self::start_letting_in(name, "EXTERNAL").await
    }

    /// One that lets in whoever authenticates in this way.
    pub(super) async fn start_letting_in(name: &str, how: &str) -> Option<Self> {
        let program = programs::installed("dbus-daemon")?;
        let folder = Folder::new(&format!("dbus-{name}"));
        let socket = folder.path().join("bus");
        let file = folder.path().join("configuration");
        std::fs::write(&file, configuration(&socket, how)).expect("the folder is ours");
        let mut daemon = Command::new(program)
            .args(["--nofork", "--nopidfile", "--print-address"])
            .arg(format!("--config-file={}", file.display()))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("dbus-daemon starts");
        // It listens before it says where.
        let stdout = daemon.stdout.take().expect("stdout is piped");
        let address = within(BufReader::new(stdout).lines().next_line()).await;
        let Some(address) = address.expect("stdout can be read") else {
            let output = daemon.wait_with_output().await.expect("it has ended");
            let words = String::from_utf8_lossy(&output.stderr);
            panic!("dbus-daemon: {}: {words}", output.status);
        };
        assert!(address.starts_with("unix:path="), "{address}");
        Some(Self {
            daemon,
            socket,
            _folder: folder,
        })
    }

    /// Ends it without notice.
    pub(super) async fn kill(&mut self) {
        self.daemon.kill().await.expect("dbus-daemon can be killed");
    }

    pub(super) async fn stream(&self) -> UnixStream {
        UnixStream::connect(&self.socket)
            .await
            .expect("the bus listens")
    }

    /// A client that has said `Hello`, set up as users would.
    pub(super) async fn connect(&self) -> Client {
        let mut config = Config::new(DBusFraming::external(), DBus::new());
        config.limits = patient();
        let layer = await_layer_tokio::layer(self.stream().await, config);
        let (handle, incoming) = layer.split();
        let hello = handle.send_await::<Body>(&Message::to_bus("Hello")).await;
        let hello = hello.expect("the bus lets us in");
        let name = hello.values().string().expect("it gives us a name");
        Client {
            name: name.to_owned(),
            handle,
            incoming,
        }
    }

    /// A client whose clock the test moves.
    pub(super) async fn connect_with(&self, timer: ManualTimer) -> Handle<ManualLink> {
        let io = Framed::new(self.stream().await, Codec::new(DBusFraming::external()));
        let layer = AwaitLayer::with(io, DBus::new(), timer, Limits::default());
        let handle = layer.handle();
        let hello = handle.send_await::<Body>(&Message::to_bus("Hello")).await;
        assert!(hello.is_ok(), "{hello:?}");
        handle
    }
}

type Protocol = await_layer_tokio::Checked<DBus, DBusFraming>;
type Wire = Framed<UnixStream, Codec<DBusFraming>>;
pub(super) type ManualLink = Link<Wire, DBus, ManualTimer>;
pub(super) type ClientLink = Link<Wire, Protocol, TokioTimer>;

/// A client on the bus.
pub(super) struct Client {
    /// What the bus calls it.
    pub(super) name: String,
    pub(super) handle: Handle<ClientLink>,
    pub(super) incoming: Incoming<ClientLink>,
}

impl Client {
    /// The next call of another client's. Signals of the bus are passed over.
    pub(super) async fn request(&mut self) -> (Message, Responder<ClientLink>) {
        loop {
            match self.incoming.next().await {
                Some(Event::Request(request)) => break request.unpack().expect("a message"),
                Some(Event::Message(_)) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    /// What the bus answers to a call that is answered at once.
    pub(super) async fn round_trip(&self) {
        let id = self.handle.send_await::<Body>(&Message::to_bus("GetId"));
        assert!(id.await.is_ok());
    }
}

/// The error reply that failed a call.
pub(super) fn remote<F, T: Debug>(outcome: Result<T, CallError<F, Failure>>) -> ErrorReply {
    match outcome {
        Err(CallError::Unpack(Failure::Remote(error))) => error,
        Err(other) => panic!("{other}"),
        Ok(body) => panic!("{body:?}"),
    }
}
