// Between the click on a link to another page and that page, the page that is left still stands there.
// It is not to be used any more: Streamlit 1.67 answers a question of one of its parts after the new page,
// as if it were that page's, and empties it (`handleNewSession` in its App.tsx). Its own `run_every` stops
// there as well.

// Milliseconds after which the page is given back: the connection broke, and no other will come.
const PATIENCE = 10_000;

const place = () => document.querySelector('[data-testid="stMain"]');
const link = (event) => event.target.closest?.('[data-testid="stPageLink-NavLink"]');

/** Whether the page is being left: then nothing may be asked of the server for it. */
export function leaving() {
  return place()?.inert ?? false;
}

let shown = null;
let patience = null;

function leave(path) {
  if (path === shown.path) return;
  place().inert = true;
  clearTimeout(patience);
  patience = setTimeout(stay, PATIENCE);
}

function stay() {
  clearTimeout(patience);
  if (place()) place().inert = false;
}

// Called on every run of the app; data: the page's name.
export default function ({ data }) {
  if (!shown) {
    window.addEventListener("click", (event) => link(event) && leave(link(event).pathname));
    window.addEventListener("popstate", () => leave(window.location.pathname));
    // What is typed and not entered yet would be, as the field loses its focus by that.
    window.addEventListener("focusout", (event) => leaving() && event.stopPropagation(), true);
  }
  if (data.page !== shown?.page) stay();
  shown = { page: data.page, path: window.location.pathname };
}
