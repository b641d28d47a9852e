// One chart of the page: drawn by Plotly where it stands, redrawn in place, moved by a replay.
//
// Streamlit calls the default export again whenever the data changed. The chart is never taken out of
// the page: Plotly.react changes what is different, and a zoom stays while `uirevision` does.

import { decoded, moment } from "./frames.js";
import { listen, position } from "./replay.js";
import { tools } from "./tools.js";

const charts = new WeakMap();
// Of the whole page: components that share this module each have their own copy of it.
const LIBRARY = Symbol.for("maskdemo:plotly");
// A finger that taps or scrolls must not move an axis.
const touched = matchMedia("(pointer: coarse)").matches;

/** Plotly, fetched once a browser: the library is compressed on the server's disk already. */
function library(address) {
  document[LIBRARY] ??= (async () => {
    const packed = await fetch(new URL(address, import.meta.url), { cache: "force-cache" });
    if (!packed.ok) throw new Error(`The chart library could not be had: ${packed.status}.`);
    const text = packed.body.pipeThrough(new DecompressionStream("gzip"));
    const script = document.createElement("script");
    const source = new Blob([await new Response(text).text()], { type: "text/javascript" });
    script.src = URL.createObjectURL(source);
    await new Promise((done, failed) => {
      script.onload = done;
      script.onerror = () => failed(new Error("The chart library could not be read."));
      document.head.append(script);
    });
    URL.revokeObjectURL(script.src);
    return window.Plotly;
  })();
  return document[LIBRARY];
}

/** The number on an axis so many pixels from its beginning, never beyond its ends. */
function within(axis, pixels) {
  const [low, high] = [...axis.range].sort((a, b) => a - b);
  return Math.min(Math.max(axis.p2c(pixels), low), high);
}

/** Chart -> the version that it shows: kept on the document, where whoever asks the server finds it. */
function versions() {
  return (document[Symbol.for("maskdemo:drawn")] ??= new Map());
}

export class Chart {
  constructor(parent) {
    this.parent = parent;
    this.box = document.createElement("div");
    this.place = document.createElement("div");
    this.place.className = "maskdemo-chart";
    this.numbers = document.createElement("div");
    this.numbers.className = "maskdemo-numbers";
    this.numbers.hidden = true;
    // It can be scrolled by keyboard.
    this.numbers.tabIndex = 0;
    this.tools = tools({
      Numbers: (on) => this.read(on),
      ...(!touched && { Zoom: (on) => this.zoom(on) }),
      Save: () => this.save(),
    });
    this.box.append(this.place, this.numbers, this.tools);
    parent.append(this.box);
    this.watch = new ResizeObserver(() => this.fit());
    this.watch.observe(this.place);
    this.silence = listen(() => this.frames && this.schedule());
    this.drawn = null;
    this.pieces = new Map();
    this.zooming = false;
    this.waiting = false;
    this.clicked = null;
    this.place.addEventListener("click", (event) => this.click(event));
  }

  /** Take in what the server says; draws only if that is something else than before. */
  update(data, tell) {
    this.tell = tell;
    const told = ({ version, alt, image }) => JSON.stringify([version, alt, image]);
    if (this.data && told(data) === told(this.data)) return;
    // What it has already is not sent again: see `Drawing` in `ui/components.py`.
    const has = (digest) => digest in data.pieces || this.pieces.has(digest);
    const digests = data.version.split(".");
    if (!digests.every(has)) {
      tell("missing", true);
      return;
    }
    const piece = (digest) =>
      digest in data.pieces ? JSON.parse(data.pieces[digest]) : this.pieces.get(digest);
    this.pieces = new Map(digests.map((digest) => [digest, piece(digest)]));
    this.data = data;
    const [layout, frames, ...traces] = digests.map((digest) => this.pieces.get(digest));
    this.figure = { data: traces, layout };
    this.frames = frames && decoded(frames);
    versions().set(data.key, data.version);
    this.place.style.height = `${this.figure.layout.height}px`;
    this.place.classList.toggle("maskdemo-chart-clickable", data.clickable);
    this.schedule();
  }

  /** Draw at the next animation frame, once, however often it is asked for. */
  schedule() {
    if (this.waiting) return;
    this.waiting = true;
    library(this.data.library)
      .then((plotly) => requestAnimationFrame(() => this.draw(plotly)))
      .catch((error) => {
        this.waiting = false;
        this.place.textContent = `${this.data.alt}. ${error.message}`;
      });
  }

