// One strategy's lane under the handle on the padding: what its network says after every step, and its drawing.

import { nearness } from "./recurrence.js";

export const percent = (share) => `${Math.round(100 * share)}%`;
const DRAWN = [".hatch", ".grid", ".guess", ".truth", ".later", ".line", ".flip", ".ring"];

export function element(tag, name, ...children) {
  const made = document.createElement(tag);
  if (name) made.className = name;
  made.append(...children);
  return made;
}

/** What a lane's network makes of the sequence with so much padding.
 *
 * data: what the server sends, see `maskdemo/ui/padding_handle.py`; lane: one of its lanes.
 */
export function reading(data, lane, reader, { added, side }) {
  const { valid, labels, label, perStep } = data;
  const states = reader.states(added, side);
  const offset = side === "pre" ? added : 0;
  const outputs = reader.outputs(added, side);
  const best = (output) => output.indexOf(Math.max(...output));
  const bare = reader.outputs(0, side);
  const right = (all, from) => valid.filter((real, at) => real && best(all[at + from]) === labels[at]).length;
  const real = valid.filter(Boolean).length || 1;
  // Where each step has a label the last real one is looked at, whether or not padding counts.
  const last = Math.max(0, valid.lastIndexOf(true));
  const from = perStep ? last : lane.readOut;
  const readOut = perStep ? last + offset : reader.readOut(added, side);
  const shares = perStep
    ? [right(bare, 0) / real, right(outputs, offset) / real]
    : [bare[from][label], outputs[readOut][label]];
  const [before, now] = shares.map(percent);
  const what = perStep ? "of steps right" : "sure";
  const answer = best(outputs[readOut]);
  const other = perStep || answer === label ? "" : `, answers ${data.names[answer]}`;
  const padded = labels.length + (side === "pre" ? 1 : 0);
  const followed = outputs.map((output) => best(output) === label);
  return {
    heights: outputs.map((output) => output[label]),
    flips: followed.map((is, at) => at > 0 && is !== followed[at - 1]),
    classes: outputs[0].length,
    readOut,
    words: added ? [`${before} ${what} → `, now, other] : ["", now, ` ${what}${other}`],
    kept: nearness(reader.bare[from].cell, states[readOut].cell),
    gate: lane.advance[padded] ? "open" : lane.keep[padded] ? "held" : "reset",
  };
}

export class Lane {
  constructor({ title, colour }) {
    this.row = element("div", "maskdemo-pull-lane");
    this.row.style.setProperty("--colour", colour);
    this.row.innerHTML = `<b><span></span></b><output aria-live="off"></output><small></small>
      <i class="hatch"></i><svg aria-hidden="true"><path class="grid"/><path class="guess"/><path class="truth"/>
        <path class="later"/><path class="line"/><path class="flip"/><circle class="ring" r="6.5"/><text x="-6">1</text><text x="-6">0.5</text><text x="-6">0</text></svg>`;
    for (const each of ["output", "small", ...DRAWN]) this[each.replace(".", "")] = this.row.querySelector(each);
    this.aside = this.row.querySelector("span");
    this.texts = [...this.row.querySelectorAll("text")];
    this.aside.before(title);
  }

  /** aside: goes on after the title. measured: what is measured, first what is always shown. */
  say({ words: [before, now, answer] }, aside, [accuracy, change]) {
    this.aside.textContent = aside;
    this.output.replaceChildren(before, element("strong", "", now), answer);
    this.small.replaceChildren(accuracy, element("span", "", change));
  }

  /** width, height: of the panel in pixels. whole: the steps that it has room for. */
  draw(data, { heights, flips, classes, readOut }, { added, side }, { width, height, whole }) {
    const [low, high] = data.range;
    const length = data.labels.length;
    const [from, offset] = side === "pre" ? [data.most - added, added] : [0, 0];
    const x = (step) => (((from + step + 0.5) / whole) * width).toFixed(1);
    const y = (share) => (((high - share) / (high - low)) * height).toFixed(1);
    const path = (first, last) =>
      heights
        .slice(first, last + 1)
        .map((share, step) => `${step ? "L" : "M"}${x(first + step)} ${y(share)}`)
        .join("");
    const bar = (step, share, half) => `M${x(step) - half} ${y(share)}h${2 * half}`;
    const truth = (each, step) => bar(step + offset, Number(each === data.label), width / whole / 2);
    const flip = (step) => `M${x(step)} ${y(heights[step]) - 5.5}l5.5 5.5l-5.5 5.5l-5.5 -5.5z`;
    const drawings = {
      grid: [0, 0.5, 1].map((share) => `M0 ${y(share)}h${width}`),
      guess: [`M0 ${y(1 / classes)}h${width}`],
      truth: data.perStep ? data.labels.map((each, at) => (data.valid[at] ? truth(each, at) : "")) : [bar(readOut, 1, 7)],
      line: [path(0, readOut)],
      later: [path(readOut, heights.length - 1)],
      flip: flips.map((turns, step) => (turns ? flip(step) : "")),
    };
    for (const [part, d] of Object.entries(drawings)) this[part].setAttribute("d", d.join(""));
    for (const text of this.texts) text.setAttribute("y", y(Number(text.textContent)));
    this.ring.setAttribute("cx", x(readOut));
    this.ring.setAttribute("cy", y(heights[readOut]));
    const start = side === "pre" ? from : length;
    this.hatch.style.marginLeft = `${(start / whole) * width}px`;
    this.hatch.style.width = `${(added / whole) * width}px`;
  }
}
