// A part of the page that is drawn again by itself: it asks the server for that some seconds after its
// last drawing was here. One part asks at a time, none before the answer to the last one, and none of a
// page that is being left.

import { leaving } from "./leaving.js";

// How long an answer is waited for: it may be lost where the connection broke.
const TIMEOUT_MS = 10_000;

const parts = new Map();
const due = new Set();
let asked = null;
let timeout = null;

function ask() {
  // The last one may have waited in vain, for an answer in which the others went as well.
  for (const part of due) if (!part.place.isConnected) due.delete(part);
  if (asked || !due.size) return;
  if (leaving()) {
    due.forEach(later);
    return;
  }
  [asked] = due;
  due.delete(asked);
  // With what the charts show, which then need not be sent again: see `chart.js`.
  asked.tell("poll", Object.fromEntries(document[Symbol.for("maskdemo:drawn")] ?? []));
  timeout = setTimeout(later, TIMEOUT_MS, asked);
}

/** Whatever the part has asked for is answered or out of date. */
function settle(part) {
  clearTimeout(part.timer);
  due.delete(part);
  if (asked !== part) return;
  clearTimeout(timeout);
  asked = null;
}

/** Let the part ask when its time has come. */
function later(part) {
  settle(part);
  part.timer = setTimeout(() => {
    if (part.place.isConnected) due.add(part);
    else parts.delete(part.place);
    ask();
  }, 1000 * part.seconds);
  ask();
}

// Where a part that has asked is taken out of the page, nobody else asks: the answer is the whole page,
// in which the others come anew or go as well.
export default function ({ data, parentElement, setTriggerValue }) {
  let part = parts.get(parentElement);
  if (!part) parts.set(parentElement, (part = { place: parentElement }));
  part.tell = setTriggerValue;
  if (data.drawn === part.drawn) return;
  const anew = data.page !== part.page;
  Object.assign(part, data);
  // With the whole page all parts come, in pieces: what they asked before it is out of date.
  const answers = anew ? [...parts.values()] : [part];
  answers.forEach(settle);
  answers.forEach(later);
}
