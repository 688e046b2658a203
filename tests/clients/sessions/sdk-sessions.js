'use strict';
// Whole sessions of the seatable-api SDK: straight at a dtable-server, and through an API gateway.

const assert = require('node:assert/strict');
const http = require('node:http');
const { Base } = require('seatable-api');
const { startFront } = require('../lib/web-front');

async function run(runner, { bases, urlOf, ownerOf, prefixes }) {
  const direct = ['', ...(prefixes.includes('/dtable-server') ? ['/dtable-server'] : [])];
  for (const prefix of direct) {
    for (const uuid of bases) {
      await runner.run(`seatable-api ${prefix || '/'}: rows of ${uuid}`, async (cleanup) => {
        const base = await signIn(uuid, cleanup, { dtable_server: urlOf(uuid) + prefix + '/' }, urlOf);
        assert.equal((await base.getDTable()).node, ownerOf(uuid).id);
        assert.equal((await base.getTableByName('Table1')).name, 'Table1');
        await rows(base);
      });
    }
  }

  if (prefixes.includes('/api-gateway')) {
    for (const uuid of bases) {
      await runner.run(`seatable-api /api-gateway: rows of ${uuid}`, async (cleanup) => {
        const base = await signIn(uuid, cleanup, { use_api_gateway: true }, urlOf);
        assert.equal((await base.getDTable()).node, ownerOf(uuid).id);
        await rows(base);
      });
    }
  }

  for (const uuid of bases.slice(0, 2)) {
    await runner.run(`python SDK's filtered-rows, a GET with a body, of ${uuid}`, async () => {
      const root = `${urlOf(uuid)}/api/v1/dtables/${uuid}`;
      await send('POST', `${root}/rows/`, { table_name: 'Table1', row: { Name: 'filter me' } });
      const found = await send('GET', `${root}/filtered-rows/`, { table_name: 'Table1', filters: [{ column_name: 'Name', filter_term: 'filter' }] });
      assert.equal(found.body.rows.at(-1).Name, 'filter me');
      assert.equal(found.headers['x-node'], ownerOf(uuid).id);
    });
  }
}

async function signIn(uuid, cleanup, target, urlOf) {
  const front = await startFront(() => target, urlOf);
  cleanup(front.close);
  // The token stands for the base: the front hands it back as dtable_uuid.
  const base = new Base({ server: front.url, APIToken: uuid });
  await base.auth();
  return base;
}

async function rows(base) {
  const before = (await base.listRows('Table1')).length;
  const one = await base.appendRow('Table1', { Name: 'one' });
  assert.equal(one.Name, 'one');
  const many = Array.from({ length: 1000 }, (_, i) => ({ Name: `row ${i}`, Text: 'ä€𝄞' }));
  assert.equal((await base.batchAppendRows('Table1', many)).inserted_row_count, 1000);
  const all = await base.listRows('Table1');
  assert.equal(all.length, before + 1001);
  assert.equal(all.at(-1).Text, 'ä€𝄞');
  await base.updateRow('Table1', one._id, { Name: 'changed' });
  assert.equal((await base.getRow('Table1', one._id)).Name, 'changed');
  const ids = all.slice(before + 1).map((row) => row._id);
  await base.batchUpdateRows('Table1', [{ row_id: ids[0], row: { Name: 'too' } }]);
  assert.equal((await base.getRow('Table1', ids[0])).Name, 'too');
  assert.equal((await base.deleteRow('Table1', one._id)).deleted_rows, 1);
  assert.equal((await base.batchDeleteRows('Table1', ids)).deleted_rows, 1000);
  assert.equal((await base.listRows('Table1')).length, before);
}

function send(method, url, body) {
  return new Promise((resolve, reject) => {
    const text = JSON.stringify(body);
    const request = http.request(url, { method, headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) } }, (answer) => {
      let got = '';
      answer.on('data', (chunk) => (got += chunk));
      answer.on('end', () => (answer.statusCode === 200 ? resolve({ headers: answer.headers, body: JSON.parse(got) }) : reject(new Error(`${answer.statusCode} ${got}`))));
    });
    request.on('error', reject);
    request.end(text);
  });
}

module.exports = { run };
