//! A directory of one test's own, and clients of it.

use std::fmt::Debug;
use std::net::TcpListener;
use std::path::Path;
use std::process::Stdio;
use std::sync::{Arc, Mutex};

use await_layer::{AwaitIdCodec, AwaitLayer, CallError, Connection, Handle, Incoming, Limits};
use await_layer::{Peek, Protocol, Timer, TokioTimer};
use await_layer_protocols::ldap::{
    Entry, Failure, Filter, Found, Ldap, LdapFraming, Operation, Operations, Outcome, Scope,
};
use await_layer_tokio::Codec;
use bytes::Bytes;
use futures::TryStreamExt;
use futures::future::join_all;
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::sync::watch;
use tokio_util::codec::Framed;

use crate::programs::{self, Folder, patient, within};

/// What every client of a directory is.
pub(super) trait Client: Connection<Frame = Bytes, Packer = Operations, Id = i32> {}

impl<L: Connection<Frame = Bytes, Packer = Operations, Id = i32>> Client for L {}

/// The ids of the replies, as they came.
pub(super) type Journal = Arc<Mutex<Vec<i32>>>;

/// One client of a directory.
pub(super) struct Session<L: Client> {
    pub(super) client: Handle<L>,
    pub(super) incoming: Incoming<L>,
    pub(super) journal: Journal,
    /// While it holds `false` the client gets nothing of what comes.
    pub(super) gate: watch::Sender<bool>,
}

/// A running `slapd` with `o=test` and nothing in it, killed on drop.
pub(super) struct Directory {
    daemon: Child,
    pub(super) port: u16,
    _folder: Folder,
}

/// The entries below `ou=codes` do, by slapo-retcode, what their names say.
fn configuration(folder: &Path) -> String {
    let folder = folder.display();
    format!(
        r#"
include /etc/ldap/schema/core.schema
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload retcode
pidfile {folder}/pid
database mdb
suffix "o=test"
rootdn "cn=admin,o=test"
rootpw secret
directory {folder}
maxsize 67108864
dbnosync
overlay retcode
retcode-parent "ou=codes,o=test"
retcode-item "cn=stuck" 0x00 sleeptime=600
retcode-item "cn=goodbye" 0x34 text="bye" unsolicited="1.3.6.1.4.1.1466.20036" flags=post-disconnect
"#
    )
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("it has an address").port()
}

/// Starts it; `None` if another program has taken the port in between.
async fn start(program: &Path, file: &Path, port: u16) -> Option<Child> {
    let mut daemon = Command::new(program)
        .arg("-f")
        .arg(file)
        .args(["-d", "0", "-h", &format!("ldap://127.0.0.1:{port}/")])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("slapd starts");
    // It does not say when it listens.
    while TcpStream::connect(("127.0.0.1", port)).await.is_err() {
        if daemon.try_wait().expect("slapd can be asked").is_some() {
            let output = daemon.wait_with_output().await.expect("it has ended");
            let words = String::from_utf8_lossy(&output.stderr);
            assert!(
                words.contains("in use"),
                "slapd: {}: {words}",
                output.status
            );
            return None;
        }
        tokio::task::yield_now().await;
    }
    Some(daemon)
}

impl Directory {
    /// `None`, and a line on stderr, where there is no such program.
    pub(super) async fn start(name: &str) -> Option<Self> {
        let program = programs::installed("slapd")?;
        let folder = Folder::new(&format!("slapd-{name}"));
        let file = folder.path().join("slapd.conf");
        std::fs::write(&file, configuration(folder.path())).expect("the folder is ours");
        let (daemon, port) = within(async {
            loop {
                let port = free_port();
                if let Some(daemon) = start(&program, &file, port).await {
                    break (daemon, port);
                }
            }
        })
        .await;
        Some(Self {
            daemon,
            port,
            _folder: folder,
        })
    }

    /// Ends it without notice.
    pub(super) async fn kill(&mut self) {
        self.daemon.kill().await.expect("slapd can be killed");
    }

