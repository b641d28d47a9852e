// Pull the padding: its edge is a handle, and every network says in the same instant what it then thinks.
//
// All that moves is computed here, by `recurrence.js`; the server hears where the handle was let go, and
// answers with what it measured there (see `maskdemo/ui/padding_handle.py`).

import { markFirstVisit } from "./first_visit.js";
import { leaving } from "./leaving.js";
import { cell, draw as drawCell } from "./lstm_cell.js";
import { nearness, Reader, unpacked } from "./recurrence.js";

const SIDES = { post: "after the end", pre: "in front" };
// Milliseconds after the last key until the handle counts as let go.
const REST_MS = 400;
const OWN = "own";

const percent = (share) => `${Math.round(100 * share)}%`;
const steps = (count) => `${count} padded step${count === 1 ? "" : "s"}`;

function element(tag, name, ...children) {
  const made = document.createElement(tag);
  if (name) made.className = name;
  made.append(...children);
  return made;
}

/** Radio buttons in a row; choose: called with the value of the one that is chosen. */
function choice(legend, name, options, choose) {
  const set = element("fieldset", "", element("legend", "", legend));
  for (const [value, title] of Object.entries(options)) {
    const input = Object.assign(element("input"), { type: "radio", name, value });
    input.setAttribute("aria-label", `${legend}: ${title}`);
    input.onchange = () => choose(value);
    set.append(element("label", "", input, element("span", "", title)));
  }
  return set;
}

class Handle {
  constructor(parent) {
    this.parent = parent;
    this.root = element("section", "maskdemo-pull");
    this.root.setAttribute("aria-label", "Pull the padding");
    parent.append(this.root);
  }

  update(data, tell) {
    this.tell = tell;
    const anew = data.version !== this.data?.version;
    this.data = data;
    if (anew) {
      this.at = { ...data.chosen };
      this.told = JSON.stringify(this.at);
      this.build();
    }
    this.show();
  }

  /** Everything that stays while the handle moves. */
  build() {
    const { data } = this;
    const names = Object.keys(data.networks);
    this.networks = Object.fromEntries(names.map((name) => [name, unpacked(data.networks[name])]));
    this.readers = new Map();
    this.length = data.labels.length;
    this.title = element("p", "maskdemo-pull-detail");
    const id = `maskdemo-${data.version}`;
    this.sides = choice("Side", `${id}-side`, { post: "After the end", pre: "In front" }, (side) =>
      this.choose({ side }),
    );
    const lenders = Object.keys(data.lenders).length > 0;
    const weights = { [data.shared]: "One for all", [OWN]: "Each its own" };
    this.weights = choice("Network", `${id}-weights`, weights, (weights) => this.choose({ weights }));
    this.lanes = data.lanes.map((lane) => this.lane(lane));
    this.cell = cell(data.lanes);
    this.root.style.setProperty("--lanes", data.lanes.length);
    this.root.replaceChildren(
      element("h3", "", "Pull the padding"),
      this.title,
      element("div", "maskdemo-pull-choices", this.sides, ...(lenders ? [this.weights] : [])),
      element("div", "maskdemo-pull-body", this.stage(), this.cell),
    );
  }

  lane({ name, title, colour, readsMask }) {
    const row = element("div", "maskdemo-pull-lane");
    row.style.setProperty("--colour", colour);
    row.innerHTML = `<b><span></span></b><output aria-live="off"></output>
      <div class="plot"><i class="hatch"></i><svg viewBox="0 0 1 1" preserveAspectRatio="none"
        aria-hidden="true"><path class="later"/><path class="line"/></svg><i class="ring"></i></div>
      <small></small>`;
    const parts = Object.fromEntries(
      ["output", "small", ".hatch", ".ring", ".later", ".line", ".plot", "svg"].map((each) => [
        each.replace(".", ""),
        row.querySelector(each),
      ]),
    );
    const aside = row.querySelector("span");
    aside.before(title);
    return { name, readsMask, row, aside, ...parts };
  }

