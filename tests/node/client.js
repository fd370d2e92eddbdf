'use strict';

// A ws-await client. Its first event is {"ready": {}}. The command
// {"connect": {"url": URL}} dials and returns the number of the connection;
// {"open": NUMBER} follows when the handshake is done.

const WebSocketAwait = require('ws-await');
const {obey} = require('./commands.js');
const peers = require('./peers.js');
const {print} = require('./print.js');
const {options} = require('./settings.js');

obey({connect: ({url}) => peers.add(new WebSocketAwait(url, options))});
print('ready', {});
