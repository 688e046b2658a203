'use strict';
// What SeaTable's browsers and scripts do over socket.io, with the real clients and servers of both versions in use.

const assert = require('node:assert/strict');
const http = require('node:http');
const { once } = require('../lib/runner');
const { open, join, connect, operate } = require('../lib/socket-client');

async function run(runner, { nodes, bases, urlOf, ownerOf, prefixes }) {
  for (const version of [2, 4]) {
    for (const kind of ['polling', 'websocket', 'upgrade']) {
      const name = (what) => `socket.io ${version} ${kind}: ${what}`;
      const to = (uuid, cleanup, more) => connect(version, urlOf(uuid), uuid, kind, more).then((client) => {
        cleanup(() => client.close());
        return client;
      });

      await runner.run(name('every base is joined at its owner'), async (cleanup) => {
        for (const uuid of bases) {
          const client = await to(uuid, cleanup);
          assert.equal(client.joinedAt, ownerOf(uuid).id);
          assert.equal(client.io.engine.transport.name, kind === 'polling' ? 'polling' : 'websocket');
          assert.ok(ownerOf(uuid).joinsOf(uuid).some((joined) => joined.version === version));
        }
      });

      await runner.run(name('an operation reaches the others of its base only'), async (cleanup) => {
        const [uuid, other] = bases;
        const [sender, receiver, stranger] = [await to(uuid, cleanup), await to(uuid, cleanup), await to(other, cleanup)];
        let leaked = false;
        stranger.on('remote-operation', () => (leaked = true));
        const heard = once(receiver, 'remote-operation');
        const answer = await operate(sender, { op_type: 'insert_row', text: 'ä€𝄞' });
        assert.equal(answer.node, ownerOf(uuid).id);
        assert.deepEqual(await heard, { op_type: 'insert_row', text: 'ä€𝄞' });
        // Had the stranger been sent anything, it would have come before this answer.
        await operate(stranger, {});
        assert.equal(leaked, false, 'another base heard it');
      });

      await runner.run(name('big and binary messages arrive whole'), async (cleanup) => {
        const uuid = bases[1];
        const [sender, receiver] = [await to(uuid, cleanup), await to(uuid, cleanup)];
        const bytes = Buffer.alloc(300_000, 7);
        let heard = once(receiver, 'remote-operation');
        assert.equal((await operate(sender, bytes)).size, bytes.length);
        assert.ok(Buffer.from(await heard).equals(bytes));
        heard = once(receiver, 'remote-operation');
        await operate(sender, { text: 'x'.repeat(500_000) });
        assert.equal((await heard).text.length, 500_000);
      });

      await runner.run(name('a dropped transport comes back and joins again'), async (cleanup) => {
        const uuid = bases[2];
        const client = await to(uuid, cleanup);
        const again = new Promise((resolve, reject) => client.on('connect', () => join(client, uuid).then(resolve, reject)));
        assert.ok(ownerOf(uuid).dropTransports(uuid) > 0);
        assert.equal(await again, ownerOf(uuid).id);
        assert.equal((await operate(client, {})).node, ownerOf(uuid).id);
      });

      for (const prefix of prefixes) {
        await runner.run(name(`behind the prefix ${prefix}`), async (cleanup) => {
          const uuid = bases[3];
          const before = ownerOf(uuid).socketRequestsOf(uuid).length;
          const client = await to(uuid, cleanup, { path: `${prefix}/socket.io/` });
          assert.equal(client.joinedAt, ownerOf(uuid).id);
          assert.ok(ownerOf(uuid).socketRequestsOf(uuid).length > before, 'the prefix must be stripped');
        });
      }
    }

    await runner.run(`socket.io ${version}: a restarted node gets its clients back`, async (cleanup) => {
      const uuid = bases[0];
      const node = ownerOf(uuid);
      const clients = [];
      for (const kind of ['polling', 'websocket', 'upgrade']) {
        const client = await connect(version, urlOf(uuid), uuid, kind);
        cleanup(() => client.close());
        clients.push(client);
      }
      const again = clients.map((client) => new Promise((resolve, reject) => client.on('connect', () => join(client, uuid).then(resolve, reject))));
      await node.restart();
      assert.deepEqual(await Promise.all(again), [node.id, node.id, node.id]);
    });
  }

  if (prefixes.length === 0) return;
  for (const [what, query] of [['no UUID', 'dtable_uuid=nonsense'], ['two different UUIDs', `dtable_uuid=${bases[0]}&dtable_uuid=${bases[1]}`]]) {
    await runner.run(`socket.io: a handshake with ${what} is answered 400 and reaches no node`, async () => {
      const target = `/socket.io/?EIO=4&transport=polling&${query}`;
      assert.equal(await status(urlOf(bases[0]) + target), 400);
      assert.ok(nodes.every((node) => node.requests.every((request) => request.url !== target)));
    });
  }
  await runner.run('socket.io: an unknown session is answered by the node, 400', async () => {
    assert.equal(await status(`${urlOf(bases[0])}/socket.io/?EIO=4&transport=polling&sid=nobody&dtable_uuid=${bases[0]}`), 400);
  });
  await runner.run('socket.io 4: a client whose base is rejected everywhere is told so', async (cleanup) => {
    const client = open(4, urlOf(bases[0]), 'nonsense', 'polling', { reconnection: false });
    cleanup(() => client.close());
    await once(client, 'connect_error', ['connect']);
  });
}

function status(url) {
  return new Promise((resolve, reject) => {
    http.get(url, (answer) => {
      answer.resume();
      answer.on('end', () => resolve(answer.statusCode));
    }).on('error', reject);
  });
}

module.exports = { run };
