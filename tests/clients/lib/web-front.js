'use strict';
// What stands in front of everything at SeaTable: hands out access tokens as dtable-web does, and passes /api-gateway/ on to the proxy.

const http = require('node:http');

/** @param target what of a base: {dtable_server, use_api_gateway}; @param urlOf where requests of a base go. */
async function startFront(target, urlOf) {
  const agent = new http.Agent({ keepAlive: true });
  const server = http.createServer((request, response) => {
    if (request.url === '/api/v2.1/dtable/app-access-token/') {
      const uuid = request.headers.authorization.replace('Token ', '');
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ app_name: 'sessions', access_token: 'secret', dtable_uuid: uuid, ...target(uuid) }));
      return;
    }
    const uuid = /\/dtables\/([^/]+)/.exec(request.url)?.[1];
    const { method, headers } = request;
    const onward = http.request(urlOf(uuid) + request.url, { method, headers, agent }, (answer) => {
      response.writeHead(answer.statusCode, answer.headers);
      answer.pipe(response);
    });
    onward.on('error', (error) => response.writeHead(502).end(String(error)));
    request.pipe(onward);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    close: () => {
      server.close();
      server.closeAllConnections();
      agent.destroy();
    },
  };
}

module.exports = { startFront };
