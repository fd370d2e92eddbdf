//! The far ends of the sockets: this program once more, so that neither their
//! CPU time nor their memory is taken for the client's.

use std::io::{self, BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use futures::try_join;
use tokio::net::{TcpListener, TcpStream};

use crate::websocket::{echo, echo_rpc};
use crate::wire;

pub struct Server {
    child: Child,
    pub ports: Ports,
}

#[derive(Clone, Copy, Debug)]
pub struct Ports {
    /// Length-delimited frames come back as they are.
    pub tcp: u16,
    /// WebSocket messages come back as they are.
    pub websocket: u16,
    /// JSON-RPC over WebSocket: the result is the first parameter.
    pub rpc: u16,
}

impl Server {
    /// The argument that makes this program the server.
    pub const ROLE: &str = "--echo-server";

    pub fn start() -> io::Result<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .arg(Self::ROLE)
            .stdout(Stdio::piped())
            .spawn()?;
        let out = child.stdout.take().expect("it is piped");
        let mut ports = BufReader::new(out).lines().map(|line| {
            let line = line?;
            line.parse().map_err(io::Error::other)
        });
        let mut port = || {
            ports
                .next()
                .unwrap_or_else(|| Err(io::ErrorKind::UnexpectedEof.into()))
        };
        let ports = Ports {
            tcp: port()?,
            websocket: port()?,
            rpc: port()?,
        };
        Ok(Self { child, ports })
    }

    /// Serves until it is killed.
    pub async fn run() -> io::Result<()> {
        let (tcp, websocket, rpc) = (listen().await?, listen().await?, listen().await?);
        let tcp = serve(tcp, wire::echo_tcp);
        try_join!(tcp, serve(websocket, echo), serve(rpc, echo_rpc))?;
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Says where, too.
async fn listen() -> io::Result<TcpListener> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    println!("{}", listener.local_addr()?.port());
    Ok(listener)
}

async fn serve<F>(listener: TcpListener, answer: fn(TcpStream) -> F) -> io::Result<()>
where
    F: Future<Output = io::Result<()>> + Send + 'static,
{
    loop {
        let (socket, _) = listener.accept().await?;
        tokio::spawn(answer(socket));
    }
}
