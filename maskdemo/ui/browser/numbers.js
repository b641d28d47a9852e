// The numbers of a figure as tables, for those who read rather than see: one for all its lines, points and
// bars, and one for each map of colours.

import { numbers } from "./frames.js";

const plain = (html) =>
  new DOMParser().parseFromString(html.replaceAll("<br>", ", "), "text/html").body.textContent;
const escaped = (text) => String(text).replace(/[&<>]/g, (each) => `&#${each.charCodeAt(0)};`);
const capital = (text) => text[0].toUpperCase() + text.slice(1);

/** The tables of a figure, as HTML. */
export function tables({ data, layout }) {
  const figure = { data, layout, kindOf: kinds(data) };
  const read = data.filter((trace) => trace.hoverinfo !== "skip");
  const maps = Map.groupBy(
    read.filter((trace) => trace.type === "heatmap"),
    (trace) => trace.yaxis ?? "y",
  );
  const lines = read.filter((trace) => trace.type !== "heatmap" && numbers(trace.x)?.[0] != null);
  const title = plain(layout.title.text);
  return [
    ...(lines.length ? [lined(lines, figure)] : []),
    ...[...maps.values()].map((traces) => mapped(traces, figure)),
  ]
    .map((table) => html({ ...table, caption: table.caption || title }))
    .join("");
}

function axis(layout, trace, which) {
  return layout[`${which}axis${(trace[`${which}axis`] ?? which).slice(1)}`];
}

/** What a trace is about: its name, else that of its panel. */
function named(trace, layout) {
  return plain(trace.name || layout.meta?.[(trace.yaxis ?? "y").slice(1) - 1] || layout.meta?.[0] || "Value");
}

/** A number as its axis says it. */
function said(value, { tickformat } = {}) {
  if (value === null || !Number.isFinite(value)) return "";
  return tickformat?.endsWith("%") ? `${(100 * value).toFixed(1)}%` : String(+value.toPrecision(3));
}

/** The text of the nearest tick where ticks have words, else the number. */
function place(at, { tickvals, ticktext } = {}) {
  if (!ticktext) return said(at);
  const far = tickvals.map((each) => Math.abs(each - at));
  return plain(ticktext[far.indexOf(Math.min(...far))]);
}

/** A function from a step to "padding", "missing reading" or nothing, by the hatches over whole steps. */
function kinds(data) {
  const runs = data
    .filter((trace) => trace.meta === "steps")
    .flatMap((trace) => {
      const x = [...numbers(trace.x)];
      return x.flatMap((left, at) => (at % 6 ? [] : [[left, x[at + 1], trace.name.toLowerCase()]]));
    });
  return (step) => runs.find(([left, right]) => left < step && step < right)?.[2];
}

function lined(traces, { data, layout, kindOf }) {
  const rows = new Map();
  const heads = [];
  for (const trace of traces) {
    const along = trace.orientation === "h" ? ["y", "x"] : ["x", "y"];
    const [where, values] = along.map((each) => [...numbers(trace[each])]);
    const name = named(trace, layout);
    if (!heads.includes(name)) heads.push(name);
    where.forEach((at, index) => {
      const text = cell(trace, values[index], index, axis(layout, trace, along[1]));
      if (at === null || !text) return;
      const kind = kindOf(at);
      const label = place(at, axis(layout, trace, along[0]));
      const row = rows.get(label) ?? { at, head: kind ? `${label}, ${kind}` : label, cells: {} };
      row.cells[name] = row.cells[name] ? `${row.cells[name]}; ${text}` : text;
      rows.set(label, row);
    });
  }
  const caption = [plain(layout.title.text), ...levels(data, layout)].join(". ");
  const sorted = [...rows.values()].sort((one, other) => one.at - other.at);
  const axisTitle = layout.xaxis.title?.text ?? "";
  if (sorted.length > 1 && heads.every((name) => sorted.filter((row) => row.cells[name]).length === 1)) {
    // Each has a place of its own: a row for each.
    const value = (name) => sorted.map((row) => row.cells[name]).find((each) => each);
    return { caption, head: ["", "Value"], rows: heads.map((name) => [name, value(name)]) };
  }
  return {
    caption,
    head: [axisTitle, ...heads],
    rows: sorted.map((row) => [row.head, ...heads.map((name) => row.cells[name] ?? "")]),
  };
}

/** A value, with what it may lie between. */
function cell(trace, value, index, its) {
  if (trace.hovertext) return trace.hovertext[index];
  const { array, arrayminus } = trace.error_y ?? {};
  const spread = numbers(trace.customdata)?.[index];
  const between = array?.[index]
    ? [value - arrayminus[index], value + array[index]]
    : spread?.length === 2 && typeof spread !== "string" && spread;
  const text = said(value, its);
  return text && between ? `${text} (${[...between].map((each) => said(each, its)).join(" to ")})` : text;
}

/** Levels that the figure draws as lines, such as chance. */
function levels(data, layout) {
  const flat = data.filter((trace) => {
    if (trace.hoverinfo !== "skip" || trace.mode !== "lines" || trace.fill || !trace.name) return false;
    const y = numbers(trace.y);
    return y[0] != null && [...y].every((each) => each === y[0]);
  });
  const words = flat.map((each) => `${each.name}: ${said(numbers(each.y)[0], axis(layout, each, "y"))}`);
  return [...new Set(words)];
}

/** Maps that lie over each other in one panel, such as values and the padding beside them. */
function mapped(traces, { layout, kindOf }) {
  const [first] = traces;
  const [across, down] = ["x", "y"].map((which) => axis(layout, first, which));
  const columns = [...new Set(traces.flatMap((trace) => [...numbers(trace.x)]))].sort((a, b) => a - b);
  const words = ({ ticktext }, count) => (ticktext?.length === count ? ticktext.map(plain) : null);
  const rows = [...numbers(first.y)];
  const [tops, sides] = [words(across, columns.length), words(down, rows.length)];
  // The units of a heatmap are not in their own order.
  const units = first.customdata?.shape?.split(",").length === 2 && numbers(first.customdata);
  const layers = traces.map((trace) => ({
    z: numbers(trace.z),
    at: new Map([...numbers(trace.x)].map((column, index) => [column, index])),
    told: trace.customdata,
    kind: trace.meta?.toLowerCase(),
  }));
  const text = (row, column) => {
    for (const { z, at, told, kind } of layers) {
      const value = z[row][at.get(column)];
      if (value == null || !Number.isFinite(value)) continue;
      const words = told?.[row]?.[at.get(column)];
      if (typeof words === "string") return plain(words.slice(Math.max(0, words.indexOf("<b>"))));
      return kind ? `${said(value)}, ${kind}` : said(value);
    }
    return "";
  };
  return {
    caption: layout.meta && named(first, layout),
    head: [
      down.title?.text ?? "Row",
      ...columns.map((at, index) => tops?.[index] ?? [said(at), kindOf(at)].filter(Boolean).join(", ")),
    ],
    rows: rows.map((at, row) => [
      sides?.[row] ?? (units ? units[row][0] : said(at)),
      ...columns.map((column) => text(row, column)),
    ]),
  };
}

function html({ caption, head, rows }) {
  const row = ([first, ...rest]) =>
    `<tr><th scope="row">${escaped(first)}</th>${rest.map((each) => `<td>${escaped(each)}</td>`).join("")}</tr>`;
  const heads = head.map((each) => `<th scope="col">${escaped(capital(each || "of"))}</th>`).join("");
  const body = rows.map(row).join("");
  return `<table><caption>${escaped(caption)}</caption><thead><tr>${heads}</tr></thead><tbody>${body}</tbody></table>`;
}