  /** The lanes, and the handle across all of them. */
  stage() {
    const { most } = this.data;
    this.slider = element("input");
    Object.assign(this.slider, { type: "range", min: 0, max: most, step: 1 });
    this.slider.setAttribute("aria-label", "Padded steps");
    this.slider.oninput = () => this.move(Number(this.slider.value));
    this.slider.onchange = () => this.rest();
    this.pill = element("span", "pill");
    this.grip = element("div", "grip", this.pill);
    this.ticks = element("div", "ticks");
    this.foot = element("p", "foot");
    this.stageBox = element("div", "maskdemo-pull-stage");
    this.stageBox.append(this.slider, this.grip, ...this.lanes.map(({ row }) => row), this.ticks, this.foot);
    for (let at = 0; at <= most; at += 50) this.ticks.append(element("span", "", `${at}`));
    this.grip.onpointerdown = (event) => this.grab(event);
    for (const { plot } of this.lanes) plot.onpointerdown = (event) => this.grab(event);
    return this.stageBox;
  }

  /** Follow the pointer until it is let go. A finger on a lane scrolls the page, on the grip it pulls. */
  grab(event) {
    const on = event.currentTarget;
    if (event.button || (event.pointerType === "touch" && on !== this.grip)) return;
    event.preventDefault();
    on.setPointerCapture(event.pointerId);
    const follow = ({ clientX }) => {
      const { left, width } = this.stageBox.getBoundingClientRect();
      const step = ((clientX - left) / width) * (this.length + this.data.most);
      const { most } = this.data;
      const added = Math.round(this.at.side === "pre" ? most - step : step - this.length);
      this.move(Math.min(Math.max(added, 0), most));
    };
    if (on !== this.grip) follow(event);
    on.onpointermove = follow;
    on.onpointerup = on.onpointercancel = () => {
      on.onpointermove = on.onpointerup = on.onpointercancel = null;
      this.slider.focus({ preventScroll: true, focusVisible: false });
      this.rest(0);
    };
  }

  choose(part) {
    Object.assign(this.at, part);
    this.show();
    this.rest();
  }

  /** Pull to so many steps; what is seen follows with the next frame. */
  move(added) {
    if (added === this.at.added) return;
    this.at.added = added;
    this.root.classList.add("pulled");
    clearTimeout(this.resting);
    this.frame ??= requestAnimationFrame(() => this.show());
  }

  /** Tell the server where the handle was let go: once, not at every step. */
  rest(after = REST_MS) {
    clearTimeout(this.resting);
    this.resting = setTimeout(() => {
      const told = JSON.stringify(this.at);
      if (told === this.told || leaving() || !this.parent.isConnected) return;
      this.told = told;
      this.asked = true;
      this.foot.textContent = this.footnote();
      this.tell("pulled", { ...this.at });
    }, after);
  }

  reader(lane) {
    const { weights } = this.at;
    const of = weights === OWN || lane.readsMask ? lane.name : weights;
    const key = `${lane.name} ${of}`;
    if (!this.readers.has(key)) this.readers.set(key, new Reader(this.networks[of], lane));
    return this.readers.get(key);
  }

  /** Everything that the handle moves. */
  show() {
    cancelAnimationFrame(this.frame);
    this.frame = null;
    const { added, side, weights } = this.at;
    const { data, length } = this;
    const whole = length + data.most;
    const edge = (side === "pre" ? data.most - added : length + added) / whole;
    this.root.dataset.side = side;
    for (const set of [this.sides, this.weights]) {
      for (const input of set.querySelectorAll("input")) input.checked = [side, weights].includes(input.value);
    }
    this.slider.value = added;
    this.slider.dir = side === "pre" ? "rtl" : "ltr";
    this.grip.style.left = `${100 * edge}%`;
    this.grip.classList.toggle("right", edge > 0.5);
    this.pill.textContent = steps(added);
    this.pill.style.transform = `translateX(${-100 * edge}%)`;
    this.root.style.setProperty("--from", (side === "pre" ? 0 : length) / whole);
    this.root.style.setProperty("--part", data.most / whole);
    const readings = data.lanes.map((lane) => this.reading(lane));
    for (const [index, lane] of this.lanes.entries()) this.showLane(lane, readings[index]);
    drawCell(this.cell, readings);
    this.foot.textContent = this.footnote();
    const said = readings.map(({ words }, index) => `${data.lanes[index].title} ${words.join("")}`);
    this.slider.setAttribute("aria-valuetext", `${steps(added)} ${SIDES[side]}. ${said.join(". ")}`);
    const network =
      weights === OWN
        ? "Each strategy's own network"
        : `One network, trained with ${data.lenders[weights]},`;
    const truth = data.perStep ? "a label at each step" : `true label ${data.names[data.label]}`;
    this.title.textContent = `${network} reads ${data.sequence}, ${truth}, with ${steps(added)} ${SIDES[side]}.`;
  }

