// The few buttons below a chart. For the keyboard they are one stop, and arrows lead from one to the next.

const ICONS = {
  Numbers: "M2 3h12v10H2zM2 6.5h12M6.5 3v10",
  Zoom: "M7 2.5a4.5 4.5 0 1 0 0 9a4.5 4.5 0 0 0 0-9zM10.5 10.5L14 14",
  Save: "M8 2v8M4.5 7L8 10.5L11.5 7M2.5 13.5h11",
};
// Those that stay pressed.
const SWITCHES = ["Numbers", "Zoom"];

/** A row of buttons. actions: name -> what to do; a switch is told whether it is pressed. */
export function tools(actions) {
  const row = document.createElement("div");
  row.className = "maskdemo-tools";
  row.setAttribute("role", "toolbar");
  const buttons = Object.entries(actions).map(([name, act]) => button(name, act));
  for (const each of buttons) each.tabIndex = -1;
  buttons[0].tabIndex = 0;
  row.append(...buttons);
  row.onkeydown = (event) => {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (by) buttons.at((buttons.indexOf(document.activeElement) + by) % buttons.length).focus();
  };
  return row;
}

function button(name, act) {
  const made = document.createElement("button");
  made.type = "button";
  made.title = name;
  made.setAttribute("aria-label", name);
  made.innerHTML = `<svg viewBox="0 0 16 16" aria-hidden="true"><path d="${ICONS[name]}" /></svg>`;
  if (SWITCHES.includes(name)) made.setAttribute("aria-pressed", false);
  made.onclick = () => {
    const pressed = made.getAttribute("aria-pressed") === "false";
    if (SWITCHES.includes(name)) made.setAttribute("aria-pressed", pressed);
    act(pressed);
  };
  return made;
}