  draw(plotly) {
    this.waiting = false;
    if (!this.parent.isConnected) return;
    this.shown = moment(this.figure, this.frames, position());
    // Plotly writes into the layout that it is given, and ours is needed again.
    const layout = structuredClone(this.shown.layout);
    for (const axis of ["xaxis", "yaxis"]) layout.template.layout[axis].fixedrange = touched;
    layout.dragmode = this.zooming && "zoom";
    // Plotly would reset to the ranges of the first figure, or to such as fit all that is drawn. Its own
    // buttons lie over the title, and each is a stop for whoever goes by keyboard.
    const config = { doubleClick: false, displayModeBar: false };
    plotly.react(this.place, [...this.shown.data], layout, config);
    if (!this.plotly) {
      this.place.on("plotly_doubleclick", () => this.reset());
      this.place.on("plotly_afterplot", () => this.placed());
    }
    this.plotly = plotly;
    this.describe();
    if (!this.numbers.hidden) this.read(true);
    this.drawn = this.data.version;
    this.placed();
  }

  /** The drawing has taken its place, or another one: for what lies over it. */
  placed() {}

  /** The drawing is one picture with one sentence; its numbers can be read besides. */
  describe() {
    this.tools.setAttribute("aria-label", this.data.alt);
    const words = `Save as ${this.data.image.format.toUpperCase()}`;
    Object.assign(this.tools.lastChild, { title: words, ariaLabel: words });
    for (const [index, svg] of this.place.querySelectorAll("svg.main-svg").entries()) {
      if (index > 0) svg.setAttribute("aria-hidden", "true");
      else {
        svg.setAttribute("role", "img");
        svg.setAttribute("aria-label", this.data.alt);
      }
    }
  }

  /** The figure with all that is seen of it. */
  seen() {
    return this.shown;
  }

  /** Show the figure's numbers in its place, or the figure again. */
  async read(on) {
    const { tables } = await import("./numbers.js");
    this.numbers.hidden = !on;
    this.place.style.visibility = on ? "hidden" : "";
    this.numbers.innerHTML = on ? tables(this.seen()) : "";
  }

  async save() {
    const { save } = await import("./save.js");
    await save(this.plotly, this.seen(), this.data.image);
  }

  /** Let the mouse draw out what is to be seen larger; without, everything is seen again. */
  zoom(on) {
    this.zooming = on;
    this.plotly.relayout(this.place, { dragmode: on && "zoom" });
    if (!on) this.reset();
  }

  /** Every axis shows what the figure says, whatever was zoomed into. */
  reset() {
    const { layout } = this.figure;
    const axes = Object.keys(layout).filter((key) => /^[xy]axis/.test(key));
    const ranges = axes.map((axis) => [`${axis}.range`, [...layout[axis].range]]);
    this.plotly.relayout(this.place, Object.fromEntries(ranges));
  }

  fit() {
    const wide = this.place.clientWidth;
    if (this.drawn && wide && wide !== this.place._fullLayout?.width) {
      this.plotly.Plots.resize(this.place);
    }
  }

  click(event) {
    this.offered?.remove();
    const layout = this.place._fullLayout;
    if (!this.data?.clickable || !layout) return;
    const { left, top } = this.place.getBoundingClientRect();
    const along = event.clientX - left - layout.xaxis._offset;
    const down = event.clientY - top;
    // Panels in order from the top, each with an axis of its own.
    const names = Object.keys(layout).filter((key) => /^yaxis/.test(key));
    const ends = ({ _offset, _length }) => down >= _offset && down <= _offset + _length;
    const panel = names.findIndex((name) => ends(layout[name]));
    if (along < 0 || along > layout.xaxis._length || panel < 0) return;
    const yaxis = layout[names[panel]];
    const [x, y] = [within(layout.xaxis, along), within(yaxis, down - yaxis._offset)];
    if (touched && this.data.tap) this.offer({ x, y, panel }, event.clientX - left, down);
    else this.tell("clicked", { x, y, panel });
  }

  /** Say first where a tap leads: a finger that only looks, or scrolls, must not leave the page. */
  offer(clicked, along, down) {
    this.offered?.remove();
    this.offered = document.createElement("button");
    Object.assign(this.offered, { className: "maskdemo-offer", type: "button", textContent: this.data.tap });
    this.offered.onclick = () => this.tell("clicked", clicked);
    this.box.append(this.offered);
    const room = this.box.clientWidth - this.offered.offsetWidth;
    const beside = Math.min(Math.max(along - this.offered.offsetWidth / 2, 0), room);
    Object.assign(this.offered.style, { left: `${beside}px`, top: `${down + 40}px` });
  }

  remove() {
    this.watch.disconnect();
    this.silence();
    this.plotly?.purge(this.place);
    if (versions().get(this.data?.key) === this.data?.version) versions().delete(this.data?.key);
  }
}

/** Draw, or draw anew, the chart of a component's place. */
export function drawn(Kind, { data, parentElement, setTriggerValue, setStateValue }) {
  let chart = charts.get(parentElement);
  if (!chart) charts.set(parentElement, (chart = new Kind(parentElement)));
  chart.update(data, setTriggerValue, setStateValue);
  // Streamlit also calls this for a run that newer data has overtaken: then the chart is still there.
  return () => setTimeout(() => parentElement.isConnected || chart.remove());
}

export default function (component) {
  return drawn(Chart, component);
}
