// Three marks for a first visit: the answer, the handle, the settings. They are pseudo-elements (see
// `padding_handle.css`), so they move nothing, take no click and are not read out.

const SEEN = "maskdemo:seen";
const ENDS = ["pointerdown", "keydown"];

/** Show the marks at an answer that was there on arrival, until the first click or key, and never again. */
export function markFirstVisit() {
  if (!document.querySelector(".st-key-answer")) return;
  const { classList } = document.documentElement;
  try {
    if (localStorage.getItem(SEEN)) return;
  } catch {
    return; // Who keeps nothing would see them for ever.
  }
  classList.add("maskdemo-first-visit");
  const end = () => {
    classList.remove("maskdemo-first-visit");
    localStorage.setItem(SEEN, "1");
    for (const event of ENDS) document.removeEventListener(event, end, { capture: true });
  };
  for (const event of ENDS) document.addEventListener(event, end, { capture: true });
}
