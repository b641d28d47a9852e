// The chart of outputs by step as its handle stands: for the numbers, and for a file.

import { numbers } from "./frames.js";

/** The recorded figure with what the lanes show.
 *
 * readings: of each lane (see `padding_lane.js`); handle: the data of the handle; words: which padding,
 * and whose networks.
 */
export function pulledFigure({ data, layout }, readings, handle, { added, side }, words) {
  const { lanes, labels, perStep, trained, range: [low, high] } = handle;
  const recorded = numbers(data.find((trace) => trace.name === lanes[0].title).x).length;
  const before = trained.side === "pre" ? recorded - labels.length : 0;
  const offset = side === "pre" ? added : 0;
  const start = (side === "pre" ? 0 : labels.length) + 0.5;
  const steps = readings[0].heights.map((_, step) => step + 1);
  const traces = data.map((trace) => {
    // An entry of the legend.
    if (trace.showlegend !== false) return trace;
    const panel = Math.max(0, (trace.yaxis ?? "y").slice(1) - 1);
    const [{ heights, flips, readOut }, { title }] = [readings[panel], lanes[panel]];
    const moved = {
      [title]: { x: steps, y: heights },
      [`Flips, ${title}`]: { x: steps, y: heights.map((share, step) => (flips[step] ? share : null)) },
      [`Read-out, ${title}`]: { x: [readOut + 1], y: [heights[readOut]] },
      Padding: { x: [0, added, added, 0, 0].map((step) => start + step), y: [low, low, high, high, low] },
      "True label": !perStep && { x: [readOut + 1] },
    }[trace.name];
    if (moved) return { ...trace, ...moved };
    if (trace.name.startsWith("Blind guess")) return { ...trace, x: [0.5, steps.length + 0.5] };
    return { ...trace, x: Array.from(numbers(trace.x), (step) => step + offset - before) };
  });
  const annotations = layout.annotations.map((note) => {
    const panel = /^note (\d+)$/.exec(note.name)?.[1];
    return panel ? { ...note, text: readings[panel].words.join("") } : note;
  });
  const title = { ...layout.title, text: layout.title.text.replace("</span>", `, ${words}</span>`) };
  const xaxis = { ...layout.xaxis, range: [0.5, steps.length + 0.5], tickvals: null, tickmode: "auto" };
  return { data: traces, layout: { ...layout, annotations, title, xaxis } };
}
