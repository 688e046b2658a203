// The connection to /api/events. fetch and not EventSource: the status of a refusal can be read, a connection that died without a
// word is noticed (the server says something every 5 s), and the wait between attempts grows.

const silence = 15_000;
const firstWait = 500;
const longestWait = 15_000;

export class Stream extends EventTarget {
  state = 'connecting';
  lostSince = null;
  retryAt = null;
  problem = null;
  #lastId = null;
  #attempts = 0;
  #abort = null;
  #timer = null;

  start() {
    this.#connect();
    // A laptop that wakes, a network that is back: at once.
    addEventListener('online', () => this.retry());
    document.addEventListener('visibilitychange', () => { if (!document.hidden) this.retry(); });
  }

  /** Does not wait any longer. */
  retry() {
    if (this.state === 'live' || this.#timer === null) return;
    clearTimeout(this.#timer);
    this.#timer = null;
    this.#connect();
  }

  async #connect() {
    this.retryAt = null;
    this.#abort = new AbortController();
    let watchdog = 0;
    const heard = () => {
      clearTimeout(watchdog);
      watchdog = setTimeout(() => this.#abort.abort(new Error('no word for 15 s')), silence);
    };
    try {
      heard();
      const headers = { Accept: 'text/event-stream', ...(this.#lastId ? { 'Last-Event-ID': this.#lastId } : {}) };
      const answer = await fetch('api/events', { headers, cache: 'no-store', signal: this.#abort.signal });
      if (!answer.ok) throw new Error((await answer.json().catch(() => null))?.detail ?? `HTTP ${answer.status}`);
      await this.#read(answer.body, heard);
      throw new Error('the instance has ended it');
    } catch (error) {
      this.#lost(error);
    } finally {
      clearTimeout(watchdog);
    }
  }

  async #read(body, heard) {
    const reader = body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = '';
    while (true) {
      const { value, done } = await reader.read();
      if (done) return;
      heard();
      rest += value;
      const events = rest.split('\n\n');
      rest = events.pop();
      for (const event of events) this.#take(event);
    }
  }

  #take(text) {
    const fields = new Map(text.split('\n').map(line => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon), line.slice(colon + 1).trimStart()];
    }));
    if (!fields.has('data')) return;
    this.#lastId = fields.get('id');
    this.#attempts = 0;
    this.#become('live');
    this.dispatchEvent(new CustomEvent(fields.get('event'), { detail: JSON.parse(fields.get('data')) }));
  }

  #lost(error) {
    // From half the wait to all of it: many pages that lost one instance do not come back in one moment.
    const wait = Math.min(longestWait, firstWait * 2 ** this.#attempts++) * (0.5 + Math.random() / 2);
    this.problem = error instanceof TypeError ? 'the instance does not answer' : (this.#abort.signal.reason?.message ?? error.message);
    this.retryAt = Date.now() + wait;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#connect();
    }, wait);
    this.#become('lost');
  }

  #become(state) {
    if (state === 'lost') this.lostSince ??= new Date();
    else this.lostSince = null;
    const changed = this.state !== state;
    this.state = state;
    if (changed || state === 'lost') this.dispatchEvent(new Event('state'));
  }
}
