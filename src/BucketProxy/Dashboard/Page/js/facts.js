// The cluster in one line of figures, and what instance this is.

import { byId, el, setAttribute, setChildren, setText } from './dom.js';
import { number } from './format.js';

export function drawFacts(model) {
  const { status, totals, nodes } = model;
  const live = nodes.filter(node => model.standing(node) === 'live').length;
  const proxies = (status.proxies ?? []).filter(proxy => !proxy.left);
  const alive = proxies.filter(proxy => proxy.alive).length;
  const { table } = status;
  const facts = [
    ['Requests/s', number(totals.rate)],
    ['Sockets', number(totals.sockets)],
    ['Nodes live', `${live}`, `of ${nodes.length}`, live < nodes.length ? 'bad' : null],
    ['Buckets open', `${table.open}`, table.unassigned > 0 ? `${table.unassigned} without owner` : 'of 256', table.unassigned > 0 ? 'bad' : null],
    ['Moving', status.known ? `${status.moving}` : 'unknown'],
    ['Pins', `${table.pins}`],
    ['Proxies alive', status.known ? `${alive}` : 'unknown', status.known ? `of ${proxies.length}` : null, alive < proxies.length ? 'bad' : null],
    ['Leader', status.leader ? status.leader.instance : status.known ? 'none' : 'unknown', null, status.leader || !status.known ? 'text' : 'bad'],
    ['Store', status.store.connected ? 'follows' : 'away', status.store.connected ? null : status.store.ageSeconds === undefined ? 'never seen' : `for ${status.store.ageSeconds} s`,
      status.store.connected ? null : 'bad'],
    ['Table', table.stale ? 'stale' : 'current', `revision ${table.revision}`, table.stale ? 'bad' : null],
  ];
  const list = byId('facts');
  if (list.children.length === 0) {
    for (const [name] of facts) {
      const value = el('dd', {}, el('span', {}), ' ', el('small', {}));
      if (name === 'Requests/s') value.append(el('svg', { class: 'spark', viewBox: '0 0 100 20', preserveAspectRatio: 'none', 'aria-hidden': 'true' }, el('polyline', {})));
      list.append(el('div', {}, el('dt', {}, name), value));
    }
  }
  facts.forEach(([, value, more, level], i) => {
    const dd = list.children[i].lastElementChild;
    setText(dd.children[0], value);
    setText(dd.children[1], more ?? '');
    setAttribute(dd, 'class', level);
  });
  drawSpark(list.querySelector('polyline'), model.points);
}

function drawSpark(line, points) {
  const most = Math.max(1, ...points);
  const step = points.length > 1 ? 100 / (points.length - 1) : 0;
  setAttribute(line, 'points', points.length > 1 ? points.map((value, i) => `${(i * step).toFixed(1)},${(19 - 18 * value / most).toFixed(1)}`).join(' ') : '');
}

export function drawInstance(model) {
  const { status } = model;
  setText(byId('cluster'), status.cluster);
  setChildren(byId('instance'), [
    ['This instance', status.instance], ['Version', status.version], ['Roles', status.roles.join(', ')], ['Store', status.store.description],
    ...status.store.lastError && !status.store.connected ? [['Last error', status.store.lastError]] : [],
  ], ([name]) => name, ([name, value]) => el('div', {}, el('dt', {}, name), el('dd', {}, value)));
}

export function drawProxies(model) {
  const { known } = model.status;
  const proxies = (model.status.proxies ?? []).filter(proxy => !proxy.left);
  setText(byId('proxy-count'), proxies.length > 1 ? `${proxies.filter(proxy => proxy.alive).length} of ${proxies.length} alive` : '');
  if (proxies.length === 0) {
    byId('proxies').replaceChildren(el('li', { class: 'empty', 'data-key': '-' }, known ? 'No proxy has registered.' : 'Unknown: this instance has not read the cluster’s state yet.'));
    return;
  }
  setChildren(byId('proxies'), proxies, proxy => proxy.instance, proxy => el('li', { class: 'line' },
    el('span', { class: proxy.alive ? 'good' : 'bad' }, proxy.alive ? '● alive' : '✕ lost'),
    el('strong', {}, proxy.instance),
    el('span', { class: 'grow muted', title: proxy.address ?? null }, proxy.address ?? ''),
    el('span', { class: 'muted' }, `${proxy.version ?? ''}${proxy.onStoreLoss === 'fence' ? ', fences' : ''}`),
    ...Object.entries(proxy.busy).slice(0, 4).map(([bucket, what]) => el('span', { class: 'warning' }, `${bucket}: ${what}`))));
}
