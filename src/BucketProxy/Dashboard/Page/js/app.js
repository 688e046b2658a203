// Puts the parts together: the stream fills the model, the model is drawn at most once a frame.

import { drawAlarms, drawFrozen, drawHealth, startFreeze } from './alarms.js';
import { byId, el, frame, setChildren, setText } from './dom.js';
import { Events } from './events.js';
import { drawFacts, drawInstance, drawProxies } from './facts.js';
import { ago, hex, number, time } from './format.js';
import { describe, Grid, heatBounds } from './grid.js';
import { Lookup } from './lookup.js';
import { Model } from './model.js';
import { Moves } from './moves.js';
import { Nodes } from './nodes.js';
import { startOrders } from './orders.js';
import { Owners } from './owners.js';
import { Rebalance } from './rebalance.js';
import { Slider } from './slider.js';
import { Stream } from './stream.js';

const model = new Model();
const owners = new Owners();
const stream = new Stream();
const grid = new Grid();
const slider = new Slider();
const nodes = new Nodes(owners);
const moves = new Moves(owners);
const events = new Events();
const lookup = new Lookup(owners, model);
const rebalance = new Rebalance(owners, model);

const ill = () => new Set(model.nodes.filter(node => model.standing(node) !== 'live').map(node => node.id));
const mode = () => document.querySelector('input[name="mode"]:checked').value;

// What the grid shows: now, a moment of the past, or a plan.
function picture() {
  const past = slider.at !== null;
  const picked = past ? model.ownersAt(slider.at) : model.buckets.map(bucket => bucket.node ?? null);
  const planned = past ? new Map() : rebalance.targets;
  const moving = new Map(past ? [] : model.moves.filter(move => !move.base).map(move => [parseInt(move.bucket, 16), move.to]));
  const states = model.buckets.map((bucket, i) => past ? 'open' : planned.has(i) ? 'planned' : bucket.state);
  const targets = planned.size > 0 ? planned : moving;
  return {
    owners: picked,
    states,
    targets,
    ill: past ? new Set() : ill(),
    heat: past || mode() === 'owner' ? null : model.loads[mode()],
    traced: nodes.traced,
    live: !past,
    describe: i => past
      ? `Bucket ${hex(i)}, owner ${picked[i] ?? 'none'} at ${time(slider.at)}`
      : describe(i, picked[i], states[i], targets.get(i), model.loads.rates[i], model.loads.sockets[i], model.buckets[i].epoch),
  };
}

function drawGrid() {
  const shown = picture();
  owners.learn(shown.owners.filter(id => id !== null));
  grid.draw(shown, owners);
  drawLegend(shown);
  drawDetail(shown);
}

function drawLegend(shown) {
  const legend = byId('legend');
  if (shown.heat) {
    const most = Math.max(...shown.heat);
    const bounds = heatBounds(most);
    setChildren(legend, [{ most, unit: mode() === 'rates' ? 'requests/s' : 'sockets' }], () => 'scale', ({ unit }) => el('div', { class: 'scale heat' },
      el('span', {}, '0'),
      el('span', { class: 'steps', 'aria-hidden': 'true' }, bounds.map((bound, step) => el('span', { class: 'cell', 'data-h': step, title: `from ${number(bound)}` }))),
      el('span', {}, `${number(most)} ${unit} in the busiest bucket`)));
    return;
  }
  const counts = new Map();
  for (const id of shown.owners) counts.set(id, (counts.get(id) ?? 0) + 1);
  const ids = [...counts.keys()].sort((a, b) => a === null ? 1 : b === null ? -1 : a < b ? -1 : 1);
  setChildren(legend, ids.map(id => ({ id, count: counts.get(id), pressed: id !== null && nodes.traced === id })), item => `n${item.id}`, legendEntry);
}

function legendEntry({ id, count, pressed }) {
  const parts = [el('span', owners.swatch(id), owners.letter(id)), el('span', { class: 'name' }, id ?? 'no owner'), el('span', { class: 'muted' }, String(count))];
  return id === null ? el('span', { class: 'entry' }, parts) : el('button', {
    type: 'button', 'aria-pressed': String(pressed), 'data-action': 'trace', title: 'Show only its buckets', onclick: () => nodes.trace(nodes.traced === id ? null : id),
  }, parts);
}

