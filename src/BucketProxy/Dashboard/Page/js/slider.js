// The last hour: how much changed in each minute, and the grid as it was at any moment of it.

import { byId, el, setAttribute, setText } from './dom.js';
import { ago, plural, time } from './format.js';

const hour = 3_600_000;
const minutes = 60;

export class Slider extends EventTarget {
  /** The moment that the grid shows; null: now. */
  at = null;
  #bars = Array.from({ length: minutes }, (_, i) => el('rect', { x: i * 10 + 1, width: 8, y: 22, height: 0 }));
  #range = el('input', { type: 'range', min: -3600, max: 0, step: 1, value: 0, 'aria-label': 'Moment of the last hour', oninput: () => this.#moved() });
  #text = el('output', {});
  #back = el('button', { type: 'button', class: 'small', 'aria-label': 'To the change before', onclick: () => this.#step(-1) }, '◀ change');
  #forth = el('button', { type: 'button', class: 'small', 'aria-label': 'To the next change', onclick: () => this.#step(1) }, 'change ▶');
  #live = el('button', { type: 'button', class: 'small', onclick: () => this.#go(null) }, 'Live');
  #model = null;

  constructor() {
    super();
    byId('slider').append(
      el('svg', { class: 'slider-bars', viewBox: '0 0 600 24', preserveAspectRatio: 'none', 'aria-hidden': 'true' }, this.#bars),
      this.#range,
      el('div', { class: 'slider-line' }, this.#text, this.#back, this.#forth, this.#live));
  }

  draw(model) {
    this.#model = model;
    const now = Number(model.at ?? Date.now());
    const since = Math.max(now - hour, Number(model.since ?? now));
    if (this.at !== null && this.at < since) this.at = since;
    this.#drawBars(model, now);
    setAttribute(this.#range, 'min', Math.min(-1, -Math.ceil((now - since) / 1000)));
    const value = this.at === null ? 0 : Math.round((this.at - now) / 1000);
    if (document.activeElement !== this.#range || Number(this.#range.value) !== value) this.#range.value = value;
    const changes = model.history.filter(isChange);
    const text = this.at === null
      ? `${plural(changes.length, 'change')} since ${time(since)}`
      : `As of ${time(this.at)}, ${ago(now - this.at)} ago`;
    setText(this.#text, text);
    setAttribute(this.#range, 'aria-valuetext', this.at === null ? 'live' : text);
    this.#live.disabled = this.at === null;
    this.#back.disabled = !changes.some(entry => Date.parse(entry.at) <= (this.at ?? now));
    this.#forth.disabled = this.at === null;
    byId('buckets').classList.toggle('replaying', this.at !== null);
  }

  #drawBars(model, now) {
    const counts = new Array(minutes).fill(0);
    const start = Math.max(now - hour, Number(model.since ?? now));
    const width = Math.max(1, now - start) / minutes;
    for (const entry of model.history) {
      if (!isChange(entry)) continue;
      const at = Math.floor((Date.parse(entry.at) - start) / width);
      if (at >= 0) counts[Math.min(minutes - 1, at)]++;
    }
    const most = Math.max(1, ...counts);
    this.#bars.forEach((bar, i) => {
      const height = counts[i] === 0 ? 1 : 3 + 20 * Math.sqrt(counts[i] / most);
      setAttribute(bar, 'height', height.toFixed(1));
      setAttribute(bar, 'y', (24 - height).toFixed(1));
      setAttribute(bar, 'class', this.at !== null && start + i * width > this.at ? 'later' : null);
    });
  }

  #moved() {
    const value = Number(this.#range.value);
    this.#go(value >= 0 ? null : Number(this.#model.at) + value * 1000);
  }

  // From one standstill to the next: changes with less than a second between them are one step.
  #step(direction) {
    const ends = standstills(this.#model.history.filter(isChange).map(entry => Date.parse(entry.at)));
    const passed = this.at === null ? ends.length : ends.filter(end => end <= this.at).length;
    const target = passed + direction;
    if (target >= ends.length) this.#go(null);
    else this.#go(target <= 0 ? Number(this.#model.since) : ends[target - 1]);
  }

  #go(at) {
    this.at = at;
    this.dispatchEvent(new Event('moved'));
  }
}

// The last change of each group.
const standstills = moments => moments.filter((moment, i) => i === moments.length - 1 || moments[i + 1] - moment > 1000);

const isChange = entry => entry.kind === 'owner' && !entry.base;
