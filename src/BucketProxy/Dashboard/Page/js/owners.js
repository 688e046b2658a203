// Which colour, ground and letter stand for a node. Given once and kept, so that nothing changes its colour before one's eyes.

const colours = 8;
const grounds = 3;

export class Owners {
  #index = new Map();

  /** Gives new nodes the next places, in the order of their ids. */
  learn(ids) {
    for (const id of [...ids].sort())
      if (!this.#index.has(id)) this.#index.set(id, this.#index.size);
  }

  known(id) {
    return this.#index.has(id);
  }

  letter(id) {
    const index = this.#index.get(id);
    if (index === undefined) return id === null || id === undefined ? '–' : '?';
    return index < 26 ? String.fromCharCode(65 + index) : String.fromCharCode(64 + Math.floor(index / 26)) + String.fromCharCode(97 + index % 26);
  }

  colour(id) {
    const index = this.#index.get(id);
    return index === undefined ? null : index % colours;
  }

  ground(id) {
    const index = this.#index.get(id);
    return index === undefined || index < colours ? null : Math.floor(index / colours) % grounds;
  }

  /** A swatch as an element description: class and data for dom.el. */
  swatch(id) {
    return { class: this.known(id) ? 'swatch' : 'swatch none', 'data-c': this.colour(id), 'data-p': this.ground(id), 'aria-hidden': 'true' };
  }
}
