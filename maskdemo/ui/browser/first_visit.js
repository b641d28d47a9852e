// Three marks for a first visit: the answer, the handle, the settings. They are pseudo-elements (see
// `padding_handle.css`), so they move nothing, take no click and are not read out.

const SEEN = "maskdemo:seen";

/** Show the marks until the first click, and never again. */
export function markFirstVisit() {
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
  };
  document.addEventListener("click", end, { capture: true, once: true });
}