    /// A client that has logged in, with the limits that users have.
    pub(super) async fn login(&self) -> Handle<impl Client + use<>> {
        let session = self.connect(TokioTimer::new(), patient()).await;
        session.client
    }

    /// A client that has logged in.
    pub(super) async fn connect<T: Timer>(
        &self,
        timer: T,
        limits: Limits,
    ) -> Session<impl Client + use<T>> {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).await;
        let stream = stream.expect("slapd listens");
        stream.set_nodelay(true).expect("the connection is open");
        let journal = Journal::default();
        let (_, mut reader, _) = Ldap::new().into_parts();
        let note = {
            let journal = journal.clone();
            move |frame: &Bytes| {
                if let Peek::Reply(id) | Peek::Part(id) = reader.peek(frame) {
                    journal.lock().expect("nothing panics").push(id);
                }
            }
        };
        let (gate, is_open) = watch::channel(true);
        let pass = move |frame| {
            let mut is_open = is_open.clone();
            async move {
                let _ = is_open.wait_for(|is_open| *is_open).await;
                Ok(frame)
            }
        };
        let io = Framed::new(stream, Codec::new(LdapFraming::new()));
        let io = io.inspect_ok(note).and_then(pass);
        let layer = AwaitLayer::with(io, Ldap::new(), timer, limits);
        let (client, incoming) = layer.split();
        let login = Operation::bind("cn=admin,o=test", "secret");
        let login = client.send_await::<Outcome>(&login).await;
        assert_eq!(login.expect("the password is right").code, 0);
        Session {
            client,
            incoming,
            journal,
            gate,
        }
    }
}

/// The entry of a person.
pub(super) fn person(name: &str) -> Entry {
    Entry::new(&format!("cn={name},ou=people,o=test"))
        .with("objectClass", &["person"])
        .with("cn", &[name])
        .with("sn", &[&format!("sn of {name}")])
}

/// Puts so many people into the directory: `ou=people` and what is below it.
pub(super) async fn populate(client: &Handle<impl Client>, people: usize) {
    let organisation = Entry::new("o=test").with("objectClass", &["organization"]);
    let unit = Entry::new("ou=people,o=test").with("objectClass", &["organizationalUnit"]);
    for entry in [organisation, unit] {
        let added = client.send_await::<Outcome>(&Operation::add(&entry)).await;
        assert!(added.is_ok(), "{added:?}");
    }
    let adds = (0..people).map(|n| Operation::add(&person(&format!("p{n}"))));
    let adds = adds.map(|add| client.send_await::<Outcome>(&add));
    for added in join_all(adds).await {
        assert!(added.is_ok(), "{added:?}");
    }
}

/// Looks for everything below `ou=people`, and for itself.
pub(super) fn everybody() -> Operation {
    let all = Filter::present("objectClass");
    Operation::search("ou=people,o=test", Scope::Subtree, &all, &["sn"])
}

/// That a search has found so many people, each once and with their own name,
/// and has come to its end.
pub(super) fn assert_complete(found: Vec<Found>, people: usize) {
    let mut left: std::collections::HashSet<_> = (0..people).map(|n| format!("p{n}")).collect();
    let mut found = found.into_iter();
    assert_eq!(found.next_back(), Some(Found::Done(Outcome::new(0, ""))));
    for found in found {
        let Found::Entry(entry) = found else {
            panic!("{found:?}");
        };
        let Some(name) = entry.dn.strip_prefix("cn=") else {
            assert_eq!(entry.dn, "ou=people,o=test");
            continue;
        };
        let name = name.strip_suffix(",ou=people,o=test").expect("a person");
        assert!(left.remove(name), "{name} came twice, or from nowhere");
        let value = format!("sn of {name}");
        assert_eq!(entry.value("SN"), Some(value.as_bytes()));
    }
    assert_eq!(left.len(), 0);
}

/// The result that failed a call.
pub(super) fn remote<F, T: Debug>(outcome: Result<T, CallError<F, Failure>>) -> Outcome {
    match outcome {
        Err(CallError::Unpack(Failure::Remote(outcome))) => outcome,
        Err(other) => panic!("{other}"),
        Ok(result) => panic!("{result:?}"),
    }
}
