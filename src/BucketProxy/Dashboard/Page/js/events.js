// What happened, the latest first. Changes of owner that belong together are one line; the list has a bound, whatever comes in.

import { byId, el, setAttribute, setChildren, setText } from './dom.js';
import { number, plural, time } from './format.js';

const shown = 120;
const together = 15_000;
const bucketsNamed = 8;
const announceEvery = 5000;
const marks = { good: '●', info: '·', warning: '▲', bad: '■' };

export class Events {
  #announced = [];
  #timer = null;

  constructor() {
    for (const input of document.querySelectorAll('input[name="events"]'))
      input.addEventListener('change', () => this.draw(this.model));
  }

  draw(model) {
    this.model = model;
    setAttribute(byId('event-count'), 'data-seen', model.seen);
    setText(byId('event-count'), model.seen > 0 ? `${number(model.seen)} in all` : '');
    const notable = document.querySelector('input[name="events"]:checked').value === 'notable';
    const lines = group(model.history, notable);
    if (lines.length === 0) {
      byId('events').replaceChildren(el('li', { class: 'empty', 'data-key': '-' }, 'Nothing happened in the last hour.'));
      return;
    }
    setChildren(byId('events'), lines, line => line.key, line => el('li', { class: 'event' },
      el('time', { datetime: line.at }, time(line.at)),
      el('span', { class: `mark ${line.level}`, title: line.level, 'aria-hidden': 'true' }, marks[line.level] ?? '·'),
      el('span', {}, line.text)));
  }

  /** Has news read out, in one sentence every few seconds at most. */
  announce(entries) {
    this.#announced.push(...entries.filter(entry => entry.kind === 'owner' || entry.level !== 'info'));
    if (this.#announced.length === 0 || this.#timer !== null) return;
    this.#timer = setTimeout(() => {
      const changes = this.#announced.filter(entry => entry.kind === 'owner').length;
      const others = this.#announced.filter(entry => entry.kind !== 'owner').slice(0, 4).map(entry => entry.text);
      this.#announced = [];
      this.#timer = null;
      setText(byId('announcer'), [...others, ...(changes > 0 ? [`${plural(changes, 'change')} of owner.`] : [])].join(' '));
    }, announceEvery);
  }
}

/** The latest lines: changes of owner with one reason from one node to another, close together, become one. */
export function group(history, notable) {
  const lines = [];
  let open = new Map();
  for (let i = history.length - 1; i >= 0 && lines.length < shown; i--) {
    const entry = history[i];
    if (entry.kind !== 'owner') {
      // Order matters: what came before this line is told below it.
      open = new Map();
      lines.push({ key: `e${entry.id}`, at: entry.at, level: entry.level, text: entry.text });
      continue;
    }
    if (notable) continue;
    const way = `${entry.from} ${entry.to} ${entry.reason}`;
    const line = open.get(way);
    if (line && Date.parse(line.at) - Date.parse(entry.at) < together) {
      line.buckets.push(entry.subject);
      line.key = `o${entry.id}`;
    } else {
      const fresh = { at: entry.at, level: entry.level, buckets: [entry.subject], entry, key: `o${entry.id}` };
      open.set(way, fresh);
      lines.push(fresh);
    }
  }
  return lines.map(line => line.buckets ? { key: line.key, at: line.at, level: line.level, text: ownerText(line) } : line);
}

function ownerText({ buckets, entry }) {
  const way = `${entry.from ?? 'nobody'} → ${entry.to ?? 'nobody'}${entry.reason ? ` (${entry.reason})` : ''}`;
  if (buckets.length === 1) return `${buckets[0]}: ${way}`;
  const named = buckets.toSorted().slice(0, bucketsNamed).join(' ');
  return `${plural(buckets.length, 'bucket')}: ${way}: ${named}${buckets.length > bucketsNamed ? ' …' : ''}`;
}
