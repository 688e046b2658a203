// The 256 buckets as a grid of 16 × 16. Row: first hex digit, column: second. Cells are made once and only what differs is set.

import { byId, el, setAttribute, setText } from './dom.js';
import { hex, number, plural } from './format.js';

const digits = [...'0123456789abcdef'];
const heatSteps = 8;

export class Grid extends EventTarget {
  #cells = [];
  #root;
  #current = 0;
  #hovered = null;

  constructor() {
    super();
    this.#root = el('div', { class: 'grid', role: 'grid', 'aria-label': 'Buckets', 'aria-describedby': 'detail' },
      el('div', { class: 'grid-row', role: 'row' },
        el('span', { class: 'grid-head', role: 'columnheader' }, el('span', { class: 'hidden' }, 'First digit')),
        digits.map(digit => el('span', { class: 'grid-head', role: 'columnheader' }, `·${digit}`))),
      digits.map((first, row) => el('div', { class: 'grid-row', role: 'row' },
        el('span', { class: 'grid-head', role: 'rowheader' }, `${first}·`),
        digits.map((_, column) => this.#cell(row * 16 + column)))));
    this.#root.addEventListener('keydown', event => this.#walk(event));
    this.#root.addEventListener('focusin', event => this.#select(this.#indexOf(event.target)));
    this.#root.addEventListener('pointerover', event => this.#hover(this.#indexOf(event.target)));
    this.#root.addEventListener('pointerleave', () => this.#hover(null));
    this.#root.addEventListener('click', event => {
      const index = this.#indexOf(event.target);
      if (index !== null) this.focus(index);
    });
    byId('grid').append(this.#root);
  }

  /** The bucket to tell more about: the one under the pointer, else the one that has, or last had, the focus. */
  get shown() {
    return this.#hovered ?? this.#current;
  }

  focus(index) {
    this.#select(index);
    this.#cells[index].focus();
  }

  /** Draws attention to one cell, for example of a base that was looked up. */
  find(index) {
    this.#cells.forEach((cell, at) => cell.classList.toggle('looked-up', at === index));
  }

  /**
   * @param {object} picture
   * @param {(string|null)[]} picture.owners who owns each bucket
   * @param {string[]} picture.states open, moving, planned or unassigned
   * @param {Map<number, string>} picture.targets who gets it, where it moves or would
   * @param {Set<string>} picture.ill nodes that do not answer or are suspect
   * @param {number[]|null} picture.heat a figure for each bucket; null: coloured by owner
   * @param {string|null} picture.traced only this node's cells stand out
   * @param {boolean} picture.live changes of owner flash
   * @param {(index: number) => string} picture.describe a cell in words
   */
  draw(picture, owners) {
    const most = picture.heat ? Math.max(...picture.heat) : 0;
    this.#root.classList.toggle('heat', picture.heat !== null);
    this.#root.classList.toggle('previewing', picture.states.includes('planned'));
    this.#root.classList.toggle('tracing', picture.traced !== null);
    this.#cells.forEach((cell, index) => {
      const owner = picture.owners[index];
      const target = picture.targets.get(index) ?? null;
      if (picture.live && cell.dataset.owner !== undefined && cell.dataset.owner !== (owner ?? '')) this.#flash(cell);
      setAttribute(cell, 'data-owner', owner ?? '');
      setText(cell.firstElementChild, owners.letter(owner));
      setAttribute(cell, 'data-c', picture.heat ? null : owners.colour(owner));
      setAttribute(cell, 'data-p', picture.heat ? null : owners.ground(owner));
      setAttribute(cell, 'data-h', picture.heat ? heatStep(picture.heat[index], most) : null);
      setAttribute(cell, 'data-s', owner === null ? 'unassigned' : picture.states[index]);
      setAttribute(cell, 'data-to', target === null ? null : owners.colour(target));
      setAttribute(cell, 'data-ill', owner !== null && picture.ill.has(owner) ? '' : null);
      cell.classList.toggle('traced', picture.traced !== null && owner === picture.traced);
      setAttribute(cell, 'aria-label', picture.describe(index));
    });
  }

  #cell(index) {
    const cell = el('div', { class: 'cell', role: 'gridcell', tabindex: index === 0 ? 0 : -1, 'data-index': index }, el('span', { 'aria-hidden': 'true' }));
    cell.addEventListener('animationend', () => cell.classList.remove('changed'));
    this.#cells.push(cell);
    return cell;
  }

  #flash(cell) {
    cell.classList.remove('changed');
    void cell.offsetWidth;
    cell.classList.add('changed');
  }

  #indexOf(target) {
    const cell = target.closest?.('.cell[data-index]');
    return cell ? Number(cell.dataset.index) : null;
  }

  #hover(index) {
    if (this.#hovered === index) return;
    this.#hovered = index;
    this.dispatchEvent(new Event('shown'));
  }

  // Roving tabindex: one stop for the tab key, arrows within.
  #select(index) {
    if (index === null) return;
    this.#cells[this.#current].tabIndex = -1;
    this.#current = index;
    this.#cells[index].tabIndex = 0;
    this.dispatchEvent(new Event('shown'));
  }

  #walk(event) {
    const [row, column] = [this.#current >> 4, this.#current & 15];
    const steps = {
      ArrowLeft: () => row * 16 + Math.max(0, column - 1),
      ArrowRight: () => row * 16 + Math.min(15, column + 1),
      ArrowUp: () => Math.max(0, row - 1) * 16 + column,
      ArrowDown: () => Math.min(15, row + 1) * 16 + column,
      Home: () => event.ctrlKey ? 0 : row * 16,
      End: () => event.ctrlKey ? 255 : row * 16 + 15,
      PageUp: () => column,
      PageDown: () => 240 + column,
    };
    const step = steps[event.key];
    if (!step || event.altKey || event.metaKey) return;
    event.preventDefault();
    this.focus(step());
  }
}

// By the square root: load is shared out so unevenly that the busiest bucket would leave all others at the bottom.
export const heatStep = (value, most) => most <= 0 || value <= 0 ? 0 : Math.max(1, Math.min(heatSteps - 1, Math.ceil(Math.sqrt(value / most) * (heatSteps - 1))));

/** The values at which the steps begin. */
export const heatBounds = most => Array.from({ length: heatSteps }, (_, step) => step === 0 ? 0 : most * ((step - 1) / (heatSteps - 1)) ** 2);

/** A cell in words: its accessible name. */
export function describe(index, owner, state, target, rate, sockets, epoch) {
  const parts = [`Bucket ${hex(index)}`, owner === null ? 'no owner' : `owner ${owner}`];
  if (state !== 'open' && owner !== null) parts.push(target ? `${state} to ${target}` : state);
  if (epoch) parts.push(`epoch ${epoch}`);
  parts.push(`${number(rate)} requests per second`, plural(sockets, 'socket'));
  return parts.join(', ');
}
