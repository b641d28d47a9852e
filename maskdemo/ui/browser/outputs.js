// The chart of outputs by step, in which the edge of the padding is a handle once there are networks.

import { Chart, drawn } from "./chart.js";
import { markFirstVisit } from "./first_visit.js";
import { Handle } from "./padding_handle.js";
import { element } from "./padding_lane.js";
import { position } from "./replay.js";

const WAITING = "Once every repeat is trained, the edge of the padding can be pulled here.";

class Outputs extends Chart {
  constructor(parent) {
    super(parent);
    this.over = element("section", "maskdemo-pull");
    this.over.setAttribute("aria-label", "Pull the padding");
    this.over.hidden = true;
    this.place.after(this.over);
    this.side = element("div", "maskdemo-pull-side", element("p", "", WAITING));
    const body = element("div", "maskdemo-pull-body", this.box, this.side);
    parent.append(element("div", "maskdemo-pullable", body));
  }

  update(data, tell, tellState) {
    super.update(data, tell);
    if (!data.handle) {
      this.over.hidden = true;
      if (this.handle) this.side.replaceChildren(element("p", "", WAITING));
      this.handle = null;
      return;
    }
    if (!this.handle) markFirstVisit();
    this.handle ??= new Handle(this.over, this.side, () => this.numbers.hidden || this.read(true));
    this.handle.update(data.handle, tellState);
    this.placed();
  }

  /** A replay shows what the run recorded, epoch by epoch. */
  schedule() {
    if (this.handle && position() !== null && !this.handle.isAsTrained) this.handle.reset();
    super.schedule();
  }

  seen() {
    return this.handle?.isAsTrained === false ? this.handle.figure(this.shown) : this.shown;
  }

  placed() {
    const layout = this.place._fullLayout;
    if (!this.handle || !layout?.xaxis) return;
    const { range } = this.figure.layout.xaxis;
    // Where somebody looks at a part of the chart, the handle would stand beside its step.
    this.over.hidden = layout.xaxis.range.some((end, at) => Math.abs(end - range[at]) > 0.01);
    this.handle.place(layout);
  }
}

export default function (component) {
  return drawn(Outputs, component);
}
