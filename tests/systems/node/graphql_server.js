'use strict';

// A GraphQL server by graphql-ws, steered by the operations themselves. It
// prints its port.

const {buildSchema} = require('graphql');
const {useServer} = require('graphql-ws/use/ws');
const {WebSocketServer} = require('ws');

const schema = buildSchema(`
  type Query {
    square(of: Int!): Int!
    "Answered with the name when that is released."
    held(name: String!): String!
    "Fails by itself."
    broken: Int
    "Pings the client, and says with what the pong came."
    ping(n: Int!): Int!
    "How many of the gated subscriptions run."
    gates: Int!
  }
  type Mutation {
    release(name: String!): Boolean!
  }
  type Subscription {
    count(to: Int!): Int!
    "0, and 1 when the name is released."
    gated(name: String!): Int!
    "1, then it fails."
    failing: Int!
  }
`);

const waiting = new Map();
let gates = 0;

function released(name) {
  return new Promise(resolve => waiting.set(name, resolve));
}

async function* gated({name}) {
  gates += 1;
  try {
    yield {gated: 0};
    await released(name);
    yield {gated: 1};
  } finally {
    gates -= 1;
  }
}

const query = {
  square: ({of}) => of * of,
  held: async ({name}) => {
    await released(name);
    return name;
  },
  broken: () => {
    throw new Error('as it should be');
  },
  ping: ({n}, {extra}) => {
    extra.socket.send(JSON.stringify({type: 'ping', payload: {n}}));
    return new Promise(resolve => {
      extra.pong = resolve;
    });
  },
  gates: () => gates,
};

const mutation = {
  release: ({name}) => {
    const resolve = waiting.get(name);
    waiting.delete(name);
    resolve?.();
    return Boolean(resolve);
  },
};

const subscription = {
  count: async function* ({to}) {
    for (let count = 1; count <= to; count += 1) {
      yield {count};
    }
  },
  gated,
  failing: async function* () {
    yield {failing: 1};
    throw new Error('after one');
  },
};

const server = new WebSocketServer({host: '127.0.0.1', port: 0});
useServer({
  schema,
  roots: {query, mutation, subscription},
  context: ctx => ctx,
  onConnect: ({connectionParams}) =>
    connectionParams?.token === 'wrong' ? false : {token: connectionParams?.token},
  onPong: ({extra}, payload) => extra.pong(payload.n),
}, server);
server.on('listening', () => console.log(server.address().port));
