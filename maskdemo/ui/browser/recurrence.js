// One sequence with padding added, through one trained network: `maskdemo/inside/recurrence.py` once more.
//
// Here so that padding can be pulled without asking the server; a test holds the two to each other. What a
// strategy does with each step comes as arrays (see `maskdemo/ui/padding_handle.py`), so nothing here knows
// of any strategy.

import { numbers } from "./frames.js";

const sigmoid = (x) => 1 / (1 + Math.exp(-x));

/** A network as it travels, with its weights unpacked: matrices as rows. */
export function unpacked(network) {
  return Object.fromEntries(Object.entries(network).map(([name, spec]) => [name, numbers(spec)]));
}

/** A network's states and outputs for one sequence, with any number of padded steps on either side.
 *
 * lane: inputs (L + 2 rows), advance and keep of the sequence's L steps and of a padded step after the end
 * and of one in front;
 * readOut: the step that is read out without padding; readsEnd: whether it is always the last step. pooled:
 * which of these steps count in the mean that the answer is read from, or null.
 */
export class Reader {
  constructor(network, lane) {
    Object.assign(this, { network, lane, length: lane.advance.length - 2 });
    this.units = network.recurrent.length;
    this.drive = numbers(lane.inputs).map((row) => product(row, network.kernel, network.bias));
    const nothing = new Float64Array(this.units);
    this.start = { cell: nothing, state: nothing };
    // Padding in front is the same for all, padding after the end goes on from the sequence: each step
    // is computed once.
    this.ahead = [this.start];
    this.bare = this.sequence(this.start);
    this.after = [this.bare.at(-1)];
  }

  /** What a step makes of the state before it; a step that holds it returns that very state. */
  step(before, row) {
    const { advance, keep } = this.lane;
    if (!advance[row]) return keep[row] ? before : this.start;
    const { units } = this;
    const sums = product(before.state, this.network.recurrent, this.drive[row]);
    const cell = new Float64Array(units);
    const state = new Float64Array(units);
    for (let at = 0; at < units; at += 1) {
      const [input, forget] = [sigmoid(sums[at]), sigmoid(sums[units + at])];
      cell[at] = forget * before.cell[at] + input * Math.tanh(sums[2 * units + at]);
      state[at] = sigmoid(sums[3 * units + at]) * Math.tanh(cell[at]);
    }
    return { cell, state };
  }

  sequence(before) {
    return this.lane.advance.slice(0, this.length).map((_, row) => (before = this.step(before, row)));
  }

  /** The states after every step: of the sequence and of the padded steps, in the order of time. */
  states(added, side) {
    const [padding, row] = side === "pre" ? [this.ahead, this.length + 1] : [this.after, this.length];
    while (padding.length <= added) padding.push(this.step(padding.at(-1), row));
    const padded = padding.slice(1, added + 1);
    if (side === "post") return [...this.bare, ...padded];
    return [...padded, ...(added ? this.sequence(padding[added]) : this.bare)];
  }

  /** The step, from 0, whose output is the answer. */
  readOut(added, side) {
    if (side === "pre") return added + this.lane.readOut;
    return this.lane.readsEnd ? this.length - 1 + added : this.lane.readOut;
  }

  /** Probabilities of all classes after every state of `states`; of a mean, of the states until then. */
  outputs(added, side) {
    const states = this.states(added, side);
    const { pooled } = this.lane;
    if (!pooled) return states.map((state) => this.output(state));
    const sum = new Float64Array(this.units);
    let count = 0;
    return states.map(({ state }, at) => {
      const own = side === "pre" ? at - added : at;
      const row = own < 0 ? this.length + 1 : Math.min(own, this.length);
      if (pooled[row]) {
        count += 1;
        for (let unit = 0; unit < this.units; unit += 1) sum[unit] += state[unit];
      }
      return this.output({ state: sum.map((each) => each / Math.max(1, count)) });
    });
  }

  /** Probabilities of all classes after a state. */
  output(state) {
    const { readout, readoutBias } = this.network;
    return (state.output ??= probabilities(product(state.state, readout, readoutBias)));
  }
}

/** How near a cell state still is to another: 1 where equal, 0 where as far away as that is long. */
export function nearness(before, now) {
  if (before === now) return 1;
  const far = Math.hypot(...now.map((each, at) => each - before[at]));
  return Math.max(0, 1 - far / Math.hypot(...before));
}

/** A row times a matrix (of rows), added to a row. */
function product(row, matrix, sums) {
  const result = Float64Array.from(sums);
  for (let at = 0; at < row.length; at += 1) {
    const [factor, weights] = [row[at], matrix[at]];
    for (let column = 0; column < result.length; column += 1) result[column] += factor * weights[column];
  }
  return result;
}

/** As `maskdemo.training.scoring.probabilities`: a single logit gives two classes. */
function probabilities(logits) {
  if (logits.length === 1) return [sigmoid(-logits[0]), sigmoid(logits[0])];
  const largest = Math.max(...logits);
  const exponentials = Array.from(logits, (each) => Math.exp(each - largest));
  const total = exponentials.reduce((sum, each) => sum + each, 0);
  return exponentials.map((each) => each / total);
}
