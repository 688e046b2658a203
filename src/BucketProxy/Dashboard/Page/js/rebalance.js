// A rebalance is shown on the grid before it is made; what is made is what was shown, or nothing.

import { byId, el, toast } from './dom.js';
import { plural } from './format.js';
import { problemText, Refusal, send } from './orders.js';

export class Rebalance extends EventTarget {
  /** The plan that is shown; null: none. */
  plan = null;
  #owners;
  #model;
  #disabled = false;

  constructor(owners, model) {
    super();
    this.#owners = owners;
    this.#model = model;
    byId('rebalance').addEventListener('click', () => this.#preview(null));
    byId('preview').addEventListener('keydown', event => { if (event.key === 'Escape') this.#close(); });
  }

  /** Bucket to the node that would get it. */
  get targets() {
    return new Map((this.plan?.moves ?? []).filter(move => !move.base).map(move => [parseInt(move.bucket, 16), move.to]));
  }

  draw(disabled) {
    this.#disabled = disabled;
    byId('rebalance').disabled = disabled || this.plan !== null;
    const apply = byId('preview-apply');
    if (apply) apply.disabled = disabled;
  }

  async #preview(notice) {
    byId('rebalance').disabled = true;
    try {
      this.plan = await send('POST', 'rebalance/?dry_run=true');
      this.#show(notice);
    } catch (problem) {
      this.plan = { moves: [], refused: [] };
      this.#showProblem(problem);
    }
    this.dispatchEvent(new Event('changed'));
  }

  async #apply() {
    byId('preview-apply').disabled = true;
    try {
      const ordered = await send('POST', `rebalance/?plan=${encodeURIComponent(this.plan.plan)}`);
      this.#close();
      toast(`Ordered: ${plural(ordered.moves.length, 'move')}.`);
    } catch (problem) {
      if (problem instanceof Refusal && problem.status === 412)
        await this.#preview('The cluster has changed since the preview, so nothing was ordered. This is the plan of now.');
      else
        this.#showProblem(problem);
    }
  }

  #close() {
    this.plan = null;
    byId('preview').hidden = true;
    byId('preview').replaceChildren();
    this.dispatchEvent(new Event('changed'));
    byId('rebalance').disabled = this.#disabled;
    byId('rebalance').focus();
  }

  #open(...parts) {
    const panel = byId('preview');
    panel.replaceChildren(...parts.flat().filter(part => part !== null));
    panel.hidden = false;
    panel.focus();
  }

  #show(notice) {
    const { moves, refused, remarks = [] } = this.plan;
    const close = el('button', { type: 'button', onclick: () => this.#close() }, moves.length === 0 ? 'Close' : 'Cancel');
    this.#open(
      notice ? el('p', { class: 'notice', role: 'alert' }, notice) : null,
      el('p', {}, el('strong', {}, moves.length === 0 ? 'Nothing would move.' : `Preview: ${plural(moves.length, 'move')}. `),
        moves.length === 0 ? ' The buckets are as even as they can be.' : 'Nothing has been ordered yet. Dashed cells move to the colour of their corner.'),
      moves.length > 0 ? [this.#ways(moves), this.#counts(moves)] : null,
      remarks.map(remark => el('p', {}, `${remark}.`)),
      refused.length > 0 ? el('ul', { class: 'refused' }, refused.slice(0, 20).map(move => el('li', {}, `${move.base ?? move.bucket} cannot move: ${move.why}`)),
        refused.length > 20 ? el('li', {}, `and ${refused.length - 20} more`) : null) : null,
      el('div', { class: 'actions' },
        moves.length === 0 ? null : el('button', { type: 'button', class: 'main', id: 'preview-apply', onclick: () => this.#apply() }, `Make ${moves.length === 1 ? 'this move' : `these ${moves.length} moves`}`),
        close));
  }

  #showProblem(problem) {
    this.#open(
      el('p', { class: 'problem', role: 'alert' }, problemText(problem)),
      el('div', { class: 'actions' },
        el('button', { type: 'button', onclick: () => this.#preview(null) }, 'Preview again'),
        el('button', { type: 'button', onclick: () => this.#close() }, 'Close')));
  }

  // From whom to whom, and for which reason.
  #ways(moves) {
    const ways = Map.groupBy(moves, move => JSON.stringify([move.from ?? null, move.to, move.reason]));
    return el('ul', { 'aria-label': 'Moves by nodes' }, [...ways].map(([way, some]) => {
      const [from, to, reason] = JSON.parse(way);
      return el('li', {}, this.#swatch(from), '→', this.#swatch(to), `${some.length} (${reason})`);
    }));
  }

  // Buckets of each node before and after.
  #counts(moves) {
    const change = new Map();
    for (const move of moves) {
      if (move.base) continue;
      if (move.from) change.set(move.from, (change.get(move.from) ?? 0) - 1);
      change.set(move.to, (change.get(move.to) ?? 0) + 1);
    }
    return el('ul', { 'aria-label': 'Buckets before and after' }, this.#model.nodes.filter(node => change.get(node.id)).map(node =>
      el('li', {}, this.#swatch(node.id), `${node.id}: ${node.buckets} → ${node.buckets + change.get(node.id)} buckets`)));
  }

  #swatch(id) {
    return el('span', { ...this.#owners.swatch(id), 'aria-hidden': null, title: id ?? 'nobody' }, this.#owners.letter(id));
  }
}
