'use strict';
// One client of a socket.io version, joined to a base the way SeaTable's clients do it.

const { once } = require('./runner');

const versions = { 2: require('socket.io-client-v2'), 4: require('socket.io-client-v4') };

const transportsOf = {
  polling: ['polling'],
  websocket: ['websocket'],
  upgrade: ['polling', 'websocket'],
};

/** Opens a connection; nothing has been joined yet. */
function open(version, url, uuid, kind, more = {}) {
  return versions[version](url, {
    transports: transportsOf[kind],
    query: { dtable_uuid: uuid },
    forceNew: true,
    reconnectionDelay: 100,
    reconnectionDelayMax: 500,
    timeout: 10000,
    ...more,
  });
}

/** Joins; answers the node's id. */
function join(client, uuid) {
  return new Promise((resolve, reject) => {
    client.emit('join-room', uuid, (answer) => (answer.node ? resolve(answer.node) : reject(new Error(`join ${answer.error}`))));
  });
}

/** Opens, joins, and waits for the upgrade where there is one. */
async function connect(version, url, uuid, kind, more) {
  const client = open(version, url, uuid, kind, more);
  try {
    await once(client, 'connect', ['connect_error', 'error']);
    const engine = client.io.engine;
    if (kind === 'upgrade' && engine.transport.name !== 'websocket') await once(engine, 'upgrade', ['close']);
    client.joinedAt = await join(client, uuid);
    return client;
  } catch (error) {
    client.close();
    throw error;
  }
}

/** Sends an operation to the others of the base; answers what the node said. */
function operate(client, operation) {
  return new Promise((resolve) => client.emit('operation', operation, resolve));
}

module.exports = { open, join, connect, operate };
