// A moment of a replay: a figure as it was after some epoch, made of its newest state and of frames.
//
// frames: see `maskdemo.charts.replay.Frames`.
// Between two epochs numbers move evenly from the one to the other; texts do not.

const TYPES = {
  f4: Float32Array,
  f8: Float64Array,
  i1: Int8Array,
  u1: Uint8Array,
  i2: Int16Array,
  u2: Uint16Array,
  i4: Int32Array,
  u4: Uint32Array,
};

/** An array as Plotly's figures carry it, as plain numbers; rows of them if it has two dimensions. */
export function numbers(spec) {
  if (!spec?.bdata) return spec;
  const bytes = Uint8Array.from(atob(spec.bdata), (letter) => letter.charCodeAt(0));
  const flat = new TYPES[spec.dtype](bytes.buffer);
  if (!spec.shape) return flat;
  const [rows, columns] = spec.shape.split(",").map(Number);
  return Array.from({ length: rows }, (_, row) => flat.subarray(row * columns, (row + 1) * columns));
}

/** The frames with their numbers unpacked, once. */
export function decoded(frames) {
  const heights = Object.entries(frames.heights).map(([name, values]) => [name, numbers(values)]);
  return { ...frames, heights: new Map(heights), cut: new Set(frames.cut) };
}

/** Data and layout of the figure at a fractional place among `frames.epochs`; null for the newest. */
export function moment(figure, frames, place) {
  const { data, layout } = figure;
  if (!frames || place === null || place >= frames.epochs.length - 1) return { data, layout };
  const before = Math.floor(place);
  const part = place - before;
  const nearest = Math.round(place);
  const epoch = frames.epochs[before] * (1 - part) + frames.epochs[before + 1] * part;
  const annotations = layout.annotations?.map((note) =>
    note.name in frames.notes ? { ...note, text: frames.notes[note.name][nearest] } : note,
  );
  const title = frames.titles.length ? { ...layout.title, text: frames.titles[nearest] } : layout.title;
  return {
    data: data.map((trace) => {
      const rows = frames.heights.get(trace.name);
      if (rows) return { ...trace, y: mixed(rows[before], rows[before + 1], part) };
      return frames.cut.has(trace.name) ? until(trace, epoch) : trace;
    }),
    layout: { ...layout, annotations, title },
  };
}

function mixed(one, other, part) {
  // At an epoch itself the next one plays no part, also where it has no point.
  return Array.from(one, (value, at) => (part ? value + (other[at] - value) * part : value));
}

/** The trace as far as x does not exceed `edge`; where it crosses the edge it gets a point there. */
function until(trace, edge) {
  const x = numbers(trace.x);
  const y = numbers(trace.y);
  const sizes = Array.isArray(trace.marker?.size) ? trace.marker.size : null;
  const spread = trace.customdata && numbers(trace.customdata);
  const kept = { x: [], y: [], sizes: [], spread: [] };
  const add = (at, place, value, size) => {
    kept.x.push(place);
    kept.y.push(value);
    kept.sizes.push(size);
    if (spread) kept.spread.push([...spread[at]]);
  };
  for (let at = 0; at < x.length; at += 1) {
    const [here, last] = [x[at] <= edge, at > 0 && x[at - 1] <= edge];
    if (at > 0 && here !== last && x[at] !== edge && x[at - 1] !== edge) {
      const part = (edge - x[at - 1]) / (x[at] - x[at - 1]);
      add(last ? at - 1 : at, edge, y[at - 1] + (y[at] - y[at - 1]) * part, 7);
    }
    if (here) add(at, x[at], y[at], sizes?.[at]);
  }
  if (sizes) kept.sizes[kept.sizes.length - 1] = 7;
  return {
    ...trace,
    x: kept.x,
    y: kept.y,
    ...(spread && { customdata: kept.spread }),
    ...(sizes && { marker: { ...trace.marker, size: kept.sizes } }),
  };
}
