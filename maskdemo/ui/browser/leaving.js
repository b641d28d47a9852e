// Between the click on a link to another page and that page, the page that is left still stands there.
// It is not to be used any more: Streamlit 1.67 answers a question of one of its parts after the new page,
// as if it were that page's, and empties it (`handleNewSession` in its App.tsx). Its own `run_every` stops
// there as well.

import { joinSteps } from "./history.js";

// What asks for work that goes on is there before any begins: should the connection break in that moment,
// it could not be fetched, and Streamlit tries that once.
import("../maskdemo.poll/poll.js");

// Milliseconds after which the page is given back: the connection broke, and no other will come.
const TIMEOUT_MS = 10_000;

const place = () => document.querySelector('[data-testid="stMain"]');
const LINK = '[data-testid="stPageLink-NavLink"]';

/** Whether the page is being left: then nothing may be asked of the server for it. */
export function leaving() {
  return place()?.inert ?? false;
}

let shown = null;
let next = null;
let timeout = null;

function stay() {
  next = null;
  clearTimeout(timeout);
  if (place()) place().inert = false;
}

function go(to) {
  // Somebody who thinks better of it gets the page that is still seen anew, and only then asks it something:
  // in a browser that is behind, Streamlit takes the answer to a part for another page once more, empties
  // it, and ends on a white one.
  const anew = leaving();
  stay();
  if (to === shown.page && !anew) return;
  next = to;
  if (place()) place().inert = true;
  timeout = setTimeout(stay, TIMEOUT_MS);
}

// What was said on this page before is still to be sent: Streamlit does that in a task of its own
// (`scheduleFlush` in its WidgetStateManager), but asks for another page at once. So it is asked for that
// in a task behind: by a link only then, by Back, which Streamlit hears of first, once more.
let repeated = null;
let ask = null;

// A page that is drawn anew meanwhile has another link in its place. Only where it has none the first asking
// is by the one that was taken out, which the browser follows by its address alone: it opens the app anew,
// without what this session has.
function standing(to) {
  const same = (each) => each.getAttribute("href") === to.getAttribute("href");
  return to.isConnected ? to : [...document.querySelectorAll(LINK)].find(same);
}

// Not by the link's whole address: the browser takes the first page's, which is empty, for this page's own.
function follow(event) {
  const to = event.target.closest?.(LINK);
  if (!to || event === repeated) return;
  if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) {
    // Streamlit would open the page in this tab: the click is left to the browser, which opens another
    // tab or window, or saves the link.
    event.stopImmediatePropagation();
    return;
  }
  event.preventDefault();
  event.stopImmediatePropagation();
  go(to.getAttribute("href").split("?")[0]);
  ask = (otherwise) => {
    repeated = new MouseEvent("click", event);
    (standing(to) ?? otherwise)?.dispatchEvent(repeated);
  };
  setTimeout(ask, 0, to);
}

// Not by the address when the page was drawn: Streamlit writes that some time later. The name of the first
// page is empty, also in a folder that is named like a page: that address ends with a slash.
function addressed() {
  const last = window.location.pathname.split("/").at(-1);
  return shown.pages.includes(last) ? last : "";
}

function move(event) {
  if (event === repeated) return;
  const to = addressed();
  go(to);
  if (!leaving()) return;
  ask = () => {
    if (addressed() !== to) return;
    repeated = new PopStateEvent("popstate", { state: event.state });
    window.dispatchEvent(repeated);
  };
  setTimeout(ask);
}

// After a break of the connection Streamlit asks for the page only where a part of it was drawn last. Where the
// server has begun another session meanwhile, that knows none of the parts: what is pressed in them would be
// lost without a word. So the page is always asked for. So it is where the theme changes, by the system or in
// Streamlit's menu: charts and pictures come from the server in the colours of one theme.
const CONNECTION = "data-test-connection-state";
let tell = null;

function watch(app) {
  const scheme = () => getComputedStyle(app).colorScheme;
  let drawn = scheme();
  new MutationObserver((changes) => {
    const connected = changes.some((each) => each.attributeName === CONNECTION);
    const recoloured = drawn !== (drawn = scheme());
    if ((connected && app.getAttribute(CONNECTION) === "CONNECTED") || recoloured) tell("anew", true);
  }).observe(app, { attributeFilter: [CONNECTION, "class"] });
}

// Called on every run of the app; data: the page's name in links, empty for the first, all names, a number
// that tells the run from the one before it, and the session.
export default function ({ data, setTriggerValue }) {
  tell = setTriggerValue;
  if (!shown) {
    joinSteps();
    watch(document.querySelector('[data-testid="stApp"]'));
    window.addEventListener("click", follow, true);
    window.addEventListener("popstate", move);
    // What is typed and not entered yet would be, as the field loses its focus by that.
    window.addEventListener("focusout", (event) => leaving() && event.stopPropagation(), true);
  }
  if (data.page === next) stay();
  // The page that is left is drawn once more. Streamlit keeps which page is wanted for the whole session
  // (`PagesManager`), and a run that is given up for another page may write it last: then that is lost.
  else if (leaving()) setTimeout(ask);
  // The connection was away for so long that the server has begun another session for this tab.
  if (shown && data.session !== shown.session) tell("lost", shown.session);
  shown = data;
}
