'use strict';
// Runs sessions one after the other, prints a line for each and the sum.

class Runner {
  constructor(timeoutMs) {
    this.timeoutMs = timeoutMs;
    this.passed = 0;
    this.failed = 0;
  }

  async run(name, session) {
    const cleanups = [];
    let timer;
    const timeout = new Promise((_, reject) => {
      timer = setTimeout(() => reject(new Error(`not done after ${this.timeoutMs} ms`)), this.timeoutMs);
    });
    try {
      await Promise.race([session((cleanup) => cleanups.push(cleanup)), timeout]);
      this.passed++;
      console.log(`ok    ${name}`);
    } catch (error) {
      this.failed++;
      console.log(`FAIL  ${name}: ${error.message}`);
    } finally {
      clearTimeout(timer);
      for (const cleanup of cleanups.reverse()) await cleanup();
    }
  }
}

/** A promise of an emitter's event; fails at once on the given other ones. */
function once(emitter, event, failing = []) {
  return new Promise((resolve, reject) => {
    emitter.once(event, resolve);
    for (const other of failing) emitter.once(other, (error) => reject(new Error(`${other}: ${error?.message ?? error}`)));
  });
}

module.exports = { Runner, once };
