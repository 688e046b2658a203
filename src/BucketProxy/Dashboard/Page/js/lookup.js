// Where a base is, pins, and the hottest bases, which are what one looks up most.

import { byId, el, setChildren, setText } from './dom.js';
import { number } from './format.js';
import { confirmOrder, problemText, Refusal, send } from './orders.js';

const pinsShown = 100;

export class Lookup extends EventTarget {
  #owners;
  #model;
  #base = null;

  constructor(owners, model) {
    super();
    this.#owners = owners;
    this.#model = model;
    byId('lookup').addEventListener('submit', event => {
      event.preventDefault();
      this.find(byId('uuid').value.trim());
    });
  }

  async find(uuid) {
    if (uuid === '') return;
    byId('uuid').value = uuid;
    const found = byId('found');
    try {
      const answer = await fetch(`api/bases/${encodeURIComponent(uuid)}`, { cache: 'no-store' });
      const body = await answer.json();
      if (!answer.ok) throw new Refusal(answer.status, body.title, body.detail);
      this.#show(body);
    } catch (problem) {
      this.#base = null;
      found.replaceChildren(el('p', { class: 'problem' }, problem instanceof Refusal ? problemText(problem) : 'The instance does not answer.'));
      this.dispatchEvent(new CustomEvent('found', { detail: null }));
    }
  }

  /** Asks again for what is shown, once owners have changed. */
  refresh() {
    if (this.#base) this.find(this.#base);
  }

  draw(disabled) {
    const { pins, status } = this.#model;
    setText(byId('pin-count'), pins.length > pinsShown ? `${pins.length}, the first ${pinsShown} are shown` : pins.length > 0 ? String(pins.length) : '');
    const list = byId('pins');
    if (pins.length === 0) list.replaceChildren(el('li', { class: 'empty', 'data-key': '-' }, 'No base is pinned. Look one up to pin it.'));
    else setChildren(list, pins.slice(0, pinsShown).map(pin => ({ ...pin, disabled, letter: this.#owners.letter(pin.node) })), pin => pin.pin, pin => this.#pin(pin));

    const hottest = status.hottestBases;
    const most = Math.max(0, ...hottest.map(base => base.rate));
    const hot = byId('hottest');
    if (hottest.length === 0) hot.replaceChildren(el('li', { class: 'empty', 'data-key': '-' }, 'No load has been reported yet.'));
    else setChildren(hot, hottest.map(base => ({ ...base, most, owner: this.#ownerOf(base.base) })), base => base.base, base => this.#hot(base));
  }

  #ownerOf(base) {
    const digits = base.replaceAll('-', '');
    const pin = this.#model.pins.find(one => digits.startsWith(one.pin.replaceAll('-', '')));
    return (pin ? pin.node : this.#model.buckets[parseInt(digits.slice(0, 2), 16)]?.node) ?? null;
  }

  #show(base) {
    this.#base = base.base;
    const row = (name, ...value) => [el('dt', {}, name), el('dd', {}, value)];
    const pinned = base.pin !== undefined;
    byId('found').replaceChildren(
      el('dl', {},
        row('Owner', el('span', this.#owners.swatch(base.node ?? null), this.#owners.letter(base.node)), ` ${base.node ?? 'nobody'}`),
        row('By', pinned ? `pin ${base.pin}` : `bucket ${base.bucket}`, ', ', base.state),
        row('Epoch', String(base.epoch)),
        base.url ? row('At', el('code', {}, base.url)) : null),
      el('div', { class: 'actions' },
        el('button', { type: 'button', class: 'small order', onclick: () => this.#confirmPin(base) }, 'Pin …'),
        pinned ? el('button', { type: 'button', class: 'small order', onclick: () => this.#confirmUnpin(base.pin) }, 'Unpin …') : null));
    this.dispatchEvent(new CustomEvent('found', { detail: parseInt(base.bucket, 16) }));
  }

  #hot({ base, rate, most, owner }) {
    return el('li', {},
      el('div', { class: 'line' },
        el('span', { ...this.#owners.swatch(owner), title: owner ?? 'nobody' }, this.#owners.letter(owner)),
        el('span', { class: 'grow' }, el('button', { type: 'button', class: 'link', 'data-action': 'find', title: base, onclick: () => this.find(base) }, base)),
        el('span', { class: 'num' }, number(rate))),
      el('span', { class: 'bar', 'aria-hidden': 'true' }, el('svg', { viewBox: '0 0 100 3', preserveAspectRatio: 'none' },
        el('rect', { width: most > 0 ? 100 * rate / most : 0, height: 3 }))));
  }

  #pin({ pin, node, state, disabled, letter }) {
    return el('li', { class: 'line' },
      el('span', { ...this.#owners.swatch(node ?? null), title: node ?? 'nobody' }, letter),
      el('code', { class: 'grow', title: pin }, pin),
      state === 'open' ? null : el('span', { class: 'warning' }, state),
      el('button', { type: 'button', class: 'small quiet', 'data-action': 'unpin', 'aria-label': `Unpin ${pin}`, disabled, onclick: () => this.#confirmUnpin(pin) }, 'Unpin …'));
  }

  #confirmPin(base) {
    const nodes = this.#model.nodes.map(node => el('option', { value: node.id, selected: node.id === base.node }, `${node.id} (${node.standing})`));
    const select = el('select', { id: 'pin-node' }, nodes);
    confirmOrder({
      title: 'Pin this base?',
      body: [
        el('p', {}, el('code', {}, base.base)),
        'It stays on the chosen node, whatever becomes of its bucket, until it is unpinned. If another node owns it now, it moves: its new requests wait meanwhile, its websockets are closed and come back.',
        el('label', { for: 'pin-node' }, 'Node'), select,
      ],
      verb: 'Pin',
      act: async () => {
        const taken = await send('PUT', `api/pins/${encodeURIComponent(base.base)}`, { node: select.value });
        this.refresh();
        return taken;
      },
    });
  }

  #confirmUnpin(pin) {
    confirmOrder({
      title: 'Unpin?',
      body: [el('p', {}, el('code', {}, pin)), 'It goes by its bucket again. If another node owns that, it moves there: its new requests wait meanwhile.'],
      verb: 'Unpin',
      act: async () => {
        const taken = await send('DELETE', `api/pins/${encodeURIComponent(pin)}`);
        this.refresh();
        return taken;
      },
    });
  }
}
