//! Calls that get no reply, and connections that end.

use std::time::Duration;

use await_layer::{Cause, Sent};
use await_layer_protocols::msgpack_rpc::Method;
use await_layer_tokio::layer;
use futures::FutureExt;
use futures::future::join_all;
use serde::de::IgnoredAny;
use tokio::net::UnixStream;
use tokio::process::Command;

use super::{CallError, NOTHING, Nvim, asked, command, config, embedded, lua, waiting};
use crate::programs::{Folder, expired};

/// Calls until `late` late replies were counted.
async fn counted(nvim: &Nvim, late: u64) {
    for _ in 0..1000 {
        if nvim.stats().late >= late {
            break;
        }
        let call = nvim.send_await::<u8>(&Method("nvim_eval", ("3",)));
        assert_eq!(call.await.unwrap(), 3);
    }
    let stats = nvim.stats();
    assert_eq!((stats.late, stats.unknown), (late, 0));
}

#[tokio::test]
async fn late_replies_reach_nobody() {
    let Some((nvim, _)) = embedded() else { return };
    let (nvim, mut from_nvim) = nvim.split();

    // A call that runs out of time: neovim cannot answer it before we do.
    let call = nvim.send_await::<u8>(&waiting("slow")).with_id(9);
    let late = call.timeout(Duration::from_secs(100));
    match expired(late).await.unwrap_err() {
        CallError::Timeout { sent, .. } => assert_eq!(sent, Sent::Yes),
        other => panic!("{other}"),
    }
    let request = asked(&mut from_nvim).await;
    request.responder.reply(&Ok::<_, String>(1)).await.unwrap();
    counted(&nvim, 1).await;

    // A call that is dropped. MessagePack-RPC cannot withdraw it.
    let mut call = nvim.send_await::<u8>(&waiting("dropped"));
    assert!((&mut call).now_or_never().is_none());
    let request = asked(&mut from_nvim).await;
    drop(call);
    assert!(!request.responder.is_cancelled());
    request.responder.reply(&Ok::<_, String>(2)).await.unwrap();
    counted(&nvim, 2).await;
    let stats = nvim.stats();
    assert_eq!((stats.expired, stats.cancelled), (1, 1));

    // Both ids are free again.
    let call = nvim.send_await::<u8>(&Method("nvim_eval", ("4",)));
    assert_eq!(call.with_id(9).await.unwrap(), 4);
}

#[tokio::test]
async fn every_call_ends_with_the_reason_when_neovim_is_killed() {
    let Some((nvim, id)) = embedded() else { return };
    let (nvim, mut from_nvim) = nvim.split();
    let mut calls = join_all((0..20).map(|_| nvim.send_await::<u8>(&waiting("wait"))));
    assert!((&mut calls).now_or_never().is_none());
    let request = asked(&mut from_nvim).await;
    let mut kill = Command::new("kill");
    let killed = kill.args(["-9", &id.to_string()]).status().await;
    assert!(killed.unwrap().success());
    for outcome in calls.await {
        match outcome.unwrap_err() {
            CallError::Closed { reason, sent, .. } => {
                assert_eq!((reason.cause(), sent), (Cause::Eof, Sent::Yes));
                assert!(reason.text().contains("signal: 9"), "{reason}");
            }
            other => panic!("{other}"),
        }
    }
    assert!(request.responder.is_cancelled());
    assert_eq!(nvim.in_flight(), 0);
}

#[tokio::test]
async fn it_says_with_which_code_it_left() {
    let Some((nvim, _)) = embedded() else { return };
    let gone = nvim.send_await::<()>(&lua("vim.cmd('cquit 3')", NOTHING));
    match gone.await.unwrap_err() {
        CallError::Closed { reason, .. } => assert_eq!(reason.code(), Some(3)),
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn two_clients_on_a_socket_lose_their_server() {
    let Some(mut command) = command() else { return };
    let folder = Folder::new("nvim");
    let socket = folder.path().join("socket");
    command.arg("--listen").arg(&socket);
    let mut server = command.kill_on_drop(true).spawn().expect("neovim starts");
    let mut clients: Vec<Nvim<UnixStream>> = Vec::new();
    while clients.len() < 2 {
        assert!(server.try_wait().unwrap().is_none(), "neovim has ended");
        match UnixStream::connect(&socket).await {
            Ok(stream) => clients.push(layer(stream, config()).handle()),
            Err(_) => tokio::task::yield_now().await,
        }
    }
    let mut channels = Vec::new();
    for client in &clients {
        let info = Method("nvim_get_api_info", ());
        let info = client.send_await::<(u64, IgnoredAny)>(&info).await;
        channels.push(info.unwrap().0);
    }
    assert_ne!(channels[0], channels[1]);

    // Neovim waits for the first client's answer, which will not come.
    let ask = lua("return vim.rpcrequest(..., 'wait')", (channels[0],));
    let mut first = clients[0].send_await::<u8>(&ask);
    let mut second = clients[1].send_await::<u8>(&ask);
    assert!((&mut first).now_or_never().is_none());
    assert!((&mut second).now_or_never().is_none());
    server.kill().await.unwrap();
    for call in [first, second] {
        match call.await.unwrap_err() {
            // The system says which, by what neovim had read by then.
            CallError::Closed { reason, .. } => {
                assert!(matches!(reason.cause(), Cause::Eof | Cause::Transport));
            }
            other => panic!("{other}"),
        }
    }
}
