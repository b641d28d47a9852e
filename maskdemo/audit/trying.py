"""Sequences that a model takes, and the way in which it is run on them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from maskdemo.audit import behaviour, finite, running
from maskdemo.audit.behaviour import Measure, Reference, Run
from maskdemo.audit.entries import Entry, layers_of
from maskdemo.audit.failures import reason
from maskdemo.audit.finite import LeftOut
from maskdemo.audit.pair import Pair, pair
from maskdemo.audit.report import Finding
from maskdemo.audit.running import Batch
from maskdemo.audit.samples import Row, Samples, Side, data_of, draw
from maskdemo.errors import UnsupportedModel

#: How many times longer sequences are drawn until a model takes them.
STRETCHES = (1, 2, 4, 8, 16, 64)


class Trial:
    """A model, sequences that it takes, and what it says about them without padding.

    opened: whether the model is a copy that takes any length. notes: what could not be tried.
    findings: what running it as one graph showed. left_out: sequences for which the outputs are not
    finite.
    """

    def __init__(
        self,
        model: Any,
        entries: tuple[Entry, ...],
        rows: tuple[Row, ...] | None,
        *,
        precision: str,
        opened: bool,
        seed: int,
        count: int,
    ) -> None:
        self.model, self.entries = model, entries
        self.steps = next((entry.steps for entry in entries if entry.steps is not None), None)
        self.drawn = rows is None
        self.notes: list[str] = []
        self.findings: list[Finding] = []
        self.run: Run = lambda batch: running.eager(model, batch)
        self._places = list(range(count if rows is None else len(rows)))
        self._of = len(self._places)
        self.left_out: list[LeftOut] = []
        if rows is not None:
            self.samples = Samples(entries, rows)
            whys = {at: finite.in_whole_numbers(entries, row) for at, row in enumerate(rows)}
            self._leave_out({at: why for at, why in whys.items() if why})
            rows = self.samples.rows
        self.samples, self.outputs = self._first_run(rows, seed, count)
        self.graph: Run | None = None
        self._as_graph(opened)
        self.reference = self._finite_reference(precision)

    def _first_run(
        self, rows: tuple[Row, ...] | None, seed: int, count: int
    ) -> tuple[Samples, list[np.ndarray]]:
        failure: Exception | None = None
        for samples in self._candidates(rows, seed, count):
            self.samples = samples
            try:
                if self.steps is None:
                    self._try_shortest()
                outputs = self.run(self.mixed())
                if self.steps is None:
                    self.run(samples.rectangle([0], "post"))  # its inputs may need one length
                if self.drawn and len(set(samples.lengths(samples.rows[0]))) > 1:
                    self.notes.append("The inputs of one sequence had different lengths.")
                return samples, outputs
            except UnsupportedModel:
                raise
            except Exception as refused:  # whatever a layer raises on sequences that do not fit
                failure = refused
        assert failure is not None
        raise UnsupportedModel(f"The model cannot be run on sequences: {reason(failure)}") from failure

    def _candidates(self, rows: tuple[Row, ...] | None, seed: int, count: int) -> Iterator[Samples]:
        """Sequences to try until the model takes some: given ones, else drawn ones of growing length.

        Several inputs are drawn with lengths of their own, where the model takes that, as a
        translator does; many models pair the steps of their inputs.
        """
        if rows is not None:
            yield Samples(self.entries, rows)
            return
        several = self.steps is None and len(data_of(self.entries)) > 1
        for stretch in STRETCHES:
            for apart in (True, False) if several else (False,):
                yield draw(self.entries, stretch=stretch, apart=apart, seed=seed, count=count)

    def _try_shortest(self) -> None:
        """Raises where a window is wider than the shortest sequence.

        To be looked at before anything is run, by adding up shapes where a model can do that: what
        TensorFlow's convolutions put out in such a case is what stood in memory.
        """
        for entry in self.entries:
            if entry.is_sequence:
                lengths = [len(row[entry.name]) for row in self.samples.rows]
                self._try_shape(self.samples.rectangle([int(np.argmin(lengths))], "post"))

    def _try_shape(self, batch: Batch) -> None:
        if not getattr(self.model, "inputs", None):
            self.run(batch)
            return
        import keras

        specs = {name: keras.KerasTensor(each.shape, str(each.dtype)) for name, each in batch.items()}
        self.model.compute_output_spec(running.packed(self.model, specs))

    def _finite_reference(self, precision: str) -> Reference:
        """What the model says without padding. Sequences whose outputs are not finite are left out."""
        while True:
            if self.steps is None:
                reference = behaviour.reference(self.run, self.samples, precision)
            else:
                reference = behaviour.placed(self.run, self.samples, precision, self.steps)
            rows = behaviour.not_finite(reference, self.samples, self.steps)
            if not rows:
                return reference
            # Those that hold NaN themselves go first: they may have spoilt others of their batch.
            whys = {at: finite.in_sequence(self.entries, self.samples.rows[at]) for at in rows}
            own = {at: why for at, why in whys.items() if why}
            self._leave_out(own or finite.in_model(self.model, self.samples, rows, self.steps))
            self.outputs = running.eager(self.model, self.mixed())

    def why_left_out(self) -> tuple[str, ...]:
        """A sentence for each reason for which sequences are left out."""
        return finite.sentences(self.left_out, self._of)

    def _leave_out(self, whys: Mapping[int, str]) -> None:
        """Go on without the sequences at these places. Raises UnsupportedModel where none is left."""
        self.left_out += [LeftOut(self._places[at], why) for at, why in whys.items()]
        if len(whys) == len(self._places):
            raise UnsupportedModel(
                "Whether padding leaks cannot be told: the outputs are NaN or infinite without any "
                f"padding. {' '.join(self.why_left_out())}"
            )
        kept = [at for at in range(len(self._places)) if at not in whys]
        self._places = [self._places[at] for at in kept]
        self.samples = Samples(self.entries, tuple(self.samples.rows[at] for at in kept))

    def _as_graph(self, opened: bool) -> None:
        graph = running.graph(self.model, self.entries)
        lossy = next(layers_of(self.model, "TimeDistributed"), None)
        if graph is None or (opened and lossy is not None):
            return  # its time is not known in advance here, but is to the model that was handed in
        lost = ""
        try:
            outputs = graph(self.mixed())
            shapes = [output.shape for output in outputs]
            if shapes == [output.shape for output in self.outputs]:
                self.graph = self.run = graph
            else:
                lost = f"Outputs have shape {shapes[0]} as a graph and {self.outputs[0].shape} without."
        except Exception as refused:  # code that runs eagerly only, or steps that are not there
            lost = f"As one graph it fails: {reason(refused)}"
        if lost and lossy is not None and self.steps is None:
            self.findings.append(
                Finding(
                    cause="steps_lost",
                    layer=lossy.name,
                    of_class="TimeDistributed",
                    seen=lost,
                )
            )
        elif lost:
            self.notes.append(lost)

    def mixed(self) -> Batch:
        """Sequences of all lengths in one batch."""
        everything = range(len(self.samples.rows))
        if self.steps is None:
            return self.samples.rectangle(everything, "post")
        return behaviour.inside(self.samples, everything, "post", self.steps)

    def measures(self, sides: Sequence[Side], added: Sequence[int]) -> list[Measure]:
        """How far the outputs move with padding."""
        if self.steps is not None:
            return behaviour.moved_inside(self.run, self.samples, self.reference, self.steps)
        return behaviour.measures(self.run, self.samples, self.reference, sides=sides, added=added)

    def pair(self, measure: Measure) -> Pair:
        """Trace the sequence that moved furthest, and others as long, without and with that padding."""
        longest = max(max(self.samples.lengths(row)) for row in self.samples.rows)
        return pair(
            self.model,
            self.samples,
            measure.worst,
            measure.side,
            total=longest + max(measure.added, 1),
            steps=self.steps,
        )
