"""Find sequences that a model takes, and run it on them with and without padding."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from maskdemo.audit import non_finite, output_change, run_model
from maskdemo.audit.error_sentences import short_reason
from maskdemo.audit.first_runs import first_runs, one_batch, refuse_change
from maskdemo.audit.last_activation import last_activations, saturated, without_activations
from maskdemo.audit.model_inputs import ModelInput, layers_of
from maskdemo.audit.non_finite import LeftOut
from maskdemo.audit.output_change import Measure, Reference, Run
from maskdemo.audit.pair import TracePair, trace_pair
from maskdemo.audit.prepare_model import last_digits_changed, other_last_digits
from maskdemo.audit.report import Finding
from maskdemo.audit.run_model import Batch
from maskdemo.audit.samples import Row, Samples, Side, data_of, draw
from maskdemo.audit.trace import raising_layer, trace
from maskdemo.errors import UnsupportedModel

#: Factors by which sequences are drawn longer until the model takes them.
STRETCHES = (1, 2, 4, 8, 16, 64)


class Trial:
    """A model, sequences that it takes, and its outputs for them without padding.

    flexible: whether the model is a copy that takes any length. fixed_lengths: numbers of steps that
    the model itself takes. notes: sentences on what could not be tried. findings: from running the
    model as one graph. left_out: sequences without finite outputs.
    tolerance: the share of an output's largest number up to which two runs of one batch are the same.
    """

    def __init__(
        self,
        model: Any,
        model_inputs: tuple[ModelInput, ...],
        rows: tuple[Row, ...] | None,
        *,
        precision: str,
        tolerance: float,
        flexible: bool,
        fixed_lengths: frozenset[int] = frozenset(),
        seed: int,
        count: int,
    ) -> None:
        self.model, self.model_inputs, self._tolerance = model, model_inputs, tolerance
        self.steps = next((each.steps for each in model_inputs if each.steps is not None), None)
        self.fixed_lengths = fixed_lengths
        self.drawn = rows is None
        self.notes: list[str] = []
        self.findings: list[Finding] = []
        self.run: Run = self._run_eagerly
        self._precision = precision
        self._indices = list(range(count if rows is None else len(rows)))
        self._total = len(self._indices)
        self.left_out: list[LeftOut] = []
        if rows is not None:
            self.samples = Samples(model_inputs, rows)
            reasons = {
                index: non_finite.in_integer_inputs(model_inputs, row) for index, row in enumerate(rows)
            }
            self._leave_out({index: why for index, why in reasons.items() if why})
            rows = self.samples.rows
        self.samples, self.outputs = self._first_accepted_run(rows, seed, count)
        self.graph: Run | None = None
        self._try_as_graph(flexible)
        self.reference = self._finite_reference(precision)

    def _first_accepted_run(
        self, rows: tuple[Row, ...] | None, seed: int, count: int
    ) -> tuple[Samples, list[np.ndarray]]:
        """Return the first candidate samples that the model takes, and its outputs for them."""
        failure: Exception | None = None
        for samples in self._candidate_samples(rows, seed, count):
            self.samples = samples
            try:
                if self.steps is None:
                    self._try_shortest()
                outputs = first_runs(self.model, self.mixed(), self._tolerance)
                if self.steps is None:
                    self.run(samples.padded_batch([0], "post"))  # its inputs may need one length
                if self.drawn and len(set(samples.lengths(samples.rows[0]))) > 1:
                    self.notes.append("The inputs of one sequence had different lengths.")
                return samples, outputs
            except UnsupportedModel:
                raise
            except Exception as refused:  # whatever a layer raises on sequences that do not fit
                failure = refused
        assert failure is not None
        raise UnsupportedModel(self._refusal_sentence(failure)) from failure

    def _refusal_sentence(self, failure: Exception) -> str:
        """Return why the model cannot be run, and what to try."""
        reason = short_reason(failure, raising_layer(self.model, one_batch(self.model, self.mixed())))
        inputs = ", ".join(f"{each.name} {each.shape}" for each in self.model_inputs)
        advice = (
            f"Give it sequences that it takes, as a list or as --sequences FILE. Its inputs: {inputs}."
            if self.drawn
            else f"Compare the sequences with its inputs: {inputs}."
        )
        return f"The model cannot be run on sequences: {reason.rstrip('.')}. {advice}"

    def _candidate_samples(
        self, rows: tuple[Row, ...] | None, seed: int, count: int
    ) -> Iterator[Samples]:
        """Yield sequences to try until the model takes some: the caller's, else longer and longer ones.

        Several inputs are first drawn with different lengths, as a translator takes them; many models
        need equal lengths.
        """
        if rows is not None:
            yield Samples(self.model_inputs, rows)
            return
        several = self.steps is None and len(data_of(self.model_inputs)) > 1
        for stretch in STRETCHES:
            for apart in (True, False) if several else (False,):
                yield draw(self.model_inputs, stretch=stretch, apart=apart, seed=seed, count=count)

    def _try_shortest(self) -> None:
        """Raise where a window is wider than the shortest sequence.

        This comes before any run, from shapes alone where the model allows that: TensorFlow's
        convolutions would return uninitialised memory.
        """
        for model_input in self.model_inputs:
            if model_input.is_sequence:
                lengths = [len(row[model_input.name]) for row in self.samples.rows]
                self._try_shape(self.samples.padded_batch([int(np.argmin(lengths))], "post"))

    def _try_shape(self, batch: Batch) -> None:
        """Raise where the model does not take a batch of this shape."""
        if not getattr(self.model, "inputs", None):
            self.run(batch)
            return
        import keras

        specs = {name: keras.KerasTensor(each.shape, str(each.dtype)) for name, each in batch.items()}
        self.model.compute_output_spec(run_model.as_model_input(self.model, specs))

    def _finite_reference(self, precision: str) -> Reference:
        """Return the outputs without padding, and leave out sequences whose outputs are not finite."""
        while True:
            reference = output_change.reference(
                self.run, self.samples, precision, self.steps, self._run_rounded
            )
            rows = output_change.not_finite(reference, self.samples, self.steps)
            if not rows:
                return reference
            # Sequences that hold NaN go first: they may have spoilt others of their batch.
            reasons = {
                index: non_finite.in_sequence(self.model_inputs, self.samples.rows[index])
                for index in rows
            }
            own = {index: why for index, why in reasons.items() if why}
            self._leave_out(own or non_finite.in_model(self.model, self.samples, rows, self.steps))
            self.outputs = run_model.run_eagerly(self.model, self.mixed())

    def _run_rounded(self, batch: Batch) -> list[np.ndarray]:
        """Run the model with other last digits of its weights, and of values that were drawn."""
        drawn = [each.name for each in self.model_inputs if each.kind == "values" and self.drawn]
        other = {
            name: other_last_digits(array) if name in drawn else array for name, array in batch.items()
        }
        with last_digits_changed(self.model):
            return self.run(other)

    def _run_eagerly(self, batch: Batch) -> list[np.ndarray]:
        return run_model.run_eagerly(self.model, batch)

    def why_left_out(self) -> tuple[str, ...]:
        """Return a sentence for each reason for which sequences are left out."""
        return non_finite.left_out_sentences(self.left_out, self._total)

    def _leave_out(self, reasons: Mapping[int, str]) -> None:
        """Go on without the sequences of these indices. Raises UnsupportedModel where none is left."""
        self.left_out += [LeftOut(self._indices[index], why) for index, why in reasons.items()]
        if len(reasons) == len(self._indices):
            raise UnsupportedModel(
                "Whether padding leaks cannot be told: the outputs are NaN or infinite without any "
                f"padding. {' '.join(self.why_left_out())}"
            )
        remaining = [index for index in range(len(self._indices)) if index not in reasons]
        self._indices = [self._indices[index] for index in remaining]
        self.samples = Samples(
            self.model_inputs, tuple(self.samples.rows[index] for index in remaining)
        )

    def _try_as_graph(self, flexible: bool) -> None:
        """Run the model as one graph from now on, or note why that is not possible."""
        graph = run_model.graph_runner(self.model, self.model_inputs)
        lossy = next(layers_of(self.model, "TimeDistributed"), None)
        if graph is None:
            self.notes.append(
                "As one graph, as predict runs it, it was not tried: that needs Keras on TensorFlow."
            )
            return
        if flexible and lossy is not None:
            return  # the graph of the copy does not know its length, that of the model does
        lost = ""
        try:
            outputs = graph(self.mixed())
            shapes = [output.shape for output in outputs]
            if shapes == [output.shape for output in self.outputs]:
                self.graph = self.run = graph
            else:
                lost = f"Outputs have shape {shapes[0]} as a graph and {self.outputs[0].shape} without."
        except Exception as refused:  # code that runs eagerly only, or steps that are not there
            lost = f"As one graph it fails: {short_reason(refused)}"
        if lost and lossy is not None and self.steps is None:
            self.findings.append(Finding.about(lossy, "steps_lost", lost))
        elif lost:
            self.notes.append(lost)

    def mixed(self) -> Batch:
        """Return sequences of all lengths in one batch."""
        return self.samples.padded_batch(range(len(self.samples.rows)), "post", to=self.steps)

    def measures(self, sides: Sequence[Side], added: Sequence[int]) -> list[Measure]:
        """Measure how far the outputs move with padding.

        Raises UnsupportedModel where they move from one run to the next without any reason.
        """
        result = output_change.measures(
            self.run, self.samples, self.reference, sides=sides, added=added, steps=self.steps
        )
        if not any(each.leaks for each in result):
            result += self._measures_before_activation(sides, added)
        if (worst := next((each for each in result if each.leaks), None)) is not None:
            batch = self.samples.padded_batch(
                range(len(self.samples.rows)), worst.side, worst.added, to=self.steps
            )
            refuse_change(self.model, self.run, batch, self.run(batch), self._tolerance)
        return result

    def _measures_before_activation(self, sides: Sequence[Side], added: Sequence[int]) -> list[Measure]:
        """Measure what goes into the last activation where outputs are saturated."""
        outputs = saturated(self.reference)
        if not outputs:
            return []
        makers = trace(self.model, one_batch(self.model, self.mixed())).output_makers
        layers = last_activations([makers[index] for index in outputs])
        if not layers:
            return []
        with without_activations(layers):
            reference = output_change.reference(
                self._run_eagerly, self.samples, self._precision, self.steps
            )
            result = output_change.measures(
                self._run_eagerly, self.samples, reference, sides=sides, added=added, steps=self.steps
            )
        self.notes.append("Some outputs are saturated: what goes into their activation was tried, too.")
        return [replace(each, before_activation=True) for each in result if each.output in outputs]

    def pair(self, measure: Measure) -> TracePair:
        """Trace the sequence that moved furthest, and others as long, without and with that padding."""
        longest = max(max(self.samples.lengths(row)) for row in self.samples.rows)
        length = max(self.samples.lengths(self.samples.rows[measure.worst]))
        return trace_pair(
            self.model,
            self.samples,
            measure.worst,
            measure.side,
            # The longest itself moves only with a step more; the others as they were measured.
            total=longest + (measure.added or int(length == longest)),
            steps=self.steps,
        )
