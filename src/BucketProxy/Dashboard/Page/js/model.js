// What the cluster is like, as the stream tells it. Holds at most the last hour, and no more entries than the server does.

export const maxHistory = 4096;
const maxPoints = 60;

export class Model extends EventTarget {
  run = null;
  at = null;
  status = null;
  nodes = [];
  buckets = [];
  pins = [];
  moves = [];
  loads = { rates: new Array(256).fill(0), sockets: new Array(256).fill(0) };
  /** Entries of the last hour, the earliest first. */
  history = [];
  since = null;
  /** How many entries were ever taken in. */
  seen = 0;
  /** Requests a second of the whole cluster, at each report. */
  points = [];

  snapshot(data) {
    if (this.run !== data.run) {
      this.run = data.run;
      this.history = [];
      this.since = null;
    }
    this.buckets = data.buckets;
    this.#take(data);
    this.dispatchEvent(new Event('snapshot'));
    this.dispatchEvent(new Event('change'));
  }

  change(data) {
    for (const bucket of data.buckets ?? [])
      this.buckets[parseInt(bucket.bucket, 16)] = bucket;
    this.#take(data);
    if (data.history) this.#append(data.history);
    this.dispatchEvent(new Event('change'));
  }

  /** The answer of /api/history: takes the place of what was known, but for what is newer than it. */
  setHistory(report) {
    if (report.run !== this.run) return;
    const last = report.entries.at(-1)?.id ?? -Infinity;
    const newer = this.history.filter(entry => entry.id > last);
    this.seen += Math.max(0, report.entries.length + newer.length - this.history.length);
    this.history = [...report.entries, ...newer];
    this.since = new Date(report.since);
    this.#forget();
    this.dispatchEvent(new Event('change'));
  }

  /** Who owned each bucket at a time, told from the owners of now by undoing every change since. */
  ownersAt(time) {
    const owners = this.buckets.map(bucket => bucket.node ?? null);
    for (let i = this.history.length - 1; i >= 0 && Date.parse(this.history[i].at) > time; i--) {
      const entry = this.history[i];
      if (entry.kind === 'owner' && !entry.base) owners[parseInt(entry.bucket, 16)] = entry.from ?? null;
    }
    return owners;
  }

  /** The last change of a bucket's owner that is known. */
  lastChange(bucket) {
    return this.history.findLast(entry => entry.kind === 'owner' && !entry.base && entry.bucket === bucket);
  }

  get totals() {
    const sum = values => values.reduce((total, value) => total + value, 0);
    return { rate: sum(this.loads.rates), sockets: sum(this.loads.sockets) };
  }

  /** How a node stands: the leader's word, and "silent" for one that is registered but does not answer. */
  standing(node) {
    const silent = this.status.alarms.some(alarm => alarm.kind === 'silent-node' && alarm.subject === node.id);
    return silent && node.standing === 'live' ? 'silent' : node.standing;
  }


  #take(data) {
    this.at = new Date(data.at);
    for (const part of ['status', 'nodes', 'pins', 'moves', 'loads'])
      if (data[part]) this[part] = data[part];
    if (data.loads) {
      this.points.push(this.totals.rate);
      if (this.points.length > maxPoints) this.points.shift();
    }
  }

  #append(entries) {
    const last = this.history.at(-1)?.id ?? -Infinity;
    const fresh = entries.filter(entry => entry.id > last);
    this.seen += fresh.length;
    this.history.push(...fresh);
    this.#forget();
    if (fresh.length > 0) this.dispatchEvent(new CustomEvent('happened', { detail: fresh }));
  }

  #forget() {
    const oldest = this.at - 3_600_000;
    let drop = Math.max(0, this.history.length - maxHistory);
    while (drop < this.history.length && Date.parse(this.history[drop].at) < oldest) drop++;
    if (drop === 0) return;
    // Without these, what was before them cannot be told.
    const next = Date.parse(this.history[drop - 1].at);
    if (this.since && next > this.since) this.since = new Date(Math.max(next, oldest));
    this.history.splice(0, drop);
  }
}
