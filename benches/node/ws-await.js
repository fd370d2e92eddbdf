'use strict';

// Makes calls with ws-await and prints what they took: one JSON object, whose
// times are in nanoseconds. Its one argument is a JSON object too:
//
//   url, awaitTimeout   as in ws-await
//   payload             characters of a question
//   inFlight            calls under way at once
//   warmUp              milliseconds before what is measured
//   calls               calls that are measured
//   watched             calls after them, each by itself with a clock

const WebSocketAwait = require('ws-await');

const given = JSON.parse(process.argv[2]);
const note = {text: 'x'.repeat(given.payload)};

const socket = new WebSocketAwait(given.url, {
  awaitTimeout: given.awaitTimeout,
  perMessageDeflate: false,
  maxPayload: 4 << 20,
});

// As many loops as calls in flight, each with one call under way.
async function run(calls, ended) {
  const each = Math.ceil(calls / given.inFlight);
  await Promise.all(Array.from({length: given.inFlight}, async () => {
    for (let number = 0; number < each; number += 1) {
      const start = ended && process.hrtime.bigint();
      const {text} = await socket.sendAwait(note);
      if (text.length !== given.payload) {
        throw new Error(`${text.length} characters came back`);
      }
      if (ended) {
        ended(Number(process.hrtime.bigint() - start));
      }
    }
  }));
  return each * given.inFlight;
}

socket.on('open', async () => {
  // By the clock, so that the compiler gets round to it.
  const warm = Date.now() + given.warmUp;
  while (Date.now() < warm) {
    await run(given.inFlight);
  }
  const cpuBefore = process.cpuUsage();
  const start = process.hrtime.bigint();
  const calls = await run(given.calls);
  const wall = Number(process.hrtime.bigint() - start);
  const {user, system} = process.cpuUsage(cpuBefore);
  const took = [];
  await run(given.watched, time => took.push(time));
  const report = JSON.stringify({calls, wall, cpu: (user + system) * 1000, took});
  process.stdout.write(report, () => process.exit(0));
});
socket.on('error', error => {
  throw error;
});
