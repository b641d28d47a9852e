// A slider that is dragged, or a key that is held on one, asks the server again and again, and each answer
// changes the address. All of that is one step of the browser's history: where Back leads is from before.

const SLIDERS = '[role="slider"], input[type="range"], [data-testid="stSlider"]';

// How often the address changed by what was last done, where that was done to a slider.
let changes = null;

function begin(event) {
  if (event.repeat) return;
  changes = event.target.closest?.(SLIDERS) ? 0 : null;
}

/** Once, before the page can be used. */
export function joinSteps() {
  for (const each of ["pointerdown", "keydown"]) window.addEventListener(each, begin, true);
  const push = window.history.pushState.bind(window.history);
  window.history.pushState = (...state) => {
    if (changes === null || changes++ === 0) push(...state);
    else window.history.replaceState(...state);
  };
}
