'use strict';

// A ws-await server on a free port of this machine. Its first event is
// {"listening": PORT}; each connection prints {"open": NUMBER}.

const WebSocketAwait = require('ws-await');
const {obey} = require('./commands.js');
const peers = require('./peers.js');
const {print} = require('./print.js');
const {options} = require('./settings.js');

const server = new WebSocketAwait.Server({host: '127.0.0.1', port: 0, ...options});
server.on('connection', socket => print('open', peers.add(socket)));
server.on('listening', () => {
  print('listening', server.address().port);
  obey();
});
