'use strict';

const {answer} = require('./answering.js');
const {print} = require('./print.js');

// Every connection that this program had, oldest first, with what it received.
const peers = [];
let waiting = [];

function noted() {
  waiting = waiting.filter(waiter => !waiter());
}

function add(socket) {
  const number = peers.length;
  const peer = {socket, requests: [], messages: [], errors: [], held: [], answered: 0};
  peers.push(peer);

  socket.on('messageAwait', (data, id) => {
    // Copied, because whoever reads the report must see it as it came.
    const request = {id, data: {...data}};
    peer.requests.push(request);
    answer(peer, request).catch(error => peer.errors.push(error.message)).then(noted);
    noted();
  });
  socket.on('message', data => {
    peer.messages.push(data);
    noted();
  });
  socket.on('error', error => {
    peer.errors.push(error.message);
    noted();
  });
  socket.on('open', () => print('open', number));
  socket.on('close', (code, reason) => print('closed', {socket: number, code, reason}));
  return number;
}

// The connection with that number, or the newest.
function find(number = peers.length - 1) {
  const peer = peers[number];
  if (!peer) {
    throw new Error(`there is no connection ${number}`);
  }
  return peer;
}

// What the connection has received, as soon as it is at least so much.
function report(peer, {requests = 0, messages = 0, errors = 0, answered = 0}) {
  return new Promise(resolve => {
    waiting.push(() => {
      const enough = peer.requests.length >= requests && peer.messages.length >= messages &&
        peer.errors.length >= errors && peer.answered >= answered;
      if (enough) {
        const {socket, held, ...received} = peer;
        resolve({...received, held: held.length, pending: socket.awaitListSize});
      }
      return enough;
    });
    noted();
  });
}

module.exports = {add, find, report};
