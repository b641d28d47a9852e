// The control that plays a run again: all charts that have frames follow it, in the browser alone.
//
// Where the replay stands is kept on the document, and each move is told by an event there, so that
// charts and control find each other wherever they are on the page, in whatever order they come.

import { leaving } from "./leaving.js";

const EVENT = "maskdemo:replay";
const PLACE = Symbol.for(EVENT);
// How long a whole replay takes, and an epoch of it at the most, in milliseconds.
const WHOLE = 6000;
const LONGEST = 500;

/** Where the replay stands, as a fractional place among its epochs; null for the newest. */
export function position() {
  return document[PLACE] ?? null;
}

/** Call back whenever the replay moves; returns how to stop that. */
export function listen(callback) {
  document.addEventListener(EVENT, callback);
  return () => document.removeEventListener(EVENT, callback);
}

function move(place) {
  if (place === position()) return;
  document[PLACE] = place;
  document.dispatchEvent(new Event(EVENT));
}

const controls = new WeakMap();
const ICONS = { Replay: "M3 1.5v13l11-6.5z", Pause: "M3 2h3.5v12H3zM9.5 2H13v12H9.5z" };
// The slider is not named by the label's whole text: that changes with every epoch.
const MARKUP = `
  <button type="button"><svg viewBox="0 0 16 16" aria-hidden="true"><path /></svg><b></b></button>
  <label>After epoch <output aria-live="off"></output> <i></i><input type="range" aria-label="After epoch" min="0"
    step="any" /></label>`;

class Control {
  constructor(parent) {
    this.parent = parent;
    this.row = document.createElement("div");
    this.row.className = "maskdemo-replay";
    this.row.innerHTML = MARKUP;
    parent.append(this.row);
    [this.button, this.slider, this.output] = ["button", "input", "output"].map((each) =>
      this.row.querySelector(each),
    );
    this.button.onclick = () => (this.playing ? this.stop() : this.play());
    this.slider.oninput = () => {
      this.playing = false;
      this.show(Number(this.slider.value));
    };
    this.slider.onchange = () => this.stop();
    this.slider.onkeydown = (event) => this.key(event);
  }

  update(data, tell) {
    this.tell = tell;
    if (data.version === this.data?.version) return;
    this.data = data;
    this.playing = false;
    this.slider.max = data.epochs.length - 1;
    const at = data.epochs.indexOf(data.epoch);
    this.show(at < 0 ? data.epochs.length - 1 : at);
    this.told = data.epochs[this.place];
  }

  /** Stand at a place, and let the charts follow. */
  show(place) {
    const last = this.data.epochs.length - 1;
    this.place = Math.min(Math.max(place, 0), last);
    const epoch = this.data.epochs[Math.round(this.place)];
    const words = `${epoch} of ${this.data.epochs[last]}`;
    this.slider.value = this.place;
    this.slider.setAttribute("aria-valuetext", words);
    this.slider.style.setProperty("--part", last ? this.place / last : 1);
    this.output.textContent = words;
    const final = `Table and headline: epoch ${this.data.epochs[last]}`;
    this.row.querySelector("i").textContent = this.place === last ? "" : final;
    const action = this.playing ? "Pause" : "Replay";
    this.row.querySelector("b").textContent = action;
    this.row.querySelector("path").setAttribute("d", ICONS[action]);
    move(this.place === last ? null : this.place);
  }

  play() {
    const last = this.data.epochs.length - 1;
    const pace = Math.min(LONGEST, WHOLE / last);
    const from = this.place >= last ? 0 : this.place;
    let began = null;
    this.playing = true;
    const tick = (now) => {
      if (!this.playing || !this.parent.isConnected) return;
      began ??= now;
      const place = from + (now - began) / pace;
      if (place >= last) {
        this.show(last);
        this.stop();
        return;
      }
      this.show(place);
      requestAnimationFrame(tick);
    };
    this.show(from);
    requestAnimationFrame(tick);
  }

  /** Rest at a whole epoch, and tell the server which: once, not at every step. */
  stop() {
    this.playing = false;
    this.show(Math.round(this.place));
    const epoch = this.data.epochs[this.place];
    if (epoch !== this.told && !leaving()) this.tell("epoch", (this.told = epoch));
  }

  /** Keys go from epoch to epoch; dragging glides. */
  key(event) {
    const last = this.data.epochs.length - 1;
    const steps = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -5, PageUp: 5 };
    const jumps = { Home: 0, End: last };
    if (!(event.key in steps) && !(event.key in jumps)) return;
    event.preventDefault();
    this.playing = false;
    this.show(jumps[event.key] ?? Math.round(this.place) + steps[event.key]);
    clearTimeout(this.resting);
    this.resting = setTimeout(() => this.stop(), 400);
  }
}

export default function ({ data, parentElement, setStateValue }) {
  let control = controls.get(parentElement);
  if (!control) controls.set(parentElement, (control = new Control(parentElement)));
  control.update(data, setStateValue);
  // Streamlit also calls this for a run that newer data has overtaken: then the control is still there.
  return () =>
    setTimeout(() => {
      if (parentElement.isConnected) return;
      control.playing = false;
      move(null);
    });
}
