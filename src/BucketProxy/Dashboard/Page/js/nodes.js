// The dtable-servers: standing, load, share of the buckets, and what can be ordered of each.

import { byId, el, setChildren, setText } from './dom.js';
import { number, plural } from './format.js';
import { confirmOrder, send } from './orders.js';

const marks = { live: '●', silent: '○', suspect: '◐', missing: '○', dead: '✕' };
const levels = { live: 'good', silent: 'bad', suspect: 'warning', missing: 'bad', dead: 'bad' };

export class Nodes extends EventTarget {
  /** The node whose buckets stand out; null: none. */
  traced = null;
  #owners;

  constructor(owners) {
    super();
    this.#owners = owners;
    const table = byId('nodes');
    table.addEventListener('pointerover', event => this.#trace(event.target.closest('tr')?.dataset.key ?? null));
    table.addEventListener('pointerleave', () => this.#trace(null));
  }

  draw(model, disabled) {
    const live = model.nodes.filter(node => model.standing(node) === 'live');
    const weights = live.filter(node => !node.draining).reduce((sum, node) => sum + node.weight, 0);
    const most = Math.max(1, ...model.nodes.map(node => node.buckets));
    setText(byId('node-count'), `${live.length} of ${model.nodes.length} live`);
    if (model.nodes.length === 0) {
      byId('nodes').replaceChildren(el('tr', { 'data-key': '-' }, el('td', { colspan: 7, class: 'empty' },
        'No dtable-server is registered. Servers of SeaTable register themselves in etcd; others are listed in the settings under nodes.')));
      return;
    }
    const items = model.nodes.map(node => ({
      node,
      standing: model.standing(node),
      fair: weights > 0 && node.standing === 'live' && !node.draining ? 256 * node.weight / weights : 0,
      most: Math.max(most, 256 / Math.max(1, live.length)),
      disabled,
      letter: this.#owners.letter(node.id),
    }));
    setChildren(byId('nodes'), items, item => item.node.id, item => this.#row(item));
  }

  trace(id) {
    this.#trace(id);
  }

  #trace(id) {
    if (this.traced === id) return;
    this.traced = id;
    this.dispatchEvent(new Event('traced'));
  }

  #row({ node, standing, fair, most, disabled, letter }) {
    const wish = node.draining ? 'draining' : node.cordoned ? 'cordoned' : null;
    const width = 100 / most;
    const order = (action, text, give) => el('button', {
      type: 'button', class: 'small quiet', 'data-action': action, 'aria-label': `${text} ${node.id}`, disabled, onclick: give,
    }, text);
    return el('tr', {},
      el('td', { class: 'node' }, el('div', { class: 'name' },
        el('span', this.#owners.swatch(node.id), letter),
        el('span', { class: 'id', title: node.id }, node.id),
        el('span', { class: 'url', title: node.node_url ? `browsers: ${node.node_url}` : null }, node.local_node_url ?? 'address unknown'))),
      el('td', {}, el('span', { class: `standing ${levels[standing] ?? 'warning'}` }, `${marks[standing] ?? '?'} ${standing}`),
        wish ? el('span', { class: 'wish' }, wish) : null,
        node.gate === 'none' ? null : el('span', { class: 'muted', title: node.guarantee }, node.gate === 'supervised' ? ' gate' : ' gate, unsupervised')),
      el('td', {}, `${node.buckets}`, node.pins > 0 ? el('span', { class: 'muted' }, ` + ${plural(node.pins, 'pin')}`) : null,
        el('div', { class: 'share', title: `its share by weight: ${number(fair)}` },
          el('svg', { viewBox: '0 0 100 6', preserveAspectRatio: 'none', 'aria-hidden': 'true' },
            el('rect', { width: node.buckets * width, height: 6 }),
            fair > 0 ? el('line', { x1: fair * width, x2: fair * width, y1: -2, y2: 8 }) : null))),
      el('td', { class: 'num', 'data-label': 'req/s' }, number(node.rate)),
      el('td', { class: 'num', 'data-label': 'sockets' }, number(node.sockets)),
      el('td', { class: 'num', 'data-label': 'weight' }, `${node.weight}`),
      el('td', { class: 'orders' },
        wish ? order('uncordon', 'Uncordon …', () => confirmUncordon(node)) : order('cordon', 'Cordon …', () => confirmCordon(node)),
        node.draining ? null : order('drain', 'Drain …', () => confirmDrain(node)),
        order('weight', 'Weight …', () => confirmWeight(node))));
  }
}

const path = (node, what) => `api/nodes/${encodeURIComponent(node.id)}/${what}`;

function confirmDrain(node) {
  const force = el('input', { type: 'checkbox', id: 'force' });
  confirmOrder({
    title: `Drain ${node.id}?`,
    body: [
      el('ul', {},
        el('li', {}, `Its ${plural(node.buckets, 'bucket')}${node.pins > 0 ? ` and ${plural(node.pins, 'pin')}` : ''} go to the other nodes, several at a time. It gets none until it is uncordoned.`),
        el('li', {}, 'While a bucket moves, its new requests wait; requests that run are not cut.'),
        node.sockets > 0 ? el('li', {}, `${plural(node.sockets, 'websocket')} will be closed (1012); clients come back by themselves, to the new owner.`) : null,
        el('li', {}, `Release: ${node.guarantee}.`)),
      el('label', { class: 'check' }, force, el('span', {}, 'By force: also where no silence or release can be had. What the server has not saved is then lost.')),
    ],
    verb: 'Drain',
    act: () => send('POST', path(node, 'drain') + (force.checked ? '?force=true' : '')),
  });
}

function confirmCordon(node) {
  confirmOrder({
    title: `Cordon ${node.id}?`,
    body: [`It keeps its ${plural(node.buckets, 'bucket')} and gets no further ones, also when another node is lost, until it is uncordoned.`],
    verb: 'Cordon',
    act: () => send('POST', path(node, 'cordon')),
  });
}

function confirmUncordon(node) {
  confirmOrder({
    title: `Uncordon ${node.id}?`,
    body: [node.draining
      ? 'The drain ends: what has left stays where it is, what is still here stays here. It may get buckets again; a rebalance brings its share back.'
      : 'It may get buckets again. Nothing moves by itself; a rebalance brings its share.'],
    verb: 'Uncordon',
    act: () => send('POST', path(node, 'uncordon')),
  });
}

function confirmWeight(node) {
  const input = el('input', { type: 'number', id: 'weight', min: 0.1, max: 100, step: 'any', required: true, value: node.weight });
  confirmOrder({
    title: `Weight of ${node.id}`,
    body: [
      'Its share of the buckets, relative to the other nodes’: 2 is twice as many as 1. Nothing moves by itself; the next rebalance goes by it.',
      el('label', { for: 'weight' }, 'Weight, above 0 and up to 100'), input,
    ],
    verb: 'Set the weight',
    act: () => send('PUT', path(node, 'weight'), { weight: Number(input.value) }),
  });
}
