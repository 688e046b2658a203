// The only place where elements are made. Text is always a text node: nothing that a server says can become markup.

const svgTags = new Set(['svg', 'rect', 'line', 'polyline', 'title']);

export const byId = id => document.getElementById(id);

/** Makes an element: properties by name (class, data-…, aria-… as attributes, on… as listeners), then children; null is left out. */
export function el(tag, properties = {}, ...children) {
  const node = svgTags.has(tag) ? document.createElementNS('http://www.w3.org/2000/svg', tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? '' : value);
  }
  node.append(...children.flat().filter(child => child !== null && child !== undefined));
  return node;
}

/** Sets a text only where it differs, so that screen readers and layout are left alone. */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** Sets an attribute only where it differs; null takes it away. */
export function setAttribute(node, name, value) {
  if (value === null || value === undefined) {
    if (node.hasAttribute(name)) node.removeAttribute(name);
  } else if (node.getAttribute(name) !== String(value)) {
    node.setAttribute(name, value);
  }
}

/**
 * Makes the children of a list those of `items`: what is there stays (and keeps its focus), what is new is made, the rest goes.
 * `signature(item)` says when a child must be made anew.
 */
export function setChildren(list, items, key, make, signature = JSON.stringify) {
  const old = new Map([...list.children].map(child => [child.dataset.key, child]));
  let at = list.firstElementChild;
  for (const item of items) {
    const name = String(key(item));
    const text = signature(item);
    let child = old.get(name);
    old.delete(name);
    if (!child || child.dataset.signature !== text) {
      const fresh = make(item);
      fresh.dataset.key = name;
      fresh.dataset.signature = text;
      if (child) {
        const focused = child.contains(document.activeElement) ? document.activeElement.dataset.action : null;
        if (child === at) at = child.nextElementSibling;
        child.replaceWith(fresh);
        if (focused) fresh.querySelector(`[data-action="${focused}"]`)?.focus();
      }
      child = fresh;
    }
    if (child === at) at = at.nextElementSibling;
    else list.insertBefore(child, at);
  }
  for (const child of old.values()) child.remove();
}

/** Calls `draw` in the next frame, however often it is asked for until then. */
export function frame(draw) {
  let asked = false;
  return () => {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => {
      asked = false;
      draw();
    });
  };
}

/** A short word that orders were taken; the status role has it read out. */
export function toast(text) {
  const node = byId('toast');
  node.textContent = text;
  clearTimeout(toast.timer);
  toast.timer = setTimeout(() => { node.textContent = ''; }, 6000);
}
