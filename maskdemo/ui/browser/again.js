// A part of the page that is drawn again by itself: it asks the server for that some seconds after its
// last drawing was here. One part asks at a time, and none before the answer to the last one.

// Milliseconds after which an answer is not waited for any longer: it is lost where the connection broke.
const PATIENCE = 10_000;

const parts = new WeakMap();
const due = new Set();
let asked = null;
let patience = null;

function ask() {
  if (asked || !due.size) return;
  [asked] = due;
  due.delete(asked);
  asked.tell("again", true);
  patience = setTimeout(later, PATIENCE, asked);
}

/** Whatever the part has asked for is answered or out of date. */
function settle(part) {
  clearTimeout(part.timer);
  due.delete(part);
  if (asked !== part) return;
  clearTimeout(patience);
  asked = null;
}

/** Let the part ask when its time has come. */
function later(part) {
  settle(part);
  part.timer = setTimeout(() => {
    due.add(part);
    ask();
  }, 1000 * part.seconds);
  ask();
}

export default function ({ data, parentElement, setTriggerValue }) {
  let part = parts.get(parentElement);
  if (!part) parts.set(parentElement, (part = {}));
  part.tell = setTriggerValue;
  if (data.drawn !== part.drawn) {
    // All parts come anew with the whole page: nobody asks for one of them before it is here.
    if (data.page !== part.page) {
      due.clear();
      if (asked) settle(asked);
    }
    Object.assign(part, data);
    later(part);
  }
  // Streamlit also calls this for a drawing that a newer one has overtaken: then the part is still there.
  return () =>
    setTimeout(() => {
      if (parentElement.isConnected) return;
      settle(part);
      ask();
    });
}
