'use strict';
// Sessions of real clients through the proxy. Starts two nodes itself and expects the proxy to route 0-7 to the first and 8-f to the second.
//
//   node sessions.js --proxy http://127.0.0.1:5550 --ports 6001,6002     through the proxy; its nodes are at these ports
//   node sessions.js --proxy-file FILE                                   the same, with any ports; the proxy's URL is read from FILE once it is there
//   node sessions.js --direct                                            without a proxy: do the sessions themselves work?
//   … --only TEXT                                                        sessions whose name contains it
//
// Prints "ready PORT,PORT" once the nodes listen, a line for each session, and "N passed, N failed"; exit code 0 when none failed.

const fs = require('node:fs');
const { parseArgs } = require('node:util');
const { NodeServer, plain } = require('./lib/node-server');
const { Runner } = require('./lib/runner');

const { values: given } = parseArgs({
  options: {
    proxy: { type: 'string', default: process.env.PROXY_URL },
    'proxy-file': { type: 'string' },
    ports: { type: 'string', default: process.env.NODE_PORTS ?? '0,0' },
    direct: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
    timeout: { type: 'string', default: '30000' },
  },
});

// Two of each node; forms of UUID that clients use: dashed, upper case, without dashes.
const bases = [
  '0f4a1c6e-3d52-4b8e-9a01-6c2f7e8d9b10',
  'F1E2D3C4-B5A6-4798-8897-A6B5C4D3E2F1',
  '7a0b1c2d3e4f4a5b8c6d7e8f9a0b1c2d',
  '8c9d0e1f-2a3b-4c4d-9e5f-6a7b8c9d0e1f',
];

async function main() {
  const urlFile = given['proxy-file'];
  if (!given.direct && !given.proxy && !urlFile) throw new Error('Say where the proxy is (--proxy URL), or --direct.');
  const ownsFirst = (uuid) => /^[0-7][0-9a-f]{31}$/.test(uuid);
  const ownsSecond = (uuid) => /^[89a-f][0-9a-f]{31}$/.test(uuid);
  const ports = given.ports.split(',').map(Number);
  const nodes = [await new NodeServer('first', ownsFirst).listen(ports[0]), await new NodeServer('second', ownsSecond).listen(ports[1])];
  console.log(`ready ${nodes.map((node) => node.port)}`);
  const ownerOf = (uuid) => nodes.find((node) => node.owns(plain(uuid)));
  const proxy = (urlFile ? await contentOf(urlFile) : given.proxy)?.trim().replace(/\/$/, '');
  const setting = {
    nodes,
    bases,
    ownerOf,
    urlOf: given.direct ? (uuid) => ownerOf(uuid).url : () => proxy,
    prefixes: given.direct ? [] : ['/dtable-server', '/api-gateway'],
  };
  const runner = new Runner(Number(given.timeout));
  const run = runner.run.bind(runner);
  runner.run = (name, session) => (name.includes(given.only) ? run(name, session) : undefined);

  if (!given.direct) await proxyRoutes(proxy);
  await require('./sessions/socket-sessions').run(runner, setting);
  await require('./sessions/sdk-sessions').run(runner, setting);
  await runner.run('no node was asked for a base of another one', () => {
    const foreign = nodes.flatMap((node) => node.foreign.map((what) => `${node.id}: ${what}`));
    if (foreign.length > 0) throw new Error(foreign.slice(0, 3).join('; '));
  });

  for (const node of nodes) await node.kill();
  console.log(`${runner.passed} passed, ${runner.failed} failed`);
  process.exit(runner.failed === 0 && runner.passed > 0 ? 0 : 1);
}

async function contentOf(file) {
  while (!fs.existsSync(file)) await new Promise((resolve) => setTimeout(resolve, 50));
  return fs.readFileSync(file, 'utf8');
}

/** The proxy may be starting, and learns of the nodes by their pings: wait until it answers for both. */
async function proxyRoutes(proxy) {
  const deadline = Date.now() + 60000;
  for (const uuid of bases.slice(0, 2)) {
    for (;;) {
      const status = await fetch(`${proxy}/dtables/${uuid}/`).then((answer) => answer.status, () => 0);
      if (status !== 0 && status !== 503) break;
      if (Date.now() > deadline) throw new Error(`The proxy at ${proxy} does not route ${uuid}: ${status || 'no answer'}.`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

main().catch((error) => {
  console.error(error.message);
  process.exit(2);
});
