'use strict';
// The part of dtable-server's API that the SDK's sessions use, in both versions.

const { randomUUID } = require('node:crypto');

async function serve(node, uuid, request, response) {
  const { pathname, searchParams } = new URL(request.url, 'http://x');
  const match = /^(?:\/api\/(v1|v2))?\/dtables\/[^/]+\/?(.*?)\/?$/.exec(pathname);
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString();
  const body = text ? JSON.parse(text) : {};
  const answer = match ? answerOf(node, uuid, match[1] ?? 'v1', request.method, match[2], searchParams, body) : null;
  response.writeHead(answer ? 200 : 404, { 'content-type': 'application/json', 'x-node': node.id });
  response.end(JSON.stringify(answer ?? { error_msg: 'no such route' }));
}

function answerOf(node, uuid, version, method, route, query, body) {
  if (!node.bases.has(uuid)) node.bases.set(uuid, []);
  const rows = node.bases.get(uuid);
  const [what, id] = route.split('/');
  switch (`${method} ${what}`) {
    case 'GET ':
      return { uuid, node: node.id, rows: rows.length };
    case 'GET metadata':
      return { metadata: { tables: [{ name: 'Table1', columns: [{ key: '0000', name: 'Name', type: 'text' }] }] } };
    case 'GET rows':
      return id ? rows.find((row) => row._id === id) : { rows: page(rows, query) };
    case 'GET filtered-rows':
      return { rows: rows.filter((row) => (body.filters ?? []).every((filter) => String(row[filter.column_name]).includes(filter.filter_term))) };
    case 'POST rows':
    case 'POST batch-append-rows':
      return append(rows, version, body);
    case 'PUT rows':
    case 'PUT batch-update-rows':
      for (const { row_id: wanted, row } of body.updates ?? [body]) Object.assign(rows.find((candidate) => candidate._id === wanted), row);
      return { success: true };
    case 'DELETE rows':
    case 'DELETE batch-delete-rows': {
      const ids = body.row_ids ?? [body.row_id];
      node.bases.set(uuid, rows.filter((row) => !ids.includes(row._id)));
      return { success: true, deleted_rows: rows.length - node.bases.get(uuid).length };
    }
    default:
      return null;
  }
}

function append(rows, version, body) {
  const added = (body.rows ?? [body.row]).map((row) => ({ _id: randomUUID(), ...row }));
  rows.push(...added);
  return version === 'v1' && body.row ? added[0] : { inserted_row_count: added.length, first_row: added[0], row_ids: added.map(({ _id }) => ({ _id })) };
}

function page(rows, query) {
  const start = Number(query.get('start') ?? 0);
  return rows.slice(start, start + Number(query.get('limit') ?? rows.length));
}

module.exports = { serve };