function drawDetail(shown) {
  const index = grid.shown;
  const bucket = model.buckets[index];
  const name = hex(index);
  const owner = shown.owners[index];
  const target = shown.targets.get(index);
  const change = model.lastChange(name);
  const items = [
    ['Bucket', `${name}  (UUIDs ${name}…)`],
    ['Owner', owner ?? 'nobody'],
    ['State', target ? `${shown.states[index]} → ${target}` : shown.states[index]],
    ...slider.at === null ? [
      ['Epoch', String(bucket.epoch)],
      ['Requests/s', number(model.loads.rates[index])],
      ['Sockets', String(model.loads.sockets[index])],
      ['Last change', change ? `${time(change.at)} from ${change.from ?? 'nobody'}${change.reason ? ` (${change.reason})` : ''}` : 'not in the last hour'],
    ] : [],
  ];
  const detail = byId('detail');
  if (!detail.firstElementChild) detail.append(el('dl', {}));
  setChildren(detail.firstElementChild, items, item => item[0], ([term, text]) => el('div', {}, el('dt', {}, term), el('dd', { title: text }, text)));
}

const disabled = () => stream.state !== 'live';

const draw = frame(() => {
  drawConnection();
  if (model.status === null) return;
  const off = disabled();
  owners.learn(model.nodes.map(node => node.id));
  drawHealth(model);
  drawFrozen(model, off);
  drawFacts(model);
  drawInstance(model);
  drawProxies(model);
  drawAlarms(model, off);
  nodes.draw(model, off);
  rebalance.draw(off);
  slider.draw(model);
  drawGrid();
  lookup.draw(off);
  moves.draw(model);
  events.draw(model);
});

function drawConnection() {
  const { state, lostSince, retryAt, problem } = stream;
  document.body.dataset.connection = state;
  const rest = retryAt === null ? 'trying …' : `next try in ${ago(retryAt - Date.now())}`;
  setText(byId('connection-text'), state === 'live' ? 'live' : state === 'lost' ? `lost since ${time(lostSince)}` : 'connecting …');
  byId('lost').hidden = state !== 'lost';
  if (state === 'lost')
    setText(byId('lost-text'), `since ${time(lostSince)} (${problem}). ${model.at ? 'What is shown is as of then, and orders are off' : 'Nothing has been seen yet'}; ${rest}.`);
}

async function fetchHistory() {
  try {
    const answer = await fetch('api/history', { cache: 'no-store' });
    if (answer.ok) model.setHistory(await answer.json());
  } catch {
    // The stream says that the connection is lost; the next snapshot asks again.
  }
}

model.addEventListener('snapshot', () => {
  fetchHistory();
  moves.refresh(model);
  lookup.refresh();
});
model.addEventListener('happened', event => {
  events.announce(event.detail);
  if (event.detail.some(entry => entry.kind === 'owner' || entry.kind === 'aborted')) {
    moves.refresh(model);
    lookup.refresh();
  }
});
model.addEventListener('change', draw);
stream.addEventListener('snapshot', event => model.snapshot(event.detail));
stream.addEventListener('change', event => model.change(event.detail));
stream.addEventListener('state', draw);
grid.addEventListener('shown', draw);
slider.addEventListener('moved', draw);
nodes.addEventListener('traced', draw);
rebalance.addEventListener('changed', draw);
lookup.addEventListener('found', event => {
  grid.find(event.detail);
  draw();
});
for (const input of document.querySelectorAll('input[name="mode"]')) input.addEventListener('change', draw);
byId('lost-retry').addEventListener('click', () => stream.retry());
// Only what counts time by itself: how long the connection has been lost, and bars that move to the left.
setInterval(() => { if (!document.hidden) draw(); }, 1000);

startOrders();
startFreeze();
draw();
stream.start();
