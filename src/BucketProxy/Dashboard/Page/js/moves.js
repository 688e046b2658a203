// Moves under way, with their phases, and the last that ended, with the time that each phase took.

import { byId, el, setChildren, setText } from './dom.js';
import { milliseconds, plural, time } from './format.js';

const phases = ['quiesce', 'release', 'settling'];
const shown = 50;
const past = 20;
const restMs = 2000;

export class Moves {
  #owners;
  #past = [];
  #asked = false;

  constructor(owners) {
    this.#owners = owners;
  }

  draw(model) {
    const { order } = model.status;
    byId('order').hidden = !order;
    if (order) {
      setText(byId('order'), order.done
        ? `Last rebalance: ${order.plan}, ordered ${time(order.at)}, done.`
        : `Rebalance ${order.plan}, ordered ${time(order.at)}: ${plural(order.pending, 'move')} left.`);
    }
    setText(byId('move-count'), model.moves.length === 0 ? 'none under way' : `${model.moves.length} under way`);
    setChildren(byId('standing'), model.moves.slice(0, shown), move => move.bucket, move => this.#standing(move));
    if (this.#past.length === 0 && model.moves.length === 0) {
      byId('past').replaceChildren(el('li', { class: 'empty', 'data-key': '-' }, 'No bucket has moved yet.'));
      return;
    }
    setChildren(byId('past'), this.#past, (move, i) => `${move.at} ${move.bucket} ${move.base ?? ''}`, move => this.#ended(move));
  }

  /** Asks for the moves that ended: the stream does not carry them, because the audit records do. At most once in a while. */
  refresh(model) {
    if (this.#asked) return;
    this.#asked = true;
    setTimeout(async () => {
      this.#asked = false;
      try {
        const answer = await fetch(`api/moves?past=${past}`, { cache: 'no-store' });
        if (!answer.ok) return;
        this.#past = (await answer.json()).past;
        this.draw(model);
      } catch {
        // The stream says that the connection is lost; the next refresh comes with the next snapshot.
      }
    }, this.#past.length === 0 ? 0 : restMs);
  }

  #way(move) {
    const swatch = id => el('span', { ...this.#owners.swatch(id ?? null), title: id ?? 'nobody' }, this.#owners.letter(id));
    return [swatch(move.from), el('span', { class: 'muted', 'aria-hidden': 'true' }, '→'), swatch(move.to),
      el('span', { class: 'hidden' }, `from ${move.from ?? 'nobody'} to ${move.to ?? 'nobody'}`)];
  }

  #standing(move) {
    const at = phases.indexOf(move.phase);
    return el('li', { class: 'line' },
      el('span', { class: 'bucket', title: move.base ?? null }, move.base ? `${move.bucket}*` : move.bucket), this.#way(move),
      el('span', { class: 'phases', role: 'img', 'aria-label': `phase ${move.phase}` },
        phases.map((phase, i) => el('span', { class: i === at ? 'now' : i < at ? 'done' : null }, phase))),
      el('span', { class: 'grow muted' }, `${move.reason ?? ''}${move.forced ? ', by force' : ''}, since ${time(move.at)}`),
      move.why ? el('span', { class: 'why' }, `waits: ${move.why}`) : null);
  }

  #ended(move) {
    const { phases: took } = move;
    return el('li', { class: 'line' },
      el('span', { class: 'bucket', title: move.base ?? null }, move.base ? `${move.bucket}*` : move.bucket), this.#way(move),
      el('span', { class: 'grow' }, `${time(move.at)} ${move.reason ?? ''}`),
      move.phase === 'done' ? null : el('span', { class: 'bad' }, move.phase),
      took ? el('span', { class: 'num', title: `quiesce ${milliseconds(took.quiesce)}, release ${milliseconds(took.release)}, settle ${milliseconds(took.settle)}` },
        `held ≤ ${milliseconds(took.hold)}`) : null,
      move.why ? el('span', { class: 'why' }, move.why) : null);
  }
}
