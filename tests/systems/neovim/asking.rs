//! Neovim asks, while we wait for it.

use std::collections::HashMap;

use await_layer::serve;
use await_layer_protocols::msgpack_rpc::{Outcome, Received};
use futures::future::join;
use futures::{FutureExt, StreamExt};

use super::{CallError, NOTHING, asked, embedded, lua, remote, waiting};

#[tokio::test]
async fn it_asks_under_the_id_of_our_own_call() {
    let Some((nvim, _)) = embedded() else { return };
    let (nvim, mut from_nvim) = nvim.split();
    let ask = lua("return vim.rpcrequest(1, 'ask', 1, 'two')", NOTHING);
    // Neovim's own ids start at 1.
    let mut call = nvim.send_await::<String>(&ask).with_id(1);
    assert!((&mut call).now_or_never().is_none());
    let request = asked(&mut from_nvim).await;
    assert!(
        request.frame.starts_with(b"\x94\x00\x01"),
        "{:?}",
        request.frame
    );
    let (ask, responder) = request.unpack::<Received>().unwrap();
    assert_eq!(ask.method, "ask");
    assert_eq!(ask.params(), Ok((1_u8, "two".to_owned())));
    responder.reply(&Ok::<_, String>("answer")).await.unwrap();
    assert_eq!(call.await.unwrap(), "answer");
}

/// A handler that calls back awaits its call before it answers, so the answers
/// come last-asked-first by themselves.
#[tokio::test]
async fn handlers_that_call_back_may_nest_deeply() {
    let Some((nvim, _)) = embedded() else { return };
    let (nvim, from_nvim) = nvim.split();
    let down = "return vim.rpcrequest(1, 'down', ...)";
    let handler = {
        let nvim = nvim.clone();
        async move |request: Received| {
            let (left,): (u64,) = request.params()?;
            let answer: Outcome<u64> = match left.checked_sub(1) {
                None => Ok(0),
                Some(left) => nvim
                    .send_await::<u64>(&lua(down, (left,)))
                    .await
                    .map(|depth| depth + 1)
                    .map_err(|error| error.to_string()),
            };
            Ok::<_, String>(answer)
        }
    };
    let call = async {
        let depth = nvim.send_await::<u64>(&lua(down, (20,))).await;
        nvim.close().await;
        depth
    };
    let (depth, _) = join(call, serve(from_nvim, 64, handler)).await;
    assert_eq!(depth.unwrap(), 20);
}

/// Who has several calls under way that make neovim ask keeps what is asked in
/// a pile, answers the one on top, and goes on once the call that asked it has
/// its reply: until then neovim still takes it for the latest.
#[tokio::test]
async fn a_pile_of_requests_is_answered_from_the_top() {
    let Some((nvim, _)) = embedded() else { return };
    let (nvim, mut from_nvim) = nvim.split();
    let names = (0..10).map(|n| format!("name{n}"));
    let mut calls: HashMap<_, _> = names
        .map(|name| (name.clone(), nvim.send_await::<String>(&waiting(&name))))
        .collect();
    for call in calls.values_mut() {
        assert!(call.now_or_never().is_none());
    }

    // An answer that crosses a further question on its way would not be to the
    // latest: so none leaves before every call has made neovim ask.
    let mut pile = Vec::new();
    for _ in 0..calls.len() {
        pile.push(asked(&mut from_nvim).await);
    }
    while let Some(request) = pile.pop() {
        let (asked, responder) = request.unpack::<Received>().unwrap();
        let call = calls.remove(&asked.method).expect("each asks once");
        let answer = Ok::<_, String>(format!("to {}", asked.method));
        responder.reply(&answer).await.unwrap();
        assert_eq!(call.await.unwrap(), format!("to {}", asked.method));
    }
    assert!(calls.is_empty());
}

#[tokio::test]
async fn an_answer_from_the_bottom_ends_the_connection() {
    let Some((nvim, _)) = embedded() else { return };
    let (nvim, mut from_nvim) = nvim.split();
    let one = nvim.send_await::<String>(&waiting("one"));
    let two = nvim.send_await::<String>(&waiting("two"));
    let mut both = join(one, two);
    assert!((&mut both).now_or_never().is_none());
    let bottom = asked(&mut from_nvim).await;
    let _top = asked(&mut from_nvim).await;
    bottom.responder.reply(&Ok::<_, String>(1)).await.unwrap();
    let (one, two) = both.await;
    let why = nvim.closed().await;
    for outcome in [one, two] {
        match outcome.unwrap_err() {
            CallError::Closed { reason, .. } => assert_eq!(reason, why),
            // Neovim fails the calls before it goes.
            other => assert!(remote(other).to_string().contains("closed")),
        }
    }
}

#[tokio::test]
async fn an_error_of_ours_and_a_refusal_reach_its_script() {
    let Some((nvim, _)) = embedded() else { return };
    let (nvim, mut from_nvim) = nvim.split();
    let chunk = "local ok, said = pcall(vim.rpcrequest, 1, 'try') return {ok, said}";
    for refuse in [false, true] {
        let mut call = nvim.send_await::<(bool, String)>(&lua(chunk, NOTHING));
        assert!((&mut call).now_or_never().is_none());
        let request = asked(&mut from_nvim).await;
        let words = if refuse {
            drop(request);
            "nobody answered"
        } else {
            let no: Outcome<()> = Err("no such luck".to_owned());
            request.responder.reply(&no).await.unwrap();
            "no such luck"
        };
        let (ok, said) = call.await.unwrap();
        assert!(!ok && said.contains(words), "{said}");
    }
    assert!(from_nvim.next().now_or_never().is_none());
}
