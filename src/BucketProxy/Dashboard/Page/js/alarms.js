// What is wrong and what to do; where the way out is an order, it can be given on the spot.

import { byId, el, setChildren, setText } from './dom.js';
import { plural } from './format.js';
import { confirmOrder, send } from './orders.js';

const words = kind => kind.replaceAll('-', ' ').replace(/^./, first => first.toUpperCase());

export function drawAlarms(model, disabled) {
  const alarms = model.status.alarms;
  const count = byId('alarm-count');
  setText(count, alarms.length === 0 ? '' : String(alarms.length));
  count.className = alarms.length === 0 ? 'count' : 'count bad';
  const items = alarms.length > 0 ? alarms : [{ kind: 'none', subject: '' }];
  const nth = new Map();
  setChildren(byId('alarms'), items.map(alarm => {
    const name = `${alarm.kind} ${alarm.subject}`;
    nth.set(name, (nth.get(name) ?? 0) + 1);
    return { ...alarm, disabled, key: `${name} ${nth.get(name)}` };
  }), alarm => alarm.key, alarm => alarm.kind === 'none' ? el('li', { class: 'empty' }, 'Nothing is wrong.') : card(alarm));
}

function card(alarm) {
  const order = orders[alarm.kind]?.(alarm);
  return el('li', { class: 'alarm' },
    el('h3', {}, words(alarm.kind), alarm.subject ? `: ${alarm.subject}` : ''),
    el('p', {}, alarm.message),
    el('p', { class: 'what' }, alarm.whatToDo),
    order ? el('button', { type: 'button', class: 'small', 'data-action': 'order', disabled: alarm.disabled, onclick: () => confirmOrder(order) }, `${order.verb} …`) : null);
}

const orders = {
  'frozen': () => unfreezeOrder,
  'blocking-proxy': alarm => ({
    title: `Forget ${alarm.subject}?`,
    body: ['Moves no longer wait for this proxy. Only if it is gone for good: if it still runs, it may send requests to a server that no longer owns their base.'],
    verb: 'Forget it',
    act: () => send('POST', `api/proxies/${encodeURIComponent(alarm.subject)}/forget`),
  }),
  'suspect-node': alarm => ({
    title: `Is the process of ${alarm.subject} gone?`,
    body: ['Only if you know that the server is gone and that something else answers at its address: its buckets then go to the others, and what it had not saved is lost.'],
    verb: 'It is gone',
    act: () => send('POST', `api/nodes/${encodeURIComponent(alarm.subject)}/gone`),
  }),
  'store-not-adopted': () => ({
    title: 'Accept the store as it is now?',
    body: ['Only if this is the right store, for example after a backup was restored. From then on its owners count, and what was assigned since the backup is forgotten.'],
    verb: 'Accept it',
    act: () => send('POST', 'api/store/accept'),
  }),
};

const unfreezeOrder = {
  title: 'Unfreeze?',
  body: ['Owners may change again: buckets without a living owner get one, and drains, pins and rebalances go on.'],
  verb: 'Unfreeze',
  act: () => send('POST', 'api/unfreeze'),
};

export function startFreeze() {
  byId('unfreeze').addEventListener('click', () => confirmOrder(unfreezeOrder));
  byId('freeze').addEventListener('click', () => {
    const reason = el('input', { type: 'text', id: 'reason', maxlength: 200, autocomplete: 'off' });
    confirmOrder({
      title: 'Freeze?',
      body: [
        el('ul', {},
          el('li', {}, 'No bucket changes its owner until it is lifted, for everybody.'),
          el('li', {}, 'Requests go on. But if a server dies, its buckets wait, and their requests are refused after the hold.'),
          el('li', {}, 'Drains, pins and rebalances stand still.')),
        el('label', { for: 'reason' }, 'Why, for others who look at this page'), reason,
      ],
      verb: 'Freeze',
      act: () => send('POST', 'api/freeze', { reason: reason.value.trim() || null }),
    });
  });
}

export function drawFrozen(model, disabled) {
  // Not known yet: neither order would be the right one.
  const { known, frozen, frozenReason } = model.status;
  byId('frozen').hidden = frozen !== true;
  setText(byId('frozen-text'), `No bucket changes its owner: ${frozenReason ?? 'no reason given'}.`);
  byId('freeze').hidden = frozen === true;
  for (const id of ['freeze', 'unfreeze']) byId(id).disabled = disabled || !known;
}

export function drawHealth(model) {
  const { alarms, health } = model.status;
  const pill = byId('health');
  pill.hidden = false;
  const [level, text] = alarms.length > 0 ? ['bad', plural(alarms.length, 'alarm')]
    : !health.ready ? ['warning', 'this instance is not ready']
      : health.remarks.length > 0 ? ['warning', 'ready, with remarks'] : ['good', 'all well'];
  pill.className = `pill ${level}`;
  pill.title = [...health.reasons, ...health.remarks].join('\n');
  setText(pill, text);
  const title = `${alarms.length > 0 ? `(${alarms.length}) ` : ''}${model.status.cluster} · BucketProxy`;
  if (document.title !== title) document.title = title;
}
