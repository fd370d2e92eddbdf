'use strict';

const readline = require('readline');
const WebSocketAwait = require('ws-await');
const answering = require('./answering.js');
const {ask} = require('./asking.js');
const peers = require('./peers.js');
const {print} = require('./print.js');

const plain = Object.getPrototypeOf(WebSocketAwait.prototype);

// A command is one line {NAME: ARGUMENTS} and is answered by the event
// {NAME: RESULT}, or {"failed": TEXT}. Commands do not wait for each other.
// `socket` in the arguments is the number of a connection; without it the
// newest one is meant.
const commands = {
  // See answering.js.
  answer: wanted => answering.setMode(wanted),

  // Answers all held requests now: {reversed}. Returns how many.
  release: (wanted, peer) => answering.release(peer(), wanted),

  // See asking.js.
  ask: (wanted, peer) => ask(peer(), wanted),

  // {data, options}: sends a message that is no request.
  send: ({data, options}, peer) => peer().socket.send(data, options),

  // {text, repeat, binary, compress, fin}: sends the text as one frame, without
  // packing it. The last three are options of ws.
  raw: ({socket, text, repeat = 1, ...options}, peer) => new Promise((resolve, reject) => {
    const sent = error => error ? reject(error) : resolve();
    plain.send.call(peer().socket, text.repeat(repeat), options, sent);
  }),

  // {ms}: later requests of this connection time out after so long.
  timeout: ({ms}, peer) => peer().socket.setAwaitTimeout(ms),

  // {code, reason}: starts the closing handshake; the event `closed` ends it.
  close: ({code, reason}, peer) => peer().socket.close(code, reason),

  // Cuts the connection without a closing handshake.
  terminate: (_, peer) => peer().socket.terminate(),

  // {requests, messages, errors, answered}: what the connection received, once
  // it is at least so much.
  report: (wanted, peer) => peers.report(peer(), wanted),
};

async function run(line) {
  const [[name, wanted]] = Object.entries(JSON.parse(line));
  try {
    const result = await commands[name](wanted, () => peers.find(wanted.socket));
    print(name, result === undefined ? {} : result);
  } catch (error) {
    print('failed', `${name}: ${error.message}`);
  }
}

// Obeys stdin until it ends, then ends the program.
function obey(more = {}) {
  Object.assign(commands, more);
  const lines = readline.createInterface({input: process.stdin});
  lines.on('line', run);
  lines.on('close', () => process.exit(0));
}

module.exports = {obey};
