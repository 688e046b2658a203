'use strict';
// A node for real clients: one http server that speaks socket.io 2 and 4 (by the request's EIO number) and the rows API.
// It serves the bases it owns, and writes down whatever else reaches it: that is what the sessions judge.

const http = require('node:http');
const rowsApi = require('./rows-api');

class NodeServer {
  /** @param owns (uuid in lower case without dashes) → boolean */
  constructor(id, owns) {
    this.id = id;
    this.owns = owns;
    /** Every request as it came: {method, url, headers}. */
    this.requests = [];
    /** Who joined: {base, version, transport}. */
    this.joins = [];
    /** What must never happen: a base that is not ours. */
    this.foreign = [];
    this.bases = new Map();
    this.#open();
  }

  #open() {
    // socket.io takes a server of its own; the two never listen, the outer one hands requests on.
    this.inner = { 3: http.createServer(), 4: http.createServer() };
    const v2 = require('socket.io-v2')(this.inner[3], { pingInterval: 2000, pingTimeout: 5000, maxHttpBufferSize: 1e7 });
    const { Server } = require('socket.io-v4');
    const v4 = new Server(this.inner[4], { pingInterval: 2000, pingTimeout: 5000, maxHttpBufferSize: 1e7 });
    this.io = { 2: v2, 4: v4 };
    this.#serve(v2, 2);
    this.#serve(v4, 4);
    this.server = http.createServer((request, response) => this.#request(request, response));
    this.server.on('upgrade', (request, socket, head) => {
      this.#note(request);
      const inner = this.inner[eio(request.url)];
      if (inner) inner.emit('upgrade', request, socket, head);
      else socket.destroy();
    });
  }

  listen(port) {
    return new Promise((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(port, '127.0.0.1', () => {
        this.port = this.server.address().port;
        this.url = `http://127.0.0.1:${this.port}`;
        resolve(this);
      });
    });
  }

  /** Cuts every connection and listens no more, as a killed server. */
  kill() {
    const closed = new Promise((resolve) => this.server.close(resolve));
    for (const version of [2, 4]) this.io[version].engine.close();
    this.server.closeAllConnections();
    for (const socket of this.sockets ?? []) socket.destroy();
    return closed;
  }

  /** The same node again, with nothing in memory but what the sessions look at. */
  async restart() {
    const port = this.port;
    await this.kill();
    this.#open();
    await this.listen(port);
  }

  /** Cuts the transports of a base without a word of socket.io. */
  dropTransports(uuid) {
    let dropped = 0;
    for (const version of [2, 4]) {
      for (const socket of Object.values(this.io[version].engine.clients)) {
        if (base(socket.request.url) === plain(uuid)) {
          // A websocket's TCP connection; a polling one has none of its own, so its engine session ends.
          if (socket.transport.name === 'websocket') socket.transport.socket.terminate();
          else socket.transport.onError('dropped');
          dropped++;
        }
      }
    }
    return dropped;
  }

  joinsOf(uuid) {
    return this.joins.filter((join) => join.base === plain(uuid));
  }

  socketRequestsOf(uuid) {
    return this.requests.filter((request) => request.url.startsWith('/socket.io') && base(request.url) === plain(uuid));
  }

  #note(request) {
    this.requests.push({ method: request.method, url: request.url, headers: request.headers });
    const uuid = base(request.url);
    if (uuid && !this.owns(uuid)) this.foreign.push(`${request.method} ${request.url}`);
    return uuid;
  }

  #request(request, response) {
    if (request.url === '/ping/') {
      response.end('pong');
      return;
    }
    const uuid = this.#note(request);
    if (request.url.startsWith('/socket.io')) {
      const inner = this.inner[eio(request.url)];
      if (inner) inner.emit('request', request, response);
      else response.writeHead(400).end('no EIO');
      return;
    }
    if (!uuid || !this.owns(uuid)) {
      response.writeHead(uuid ? 500 : 404).end(JSON.stringify({ error_msg: `${this.id} does not own ${uuid}` }));
      return;
    }
    rowsApi.serve(this, uuid, request, response);
  }

  #serve(io, version) {
    io.use((socket, next) => {
      const uuid = plain(String(socket.handshake.query.dtable_uuid ?? ''));
      if (this.owns(uuid)) next();
      else next(new Error(`${this.id} does not own ${uuid}`));
    });
    io.on('connection', (socket) => {
      const own = plain(socket.handshake.query.dtable_uuid);
      socket.on('join-room', (uuid, answer) => {
        if (plain(uuid) !== own || !this.owns(plain(uuid))) {
          this.foreign.push(`join ${uuid}`);
          answer({ error: 'rejected' });
          return;
        }
        socket.join(own);
        this.joins.push({ base: own, version, transport: socket.conn.transport.name });
        answer({ node: this.id });
      });
      socket.on('operation', (operation, answer) => {
        socket.to(own).emit('remote-operation', operation);
        answer({ node: this.id, size: Buffer.isBuffer(operation) ? operation.length : JSON.stringify(operation).length });
      });
    });
  }
}

const eio = (url) => Number(new URL(url, 'http://x').searchParams.get('EIO'));
const plain = (uuid) => uuid.replaceAll('-', '').toLowerCase();

/** The base a request is for, or null. */
function base(url) {
  const { pathname, searchParams } = new URL(url, 'http://x');
  const uuid = pathname.startsWith('/socket.io') ? searchParams.get('dtable_uuid') : /\/dtables\/([^/]+)/.exec(pathname)?.[1];
  return uuid ? plain(uuid) : null;
}

module.exports = { NodeServer, plain };