  /** What a lane's network makes of the sequence with the present padding. */
  reading(lane) {
    const { added, side } = this.at;
    const { data, length } = this;
    const reader = this.reader(lane);
    const states = reader.states(added, side);
    const offset = side === "pre" ? added : 0;
    const outputs = states.map((state) => reader.output(state));
    const best = (output) => output.indexOf(Math.max(...output));
    const bare = reader.bare.map((state) => reader.output(state));
    const { valid, labels, label, perStep } = data;
    const right = (all, from) =>
      valid.filter((real, at) => real && best(all[at + from]) === labels[at]).length;
    const real = valid.filter(Boolean).length;
    // Where each step has a label the last real one is looked at, whether or not padding counts.
    const last = valid.lastIndexOf(true);
    const from = perStep ? last : lane.readOut;
    const to = perStep ? last + offset : reader.readOut(added, side);
    const shares = perStep
      ? [right(bare, 0) / real, right(outputs, offset) / real]
      : [bare[from][label], outputs[to][label]];
    const answer = best(outputs[to]);
    const kept = nearness(reader.bare[from].cell, states[to].cell);
    const [before, now] = shares.map(percent);
    const words = [`${before} ${perStep ? "of steps right" : "sure"} → `, now, perStep || answer === label ? "" : `, answers ${data.names[answer]}`];
    const gate = lane.advance[length] ? "open" : lane.keep[length] ? "held" : "reset";
    return { heights: outputs.map((output) => output[label]), readOut: to, words, kept, gate };
  }

  showLane(lane, { heights, readOut, words: [before, now, answer] }) {
    const { added, side, weights } = this.at;
    const { data, length } = this;
    const whole = length + data.most;
    lane.aside.textContent = lane.readsMask && weights !== OWN ? ", its own network" : "";
    const from = side === "pre" ? data.most - added : 0;
    const at = (step) => (from + step + 0.5) / whole;
    const path = (first, last) =>
      heights
        .slice(first, last + 1)
        .map((height, step) => `${step ? "L" : "M"}${at(first + step).toFixed(5)} ${(1 - height).toFixed(4)}`)
        .join("");
    lane.line.setAttribute("d", path(0, readOut));
    lane.later.setAttribute("d", path(readOut, heights.length - 1));
    lane.ring.style.left = `${100 * at(readOut)}%`;
    lane.ring.style.top = `${100 * (1 - heights[readOut])}%`;
    lane.hatch.style.left = `${(100 * (side === "pre" ? from : length)) / whole}%`;
    lane.hatch.style.width = `${(100 * added) / whole}%`;
    lane.output.replaceChildren(before, element("strong", "", now), answer);
    lane.small.textContent = this.measured(lane.name);
  }

  /** Whether something was measured where the handle stands. */
  get isMeasured() {
    const { at, data } = this;
    return ["added", "side", "weights"].every((name) => data.measured?.[name] === at[name]);
  }

  measured(name) {
    if (!this.isMeasured) return "";
    const { before, after, change } = this.data.measured.results[name];
    const size = change >= 0.1 ? (100 * change).toFixed(0) : String(Number((100 * change).toPrecision(2)));
    const points = change === 0 ? "exactly 0" : `up to ${size}`;
    return `Accuracy ${percent(before)} → ${percent(after)}, an output moves by ${points} points`;
  }

  /** Where the accuracies come from, or what brings them. */
  footnote() {
    const { at, data } = this;
    if (this.isMeasured) {
      const { chance } = Object.values(data.measured.results)[0];
      return `Accuracy of these networks, as measured on ${data.tested} without padding and with ${steps(at.added)} of value ${data.value}. Always the commonest label: ${percent(chance)}.`;
    }
    if (this.told === JSON.stringify(at) && this.asked) return `Measuring on ${data.tested} …`;
    return `Let go, and the accuracy with so much padding is measured on ${data.tested}.`;
  }
}

const handles = new WeakMap();

export default function ({ data, parentElement, setStateValue }) {
  let handle = handles.get(parentElement);
  if (!handle) {
    handles.set(parentElement, (handle = new Handle(parentElement)));
    markFirstVisit();
  }
  handle.update(data, setStateValue);
}
