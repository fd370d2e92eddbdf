'use strict';

// What becomes of a request. `how` is one of
//
//   each      answer at once (the default)
//   twice     answer at once, two times
//   reversed  hold until `batch` requests are here, answer the last one first
//   hold      stay silent until the command `release`, if it ever comes
//
// The answer to DATA is {"echo": DATA without the id}, so that an answer that
// went to the wrong request is seen.

const settings = require('./settings.js');

let mode = settings.answer || {how: 'each'};

function setMode(wanted) {
  if (!['each', 'twice', 'reversed', 'hold'].includes(wanted.how)) {
    throw new Error(`no such way to answer: ${wanted.how}`);
  }
  mode = wanted;
}

async function reply(peer, {id, data}) {
  await peer.socket.resAwait({echo: settings.withoutId(data)}, id);
  peer.answered += 1;
}

async function release(peer, {reversed = false} = {}) {
  const held = peer.held.splice(0);
  if (reversed) {
    held.reverse();
  }
  await Promise.all(held.map(request => reply(peer, request)));
  return held.length;
}

async function answer(peer, request) {
  if (mode.how === 'each' || mode.how === 'twice') {
    const times = mode.how === 'twice' ? [1, 2] : [1];
    await Promise.all(times.map(() => reply(peer, request)));
    return;
  }
  peer.held.push(request);
  if (mode.how === 'reversed' && peer.held.length >= mode.batch) {
    await release(peer, {reversed: true});
  }
}

module.exports = {answer, release, setMode};
