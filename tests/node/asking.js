'use strict';

const {isDeepStrictEqual} = require('util');
const settings = require('./settings.js');

// Sends `count` requests at once and tells how each of them ended:
//
//   right    answers that echo the request they were given to
//   wrong    {sent, got} of every other answer
//   failed   {message of the error: how many}
//   settled  numbers of the requests in the order in which they ended
//   keys     the different lists of keys that the answers had
//
// `name` tells the askers apart, `size` pads each request with so many
// characters, `ids` are the ids to use instead of generated ones.
async function ask(peer, {count = 1, name = 'node', size = 0, ids = []}) {
  const result = {asked: count, right: 0, wrong: [], failed: {}, settled: [], keys: []};
  settings.forced.push(...ids);

  const one = async number => {
    const sent = {ask: `${name} ${number}`, pad: 'x'.repeat(size)};
    try {
      const got = await peer.socket.sendAwait(sent);
      if (isDeepStrictEqual(got && got.echo, sent)) {
        result.right += 1;
      } else {
        result.wrong.push({sent, got});
      }
      const keys = Object.keys(got || {});
      if (!result.keys.some(known => isDeepStrictEqual(known, keys))) {
        result.keys.push(keys);
      }
    } catch (error) {
      result.failed[error.message] = (result.failed[error.message] || 0) + 1;
    }
    result.settled.push(number);
  };
  await Promise.all(Array.from({length: count}, (_, number) => one(number)));
  return result;
}

module.exports = {ask};
