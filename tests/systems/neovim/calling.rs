//! We ask, neovim answers.

use await_layer::{Event, Refused};
use await_layer_protocols::msgpack_rpc::{Method, Received};
use futures::future::join_all;
use futures::{FutureExt, StreamExt};
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::{CallError, NOTHING, asked, embedded, lua, remote, waiting};

#[derive(Deserialize)]
struct Api {
    version: Version,
    functions: Vec<IgnoredAny>,
}

#[derive(Deserialize)]
struct Version {
    api_level: u64,
}

#[tokio::test]
async fn the_first_call_tells_who_we_are_and_what_there_is() {
    let Some((nvim, _)) = embedded() else { return };
    let info = nvim.send_await::<(u64, Api)>(&Method("nvim_get_api_info", ()));
    let (channel, api) = info.await.unwrap();
    assert_eq!(channel, 1);
    assert!(api.version.api_level >= 9);
    assert!(api.functions.len() > 100);
}

#[tokio::test]
async fn two_hundred_calls_at_once_get_their_own_replies() {
    let Some((nvim, _)) = embedded() else { return };
    let calls = (0..200_u64).map(|n| {
        let call = nvim.send_await::<String>(&Method("nvim_eval", (format!("'n' . {n} * 7"),)));
        async move { (n, call.await.unwrap()) }
    });
    for (n, reply) in join_all(calls).await {
        assert_eq!(reply, format!("n{}", n * 7));
    }
    assert_eq!(nvim.handle().stats().replied, 200);
}

#[tokio::test]
async fn a_later_call_overtakes_one_that_waits() {
    let Some((nvim, _)) = embedded() else { return };
    let (nvim, mut from_nvim) = nvim.split();
    let mut slow = nvim.send_await::<String>(&waiting("wait"));
    assert!((&mut slow).now_or_never().is_none());
    let request = asked(&mut from_nvim).await;
    let fast = nvim.send_await::<u64>(&Method("nvim_eval", ("1 + 1",)));
    assert_eq!(fast.await.unwrap(), 2);
    assert!((&mut slow).now_or_never().is_none());
    let answer = Ok::<_, String>("go on");
    request.responder.reply(&answer).await.unwrap();
    assert_eq!(slow.await.unwrap(), "go on");
}

#[tokio::test]
async fn notifications_keep_their_order_before_a_reply_and_after() {
    let Some((nvim, _)) = embedded() else { return };
    let (nvim, mut from_nvim) = nvim.split();
    let chunk = "for n = 1, 50 do vim.rpcnotify(1, 'tick', n) end
        vim.schedule(function() vim.rpcnotify(1, 'tock') end)
        return 'done'";
    let done = nvim.send_await::<String>(&lua(chunk, NOTHING));
    assert_eq!(done.await.unwrap(), "done");
    for n in 1..=50 {
        // They stood before the reply: they are here already.
        let Some(Some(Event::Message(frame))) = from_nvim.next().now_or_never() else {
            panic!("{n} did not come before the reply");
        };
        let tick: Received = nvim.unpack(frame).unwrap();
        assert_eq!((tick.method.as_str(), tick.params()), ("tick", Ok((n,))));
    }
    let Some(Event::Message(frame)) = from_nvim.next().await else {
        panic!("nothing came after the reply");
    };
    let tock: Received = nvim.unpack(frame).unwrap();
    assert_eq!(
        (tock.method.as_str(), tock.params()),
        ("tock", Ok([0_u8; 0]))
    );
}

#[tokio::test]
async fn our_notifications_are_done_in_their_order() {
    let Some((nvim, _)) = embedded() else { return };
    for n in 0..50 {
        let note = Method("nvim_command", (format!("let g:last = {n}"),));
        nvim.handle().send(&note).await.unwrap();
    }
    let last = nvim.send_await::<u64>(&Method("nvim_get_var", ("last",)));
    assert_eq!(last.await.unwrap(), 49);
}

#[tokio::test]
async fn an_error_fails_its_call_and_nothing_else() {
    let Some((nvim, _)) = embedded() else { return };
    let thrown = nvim.send_await::<()>(&lua("error('thrown on purpose')", NOTHING));
    let thrown = remote(thrown.await.unwrap_err());
    let (kind, text): (i64, String) = thrown.get().unwrap();
    assert_eq!(kind, 0);
    assert!(text.contains("thrown on purpose"), "{text}");
    assert_eq!(thrown.to_string(), text);
    let unknown = nvim.send_await::<()>(&Method("nvim_nonsense", (1, 2)));
    let unknown = remote(unknown.await.unwrap_err()).to_string();
    assert!(unknown.contains("nvim_nonsense"), "{unknown}");
    let good = nvim.send_await::<bool>(&Method("nvim_eval", ("v:true",)));
    assert!(good.await.unwrap());
}

#[tokio::test]
async fn any_content_comes_back_as_it_went() {
    let Some((nvim, _)) = embedded() else { return };
    let large = "é\0\n".repeat(60_000);
    let back = nvim.send_await::<String>(&lua("return ...", (&large,)));
    assert!(back.await.unwrap() == large);
    // Buffers, windows and tab pages are extension types.
    let buffers = nvim.send_await::<Vec<IgnoredAny>>(&Method("nvim_list_bufs", ()));
    assert_eq!(buffers.await.unwrap().len(), 1);
}

#[tokio::test]
async fn an_id_in_use_is_refused_here_and_the_largest_works() {
    let Some((nvim, _)) = embedded() else { return };
    let (nvim, mut from_nvim) = nvim.split();
    let mut first = nvim.send_await::<bool>(&waiting("wait")).with_id(u32::MAX);
    assert!((&mut first).now_or_never().is_none());
    let request = asked(&mut from_nvim).await;
    let again = Method("nvim_command", ("let g:came = 1",));
    let again = nvim.send_await::<()>(&again).with_id(u32::MAX);
    match again.await.unwrap_err() {
        CallError::Refused { why, .. } => assert_eq!(why, Refused::IdInUse),
        other => panic!("{other}"),
    }
    let came = nvim.send_await::<bool>(&lua("return vim.g.came ~= nil", NOTHING));
    assert!(!came.await.unwrap());
    request
        .responder
        .reply(&Ok::<_, String>(true))
        .await
        .unwrap();
    assert!(first.await.unwrap());
}
