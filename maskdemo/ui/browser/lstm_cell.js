// One LSTM cell, drawn: its memory is a bar per strategy, its gates say what they do.

const SAYS = {
  forget: "Forget gate: how much of the memory stays at this step.",
  input: "Input gate: how much of the candidate is written into the memory.",
  candidate: "Candidate: what this step would write into the memory.",
  output: "Output gate: how much of the memory the network shows.",
  memory: "Memory: how near the cell state is to the cell state without padding. A mask closes it off.",
};
const INVITATION = "Memory: how near the cell state is to the cell state without padding. Point at a gate.";
const GATES = { forget: ["f", 76], input: ["i", 138], candidate: ["g", 184], output: ["o", 248] };
const CLOSED = { held: "closed by its mask", reset: "reset", open: "" };
const BAR = 27;
const LEFT = 48;
const WIDE = 244;

/** The drawing, with one bar of memory for each lane. */
export function cell(lanes) {
  const box = document.createElement("div");
  box.className = "maskdemo-cell";
  const belt = 40 + BAR * lanes.length;
  const [signs, products, gate, wire] = [belt + 20, belt + 52, belt + 100, belt + 138];
  const wires = (...paths) =>
    paths.map((path) => `<path class="wire" d="${path}" marker-end="url(#maskdemo-arrow)"/>`).join("");
  const sign = (text, x, y) =>
    `<circle class="sign" cx="${x}" cy="${y}" r="9"/><text x="${x}" y="${y}">${text}</text>`;
  const saying = (name, drawing) =>
    `<g role="button" tabindex="0" data-says="${name}" aria-label="${SAYS[name]}">${drawing}</g>`;
  const gates = Object.entries(GATES).map(([name, [letter, x]]) =>
    saying(
      name,
      `<circle class="gate" cx="${x}" cy="${gate}" r="16"/><text x="${x}" y="${gate}">${letter}</text>`,
    ),
  );
  const bars = lanes.map(
    ({ title, colour }, at) => `
      <g class="bar" style="--colour:${colour}" transform="translate(${LEFT} ${32 + BAR * at})">
        <text class="name" y="7">${title} <tspan></tspan></text><text class="share" x="${WIDE}" y="7"></text>
        <rect class="track" y="15" width="${WIDE}" height="8"/><rect class="kept" y="15" height="8"/>
        <path class="lid" d="M-2 12v14M${WIDE + 2} 12v14"/></g>`,
  );
  box.innerHTML = `<svg viewBox="0 0 350 ${wire + 24}" role="group" aria-label="An LSTM cell">
    <defs><marker id="maskdemo-arrow" viewBox="0 0 6 6" refX="5" refY="3" markerWidth="6" markerHeight="6"
      orient="auto"><path d="M0 0L6 3L0 6z"/></marker></defs>
    <rect class="body" x="26" y="1" width="288" height="${wire + 16}" rx="14"/>
    ${saying(
      "memory",
      `<rect class="belt" x="36" y="9" width="268" height="${belt - 8}" rx="8"/>
      <text class="word" x="${LEFT}" y="22">Memory c</text>${bars.join("")}`,
    )}
    ${wires(
      ...Object.values(GATES).map(([, x]) => `M${x} ${wire}V${gate + 17}`),
      `M76 ${gate - 16}V${belt + 3}`,
      `M138 ${gate - 16}V${products + 10}L152 ${products + 3}`,
      `M184 ${gate - 16}V${products + 10}L170 ${products + 3}`,
      `M161 ${products}V${belt + 3}`,
      `M276 ${belt + 1}V${products - 10}`,
      `M248 ${gate - 16}V${products}H266`,
      `M285 ${products}H346`,
    )}
    <path class="wire" d="M4 ${wire}H248"/>
    ${sign("×", 76, signs)}${sign("+", 161, signs)}${sign("×", 161, products)}${sign("×", 276, products)}
    <text class="name" x="0" y="${wire - 11}">x, h</text><text class="end" x="346" y="${products - 12}">h</text>
    ${gates.join("")}</svg><p aria-live="polite">${INVITATION}</p>`;
  const says = box.querySelector("p");
  const say = ({ target }) => {
    const name = target.closest?.("[data-says]")?.dataset.says;
    if (name) says.textContent = SAYS[name];
  };
  for (const event of ["pointerover", "focusin", "click"]) box.addEventListener(event, say);
  return box;
}

/** Show how much of the memory is left, and where it is closed off. */
export function draw(box, readings) {
  for (const [at, bar] of [...box.querySelectorAll(".bar")].entries()) {
    const { kept, gate } = readings[at];
    bar.dataset.gate = gate;
    bar.querySelector("tspan").textContent = CLOSED[gate];
    bar.querySelector(".kept").setAttribute("width", WIDE * kept);
    bar.querySelector(".kept").style.opacity = 0.4 + 0.6 * kept;
    bar.querySelector(".share").textContent = `${Math.round(100 * kept)}%`;
  }
}
