// The edge of the padding as a handle over a chart of outputs by step (see `outputs.js`).
//
// Where the handle stands as in training, the chart shows what the run recorded. Pulled, lanes lie over its
// panels with what the networks then say; all that moves is computed here, by `recurrence.js`. The server
// hears where the handle was let go, and answers with what it measured there (see
// `maskdemo/ui/padding_handle.py`).

import { leaving } from "./leaving.js";
import { cell, draw as drawCell } from "./lstm_cell.js";
import { element, Lane, percent, reading } from "./padding_lane.js";
import { pulledFigure } from "./pulled_figure.js";
import { Reader, unpacked } from "./recurrence.js";

const steps = (count) => `${count} padded step${count === 1 ? "" : "s"}`;
const SIDES = { post: "after the end", pre: "in front" };
// Milliseconds after the last key until the handle counts as let go.
const REST_MS = 400;
const OWN = "own";
// Pixels of the bubble above the first lane, and of the axis below the last.
const BUBBLE = 34;
const AXIS = 40;

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

export class Handle {
  /** over: lies over the chart. side: beside it. shown: called whenever something else is shown. */
  constructor(over, side, shown) {
    Object.assign(this, { over, side, shown, width: 0 });
  }

  update(data, tell) {
    this.tell = tell;
    const anew = data.version !== this.data?.version;
    this.data = data;
    if (anew) {
      this.settled = data.settled;
      this.at = { ...data.chosen };
      this.told = this.telling;
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
    this.whole = this.length + data.most;
    this.detail = element("p");
    const id = `maskdemo-${data.version}`;
    this.sides = choice("Side", `${id}-side`, { post: "After the end", pre: "In front" }, (side) =>
      this.choose({ side }),
    );
    const weights = { [OWN]: "Each its own", [data.shared]: "One for all" };
    this.weights = choice("Network", `${id}-weights`, weights, (weights) => {
      this.settled = true;
      this.choose({ weights });
    });
    this.back = Object.assign(element("button", "", "As in training"), { type: "button" });
    this.back.onclick = () => this.reset();
    this.lanes = data.lanes.map((lane) => new Lane(lane));
    this.cell = cell(data.lanes);
    this.foot = element("p", "foot");
    const lent = Object.keys(data.lenders).length ? [this.weights] : [];
    const choices = element("div", "maskdemo-pull-choices", this.sides, ...lent, this.back);
    this.side.replaceChildren(element("h3", "", "Pull the padding"), choices, this.detail, this.cell, this.foot);
    this.over.replaceChildren(...this.stage());
    if (this.layout) this.place(this.layout);
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
    this.grip.onpointerdown = (event) => this.grab(event);
    this.ticks = element("div", "ticks");
    for (let at = 0; at <= most; at += 50) {
      const tick = element("span", "", `${at}`);
      tick.style.setProperty("--at", at / most);
      this.ticks.append(tick);
    }
    const axis = element("div", "axis", this.ticks, "Padded steps");
    return [this.slider, element("div", "lanes", ...this.lanes.map(({ row }) => row), axis), this.grip];
  }

  /** Lie over the panels of the chart. */
  place(layout) {
    this.layout = layout;
    const { xaxis } = layout;
    const panels = Object.keys(layout)
      .filter((key) => /^yaxis/.test(key))
      .map((key) => layout[key]);
    const { between } = this.data;
    const [first, last] = [panels[0], panels.at(-1)];
    Object.assign(this, { width: xaxis._length, height: first._length });
    const bottom = last._offset + last._length;
    const top = first._offset - between - BUBBLE;
    const box = { left: xaxis._offset, top, width: xaxis._length, height: bottom + AXIS - top };
    for (const [name, pixels] of Object.entries(box)) this.over.style[name] = `${pixels}px`;
    const looks = { panel: first._length, between, bubble: BUBBLE, axis: AXIS };
    for (const [name, pixels] of Object.entries(looks)) this.over.style.setProperty(`--${name}`, `${pixels}px`);
    this.show();
  }

  /** Follow the pointer until it is let go. */
  grab(event) {
    if (event.button) return;
    event.preventDefault();
    const { grip } = this;
    grip.setPointerCapture(event.pointerId);
    const { left, width } = this.over.getBoundingClientRect();
    // Who takes hold beside the line does not move it by that.
    const held = event.clientX - left - this.edge * width;
    grip.onpointermove = ({ clientX }) => {
      const step = ((clientX - held - left) / width) * this.whole;
      const { most } = this.data;
      const added = Math.round(this.at.side === "pre" ? most - step : step - this.length);
      this.move(Math.min(Math.max(added, 0), most));
    };
    grip.onpointerup = grip.onpointercancel = () => {
      grip.onpointermove = grip.onpointerup = grip.onpointercancel = null;
      this.slider.focus({ preventScroll: true, focusVisible: false });
      this.rest(0);
    };
  }

  choose(part) {
    Object.assign(this.at, part);
    this.lend();
    this.show();
    this.rest();
  }

  /** Pull to so many steps; what is seen follows with the next frame. */
  move(added) {
    if (added === this.at.added) return;
    this.at.added = added;
    this.lend();
    this.over.classList.add("pulled");
    clearTimeout(this.resting);
    this.frame ??= requestAnimationFrame(() => this.show());
  }

  /** A network that has learned nothing forgets nothing: then one that has reads for all, unless chosen. */
  lend() {
    const { at, data, settled } = this;
    const pulled = at.added !== data.trained.added || at.side !== data.trained.side;
    if (pulled && !settled) at.weights = data.usual;
  }

  /** To what the run recorded. */
  reset() {
    this.settled = false;
    this.at = { ...this.data.trained };
    this.show();
    this.rest(0);
  }

  /** Whether the handle stands where nothing is shown but what the run recorded. */
  get isAsTrained() {
    return Object.entries(this.data.trained).every(([name, value]) => this.at[name] === value);
  }

  /** Where the handle stands, and whether its network was chosen: as text, to be compared. */
  get telling() {
    return JSON.stringify({ ...this.at, settled: this.settled });
  }

  /** Tell the server where the handle was let go: once, not at every step. */
  rest(after = REST_MS) {
    clearTimeout(this.resting);
    this.resting = setTimeout(() => {
      if (this.telling === this.told || leaving() || !this.over.isConnected) return;
      this.told = this.telling;
      this.asked = true;
      this.foot.textContent = this.footnote();
      this.tell("pulled", JSON.parse(this.told));
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
    const { data, length, whole, over } = this;
    this.edge = (side === "pre" ? data.most - added : length + added) / whole;
    over.dataset.side = side;
    over.classList.toggle("recorded", this.isAsTrained);
    this.back.hidden = this.isAsTrained;
    for (const set of [this.sides, this.weights]) {
      for (const input of set.querySelectorAll("input")) input.checked = [side, weights].includes(input.value);
    }
    this.slider.value = added;
    this.slider.dir = side === "pre" ? "rtl" : "ltr";
    this.grip.style.left = `${100 * this.edge}%`;
    this.grip.classList.toggle("right", this.edge > 0.5);
    this.pill.textContent = steps(added);
    this.pill.style.transform = `translateX(${-100 * this.edge}%)`;
    over.style.setProperty("--edge", this.edge);
    over.style.setProperty("--from", (side === "pre" ? 0 : length) / whole);
    over.style.setProperty("--part", data.most / whole);
    const readings = this.readings();
    for (const [index, lane] of this.lanes.entries()) {
      const { name, readsMask } = data.lanes[index];
      const own = readsMask && weights !== OWN ? `, own network (accuracy ${data.reached[name]})` : "";
      lane.say(readings[index], own, this.measured(name));
      if (this.width && !this.isAsTrained) lane.draw(data, readings[index], this.at, this);
    }
    drawCell(this.cell, readings);
    this.detail.textContent = this.sentence();
    this.foot.textContent = this.footnote();
    const said = readings.map(({ words }, index) => `${data.lanes[index].title} ${words.join("")}`);
    this.slider.setAttribute("aria-valuetext", `${steps(added)} ${SIDES[side]}. ${said.join(". ")}`);
    this.shown();
  }

  readings() {
    return this.data.lanes.map((lane) => reading(this.data, lane, this.reader(lane), this.at));
  }

  /** The chart's figure, as the handle stands. */
  figure(recorded) {
    const { at, data } = this;
    const lent = at.weights === OWN ? "" : `, network of ${data.lenders[at.weights]}`;
    return pulledFigure(recorded, this.readings(), data, at, this.padding + lent);
  }

  get padding() {
    const { added, side } = this.at;
    return added ? `${steps(added)} ${SIDES[side]}` : "no padding";
  }

  /** Which network reads what. */
  sentence() {
    const { at, data } = this;
    const truth = data.perStep ? "a label at each step" : `true label ${data.names[data.label]}`;
    const read = `${data.sequence}, ${truth}, with ${this.padding}.`;
    if (at.weights === OWN) return `Each strategy's own network reads ${read}`;
    const own = data.lanes.filter(({ readsMask }) => readsMask).map(({ title }) => ` (${title} keeps its own)`);
    return `One network, trained with ${data.lenders[at.weights]}, reads for all${own.join("")}: ${read}`;
  }

  /** Whether something was measured where the handle stands. */
  get isMeasured() {
    const { at, data } = this;
    return ["added", "side", "weights"].every((name) => data.measured?.[name] === at[name]);
  }

  measured(name) {
    if (!this.isMeasured) return ["", ""];
    const { before, after, change } = this.data.measured.results[name];
    if (!this.at.added) return [`Accuracy ${percent(after)}`, ""];
    const size = change >= 0.1 ? (100 * change).toFixed(0) : String(Number((100 * change).toPrecision(2)));
    const points = change === 0 ? "exactly 0" : `up to ${size}`;
    return [`Accuracy ${percent(before)} → ${percent(after)}`, `, an output moves by ${points} points`];
  }

  /** Where the accuracies come from, or what brings them. */
  footnote() {
    const { at, data } = this;
    if (this.isMeasured) {
      const { chance } = Object.values(data.measured.results)[0];
      const padding = at.added ? `without padding and with ${steps(at.added)} of value ${data.value}` : "without padding";
      const table = data.repeats > 1 ? ` The table has the mean of ${data.repeats} repeats, each network with its own strategy.` : "";
      return `Accuracy of the first repeat's networks on ${data.tested}, ${padding}. Always the commonest label: ${percent(chance)}.${table}`;
    }
    if (this.isAsTrained) return "The chart shows the padding of the training. Pull its edge to see more or less of it.";
    if (this.told === this.telling && this.asked) return `Measuring on ${data.tested} …`;
    return `Let go, and the accuracy with so much padding is measured on ${data.tested}.`;
  }
}
