"""Find sequences that a model takes, and run it on them with and without padding."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from maskdemo.audit import output_change, preconditions, run_model
from maskdemo.audit.exception_sentences import short_reason
from maskdemo.audit.fixed_length_steps import outputs_of_fixed_inputs
from maskdemo.audit.layer_kinds import layers_of
from maskdemo.audit.mask_inputs import with_masks_as_tried
from maskdemo.audit.model_inputs import ModelInput, data_of
from maskdemo.audit.output_change import Measure, Reference, largest_share
from maskdemo.audit.pair import TracePair, trace_pair
from maskdemo.audit.report import Finding
from maskdemo.audit.run_model import Batch, Run
from maskdemo.audit.samples import LONG, Row, Samples, Side, candidates, samples_of
from maskdemo.audit.temporary_changes import (
    last_activations,
    last_digits_changed,
    other_last_digits,
    saturated,
    without_activations,
)
from maskdemo.audit.tolerances import CALL_TOLERANCES, SAME_GRAPH
from maskdemo.audit.trace import raising_layer, trace
from maskdemo.errors import UnsupportedModel


class Trial:
    """A model, sequences that it takes, and its outputs for them without padding: runs as it is made.

    rows: the caller's sequences; None to draw `count`. fixed_lengths: numbers of steps that the model
    itself takes; where the inputs have none, it is a copy for any. notes: sentences on what could not
    be tried. findings: from running the model as one graph. left_out: indices of sequences without
    finite outputs, each with the reason. run: runs the model on a batch, as one graph if possible.
    outputs: of the `short_batch`. added: amounts of padding that ran. reference: outputs of every
    sequence without padding. tolerance: the share of its largest number by which a tensor may move by
    rounding; two runs of one batch may differ by a tenth of that. Raises UnsupportedModel where no
    sequences run or none is finite.
    """

    def __init__(
        self,
        model: Any,
        model_inputs: tuple[ModelInput, ...],
        rows: tuple[Row, ...] | None,
        *,
        precision: str,
        fixed_lengths: frozenset[int],
        seed: int,
        count: int,
    ) -> None:
        self.model, self.model_inputs, self.fixed_lengths = model, model_inputs, fixed_lengths
        self.precision, self.tolerance = precision, CALL_TOLERANCES[precision]
        self._rerun_tolerance = self.tolerance / 10
        self.is_fixed = any(each.steps is not None for each in model_inputs)
        # Of a model that takes fixed lengths only a copy takes any.
        self.is_copy = bool(fixed_lengths) and not self.is_fixed
        #: For each output the input of one length whose steps it has, or "".
        self.timed: tuple[str, ...] = ()
        self.added: tuple[int, ...] = ()
        self.drawn = rows is None
        self.notes: list[str] = []
        self.findings: list[Finding] = []
        self.run: Run = partial(run_model.run_eagerly, model)
        self._indices = list(range(count if rows is None else len(rows)))
        self.left_out: dict[int, str] = {}
        if rows is not None:
            self.samples = samples_of(rows, model_inputs)
            # NaN cannot be cast to whole numbers.
            whole = [each for each in model_inputs if each.kind == "tokens" or "int" in each.dtype]
            reasons = (preconditions.non_finite_in_sequence(whole, row) for row in self.samples.rows)
            self._leave_out({index: why for index, why in enumerate(reasons) if why})
        self.samples, self.outputs = self._first_accepted_run(seed, count)
        self.graph: Run | None = None
        self._try_as_graph()
        self._try_long()
        self.reference = self._finite_reference()

    def _first_accepted_run(self, seed: int, count: int) -> tuple[Samples, list[np.ndarray]]:
        """Return the first samples that the model takes, masks as tried, and `outputs`, or raise."""
        failure: Exception | None = None
        tries = candidates(self.model_inputs, seed, count) if self.drawn else (self.samples,)
        for samples in tries:
            self.samples = samples
            try:
                if not self.is_fixed:
                    self._try_shortest()
                samples = with_masks_as_tried(self.run, samples, self.drawn, self.tolerance)
                self.samples, self.model_inputs = samples, samples.model_inputs
                batch = self.short_batch()
                outputs = preconditions.repeatable_outputs(self.model, batch, self._rerun_tolerance)
                if not self.is_fixed:
                    self.run(samples.padded_batch([0], "post"))  # its inputs may need one length
                of_data = {len(samples.rows[0][each.name]) for each in data_of(self.model_inputs)}
                if self.drawn and len(of_data) > 1:
                    self.notes.append("The inputs of one sequence had different lengths.")
                return samples, outputs
            except UnsupportedModel:
                raise
            except Exception as refused:  # whatever a layer raises on sequences that do not fit
                failure = refused
        assert failure is not None
        raise UnsupportedModel(self._refusal_sentence(failure)) from failure

    def _refusal_sentence(self, failure: Exception) -> str:
        """Return the sentence on why the model cannot be run, with advice."""
        batch = run_model.one_batch(self.model, self.short_batch())
        reason = short_reason(failure, raising_layer(self.model, batch))
        inputs = ", ".join(f"{each.name} {each.shape}" for each in self.model_inputs)
        advice = (
            f"Give it sequences that it takes, as a list or as --sequences FILE. Its inputs: {inputs}."
            if self.drawn
            else f"Compare the sequences with its inputs: {inputs}."
        )
        if any(each.masked_by and len(each.shape) > 2 for each in self.model_inputs):
            advice = "Masking makes a mask of pixels here: hand one of steps over, as `mask=`."
        return f"The model cannot be run on sequences: {reason.rstrip('.')}. {advice}"

    def _try_shortest(self) -> None:
        """Raise what Keras does where a window is wider than the shortest sequence.

        Shapes show it, or a run if there are no `inputs`: TensorFlow may return uninitialised memory.
        """
        import keras

        for name in [each.name for each in self.model_inputs if each.is_sequence]:
            shortest = int(np.argmin([len(row[name]) for row in self.samples.rows]))
            batch = self.samples.padded_batch([shortest], "post")
            if not getattr(self.model, "inputs", None):
                self.run(batch)
                continue
            specs = {key: keras.KerasTensor(each.shape, str(each.dtype)) for key, each in batch.items()}
            self.model.compute_output_spec(run_model.as_model_input(self.model, specs))

    def _finite_reference(self) -> Reference:
        """Return the reference; leave out sequences without finite outputs, raise if none is left."""
        if self.is_fixed:
            self.timed = outputs_of_fixed_inputs(self.model, self.samples)
        while True:
            reference = output_change.reference(
                self.run, self.samples, self.precision, self._run_rounded
            )
            rows = output_change.not_finite(reference, self.samples, self.timed)
            if not rows:
                return reference
            # Sequences that hold NaN go first: they may have spoilt others of their batch.
            reasons = {
                index: preconditions.non_finite_in_sequence(self.model_inputs, self.samples.rows[index])
                for index in rows
            }
            own = {index: why for index, why in reasons.items() if why}
            self._leave_out(own or preconditions.non_finite_in_model(self.model, self.samples, rows))
            self.outputs = run_model.run_eagerly(self.model, self.short_batch())

    def _run_rounded(self, batches: list[Batch]) -> list[list[np.ndarray]]:
        """Return the outputs by batch, with other last digits of weights and of drawn values."""
        drawn = [each.name for each in self.model_inputs if each.kind == "values" and self.drawn]
        others = [
            {**batch, **{name: other_last_digits(batch[name]) for name in drawn}} for batch in batches
        ]
        with last_digits_changed(self.model):
            return [self.run(each) for each in others]

    def why_left_out(self) -> tuple[str, ...]:
        """Return a sentence for each reason for which sequences are left out."""
        return preconditions.left_out_sentences(self.left_out, len(self.left_out) + len(self._indices))

    def _leave_out(self, reasons: Mapping[int, str]) -> None:
        """Drop the samples of these indices. Raises UnsupportedModel where none is left."""
        self.left_out |= {self._indices[index]: why for index, why in reasons.items()}
        remaining = [index for index in range(len(self._indices)) if index not in reasons]
        self._indices = [self._indices[index] for index in remaining]
        if not remaining:
            raise UnsupportedModel(
                "Whether padding leaks cannot be told: the outputs are NaN or infinite without any "
                f"padding. {' '.join(self.why_left_out())}"
            )
        self.samples = self.samples.chosen(remaining)

    def _try_as_graph(self) -> None:
        """Run the model as one graph from now on, or note why not: it fails or shapes differ.

        With a TimeDistributed, other values count, too, either fault is a finding "steps_lost" (a note
        if the model `is_fixed`), and nothing is tried if it `is_copy`.
        """
        graph = run_model.graph_runner(self.model, self.model_inputs)
        lossy = next(layers_of(self.model, "TimeDistributed"), None)
        if graph is None:
            self.notes.append(
                "As one graph, as predict runs it, it was not tried: that needs Keras on TensorFlow."
            )
            return
        if self.is_copy and lossy is not None:
            return  # the graph of the copy does not know its length, that of the model does
        try:
            outputs = graph(self.short_batch())
            now, before = outputs[0].shape, self.outputs[0].shape
            if [each.shape for each in outputs] != [each.shape for each in self.outputs]:
                lost = f"Outputs have shape {now} as a graph and {before} without."
            elif lossy is not None and (far := largest_share(self.outputs, outputs)) > SAME_GRAPH:
                lost = f"Outputs differ by {far:.2g} of the largest as a graph of unknown length."
            else:
                self.graph = self.run = graph
                return
        except Exception as refused:  # code that runs eagerly only, or steps that are not there
            lost = f"As one graph it fails: {short_reason(refused)}"
        if lossy is None or self.is_fixed:
            self.notes.append(lost)
        else:
            self.findings.append(Finding.about(lossy, "steps_lost", lost))

    def _try_long(self) -> None:
        """Go on without the long sequences that were drawn, where they fail or there is no graph."""
        short = self.samples.short()
        if not self.drawn or len(short) == len(self.samples.rows):
            return
        reason = "it takes too long without a graph"
        try:
            if self.graph is not None:
                self.run(self.samples.padded_batch(range(len(self.samples.rows)), "post"))
                return
        except Exception as refused:  # a table of positions that ends
            reason = f"the model fails: {short_reason(refused)}"
        self.notes.append(f"Sequences of {LONG} steps were not tried, as {reason}")
        self.samples = self.samples.chosen(short)
        self._indices = self._indices[: len(short)]

    def short_batch(self) -> Batch:
        """Return the short sequences, padded to the longest of them after the end, in one batch."""
        return self.samples.padded_batch(self.samples.short(), "post")

    def measures(self, sides: Sequence[Side], added: Sequence[int]) -> list[Measure]:
        """Return measures of how far each output moves, for each side and amount of padding, and 0.

        Amounts that fail on a side are noted, and not in `self.added`; within a fixed length, sequences
        are moved to its end instead. Where nothing leaks, values before saturated activations follow.
        Raises UnsupportedModel where outputs change from run to run by themselves, and what 0 raises.
        """
        ways: list[tuple[Side, int]] = [("pre", room := self.samples.movable_steps())]
        if not room:
            ways = [(side, amount) for side in sides for amount in (0, *added)]
        result: list[Measure] = []
        refusals: dict[int, str] = {}
        for side, amount in ways:
            try:
                result += output_change.measures(
                    self.run, self.samples, self.reference, side, amount, self.timed
                )
            except Exception as refused:  # a table of positions that ends; not enough memory
                if not amount or room:
                    raise
                refusals[amount] = short_reason(refused)
        self.added = () if room else tuple(each for each in added if each not in refusals)
        for amount, reason in refusals.items():
            self.notes.append(f"{amount} steps more were not tried, as the model fails: {reason}")
        if not any(each.leaks for each in result):
            result += self._measures_before_activation(ways)
        if (worst := next((each for each in result if each.leaks), None)) is not None:
            batch = self.samples.padded_batch(range(len(self.samples.rows)), worst.side, worst.added)
            preconditions.refuse_change(self.model, self.run, batch, self._rerun_tolerance)
        return result

    def _measures_before_activation(self, ways: list[tuple[Side, int]]) -> list[Measure]:
        """Return measures of values before the last activation of saturated outputs, and note that."""
        if not (outputs := saturated(self.reference)):
            return []
        makers = trace(self.model, run_model.one_batch(self.model, self.short_batch())).output_makers
        layers = last_activations([makers[index] for index in outputs])
        if not layers:
            return []
        graph = self.graph and run_model.graph_runner(self.model, self.model_inputs)
        run = graph or partial(run_model.run_eagerly, self.model)
        result: list[Measure] = []
        with without_activations(layers):
            reference = output_change.reference(run, self.samples, self.precision)
            for way in ways:
                if way[1] in (0, *self.added) or self.samples.movable_steps():
                    result += output_change.measures(run, self.samples, reference, *way, self.timed)
        self.notes.append("Some outputs are saturated: what goes into their activation was tried, too.")
        return [replace(each, before_activation=True) for each in result if each.output in outputs]

    def pair(self, measure: Measure) -> TracePair:
        """Return traces, without and with that padding, of the sequence that moved furthest and others.

        The others are as long. They are padded as beside short sequences, which is soon traced, and as
        beside the longest where that shows no leak.
        """
        how = (self.model, self.samples, measure.worst, measure.side, measure.added, self.tolerance)
        short, everything = self.samples.short(), range(len(self.samples.rows))
        pair = trace_pair(*how, short)
        moves = pair.furthest() > self._rerun_tolerance
        again = measure.leaks and len(short) < len(everything) and not moves
        return trace_pair(*how, everything) if again else pair
