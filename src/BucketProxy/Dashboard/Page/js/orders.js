// Everything that changes something goes through here: the token, the refusals, and the question "what will happen?" before.

import { byId, el, toast } from './dom.js';

const tokenKey = 'bucketproxy-token';

/** An order that was not taken: problem+json, or no answer. */
export class Refusal extends Error {
  constructor(status, title, detail) {
    super(detail);
    this.status = status;
    this.title = title;
  }
}

const token = {
  get: () => { try { return sessionStorage.getItem(tokenKey); } catch { return token.kept; } },
  set: value => {
    token.kept = value;
    try {
      if (value) sessionStorage.setItem(tokenKey, value);
      else sessionStorage.removeItem(tokenKey);
    } catch { /* Then it lasts as long as the page. */ }
    showToken();
  },
  kept: null,
};

function showToken() {
  byId('token-button').textContent = token.get() ? 'Token: set' : 'Token';
}

/** Asks for the token; false: it was not given. */
function askForToken(why) {
  const dialog = byId('token');
  const input = byId('token-input');
  byId('token-why').hidden = !why;
  byId('token-why').textContent = why ?? '';
  byId('token-forget').hidden = !token.get();
  input.value = '';
  return new Promise(resolve => {
    let given = false;
    dialog.addEventListener('close', () => resolve(given), { once: true });
    byId('token-form').onsubmit = event => {
      event.preventDefault();
      given = true;
      token.set(input.value.trim());
      input.value = '';
      dialog.close();
    };
    byId('token-cancel').onclick = () => dialog.close();
    byId('token-forget').onclick = () => {
      token.set(null);
      dialog.close();
    };
    dialog.showModal();
    input.focus();
  });
}

/** Sends an order. Asks for the token where it is wanted, and sends again. */
export async function send(method, path, body) {
  while (true) {
    const held = token.get();
    const headers = { Accept: 'application/json', ...(held ? { Authorization: `Bearer ${held}` } : {}), ...(body ? { 'Content-Type': 'application/json' } : {}) };
    let answer;
    try {
      answer = await fetch(path, { method, headers, body: body ? JSON.stringify(body) : undefined, cache: 'no-store' });
    } catch {
      throw new Refusal(0, 'No answer', 'The instance does not answer. Whether the order was taken shows once the connection is back.');
    }
    if (answer.ok) return answer.json();
    const problem = await answer.json().catch(() => null);
    if (answer.status === 401) {
      if (await askForToken(held ? 'The token was not accepted.' : 'This order needs the admin token.')) continue;
      throw new Refusal(401, 'Not ordered', 'No token was given.');
    }
    throw new Refusal(answer.status, problem?.title ?? `HTTP ${answer.status}`, problem?.detail ?? 'No reason was given.');
  }
}

export const problemText = problem => problem instanceof Refusal ? `${problem.title}: ${problem.message}` : String(problem);

/**
 * Says what will happen, and does it if that is wanted. Stays open with the reason when it is refused.
 * @param {{title: string, body: (Node|string)[], verb: string, act: () => Promise<{ordered: string}>}} order
 */
export function confirmOrder({ title, body, verb, act }) {
  const dialog = byId('confirm');
  const error = byId('confirm-error');
  const button = byId('confirm-do');
  byId('confirm-title').textContent = title;
  byId('confirm-body').replaceChildren(...body.map(part => typeof part === 'string' ? el('p', {}, part) : part));
  error.hidden = true;
  button.textContent = verb;
  button.disabled = false;
  byId('confirm-cancel').onclick = () => dialog.close();
  byId('confirm-form').onsubmit = async event => {
    event.preventDefault();
    button.disabled = true;
    error.hidden = true;
    try {
      const taken = await act();
      dialog.close();
      toast(`Ordered: ${taken.ordered}.`);
    } catch (problem) {
      error.textContent = problemText(problem);
      error.hidden = false;
    } finally {
      button.disabled = false;
    }
  };
  dialog.showModal();
  (dialog.querySelector('#confirm-body input, #confirm-body select') ?? byId('confirm-cancel')).focus();
}

export function startOrders() {
  showToken();
  byId('token-button').addEventListener('click', () => askForToken(null));
}
