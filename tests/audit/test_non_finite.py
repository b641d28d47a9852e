"""Where outputs are NaN or infinite nothing can be said about padding, and that is what is said."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from keras import layers, ops

from maskdemo.audit import audit
from maskdemo.audit.output_change import largest_change
from maskdemo.audit.pytest_checks import NothingChecked, check_padding
from maskdemo.errors import UnsupportedModel
from tests.audit.zoo import FEATURES, ZOO, graph, stack

NAN, INF = float("nan"), float("inf")
QUICK: dict[str, Any] = {"saved": False, "added": (1, 7)}


def sequences(*lengths: int) -> list[np.ndarray]:
    rng = np.random.default_rng(4)
    return [rng.normal(size=(steps, FEATURES)).astype("float32") for steps in lengths]


def with_value(value: float, sequence: int, step: int) -> list[np.ndarray]:
    given = sequences(3, 3, 5, 5, 4, 6)
    given[sequence][step, 1] = value
    return given


def diverged(layer: str) -> keras.Model:
    model = stack(
        layers.Masking(name="masking"),
        layers.LSTM(4, name="lstm", return_sequences=True),
        layers.LSTM(4, name="last"),
        layers.Dense(2, name="answer"),
    )
    weights = model.get_layer(layer).weights[0]
    weights.assign(np.full(weights.shape, NAN))
    return model


def test_overflow_of_drawn_weights_cannot_be_audited():
    model = stack(
        layers.LSTM(4, name="lstm", return_sequences=True),
        layers.Rescaling(1e30, name="large"),
        layers.Rescaling(1e30, name="too_large"),
        layers.GlobalMaxPooling1D(name="pool"),
    )
    with pytest.raises(UnsupportedModel, match=r"'too_large' \(Rescaling\) is the first .* infinity\."):
        audit(model, **QUICK)


@pytest.mark.fuzz
def test_one_fixed_length_cannot_be_audited_either():
    model = stack(layers.LSTM(4, return_sequences=True), layers.Flatten(), steps=8)
    model.weights[0].assign(np.full(model.weights[0].shape, INF))
    with pytest.raises(UnsupportedModel, match=r"'lstm.*' \(LSTM\) is the first layer"):
        audit(model, trained=True, **QUICK)


@pytest.mark.parametrize("name", ["masking_lstm", pytest.param("convolution", marks=pytest.mark.fuzz)])
def test_nan_in_all_sequences_is_found_in_the_sequences(name):
    given = [np.full_like(each, NAN) for each in sequences(3, 4)]
    with pytest.raises(UnsupportedModel, match="In all 2 sequences NaN stands at step 1 of 'sequence'"):
        audit(ZOO[name].build(), given, **QUICK)


@pytest.mark.parametrize(
    ("value", "words"),
    [(NAN, "NaN"), (INF, "infinity"), pytest.param(1e300, "infinity", marks=pytest.mark.fuzz)],
)
def test_nan_in_one_of_six_sequences_is_told_and_the_others_are_audited(value, words):
    given = [each.astype("float64") for each in sequences(3, 3, 5, 5, 4, 6)]
    given[3][1, 2] = value
    report = audit(stack(layers.GlobalAveragePooling1D(), layers.Dense(2)), given, **QUICK)
    assert report.tried.sequences == 5 and report.tried.left_out == 1
    assert f"In sequence 4 of 6 {words} stands at step 2 of 'sequence'" in str(report)
    assert "without 1 of 6 sequences" in report.sentence
    assert not report.clean, "the five others say that padding leaks"


@pytest.mark.fuzz
def test_nan_that_a_model_takes_out_is_no_matter():
    inputs = keras.Input((None, FEATURES), name="sequence")
    x = layers.Masking()(ops.nan_to_num(inputs))
    model = keras.Model(inputs, layers.Dense(2)(layers.LSTM(4)(x)))
    report = audit(model, with_value(NAN, 2, 1), **QUICK)
    assert report.clean and report.tried.left_out == 0 and report.tried.sequences == 6


@pytest.mark.fuzz
def test_one_that_spoils_its_whole_batch_is_left_out_alone():
    inputs = keras.Input((None, FEATURES), name="sequence")
    spoilt = inputs + 0.0 * ops.sum(inputs)
    model = keras.Model(inputs, layers.Dense(2)(layers.LSTM(4)(layers.Masking()(spoilt))))
    assert audit(model, with_value(NAN, 2, 1), **QUICK).tried.left_out == 1


def test_nan_among_whole_numbers_is_no_token():
    words = [np.array(each, "float32") for each in ([1, 2, 3], [4, NAN], [5, 6, 7, 8])]
    report = audit(ZOO["words_lstm"].build(), words, **QUICK)
    assert "In sequence 2 of 3 NaN stands at step 2" in str(report)


class NanOnceThereIsPadding(layers.Conv1D):
    """A convolution whose first step turns into NaN where the last one is padding."""

    def call(self, inputs):
        outputs = super().call(inputs)
        padded = ops.cast(ops.equal(inputs[:, -1:, :1], inputs[:, -2:-1, :1]), "float32")
        first = ops.cast(ops.equal(ops.arange(ops.shape(outputs)[1]), 0), "float32")[:, None]
        return outputs + ops.where(first * padded > 0, NAN, 0.0)


@pytest.mark.fuzz
def test_nan_away_from_the_border_is_no_effect_at_the_border():
    def of(x, mask):
        x = NanOnceThereIsPadding(4, 3, padding="same")(layers.Dense(4)(x))
        return layers.LSTM(4)(x, mask=mask)

    report = audit(graph(of), sides=("post",), **QUICK)
    assert not report.clean and "the outputs change altogether" in report.sentence


# `make test` has this leak in `test_zoo`, without its sentence.
@pytest.mark.fuzz
def test_a_loss_that_padding_turns_into_nan_is_a_leak():
    report = audit(ZOO["shares_of_nothing"].build(), **QUICK)
    assert [(each.cause, each.layer) for each in report.leaks] == [("loss_not_finite", "share")]
    assert "turn the loss into NaN" in report.leaks[0].seen


@pytest.mark.fuzz
def test_a_large_output_is_no_overflow_of_the_loss():
    def of(x, mask):
        return layers.Rescaling(1e25)(layers.LSTM(4, return_sequences=True)(x, mask=mask))

    report = audit(graph(of, head=False), **QUICK)
    assert report.clean and "too large" not in str(report)


def no_number(wanted, got):
    return ops.mean(got, axis=-1) * NAN


def test_a_metric_that_is_nan_anyway_is_not_judged_and_that_is_told():
    model = graph(lambda x, mask: layers.LSTM(4, return_sequences=True)(x, mask=mask), head=False)
    model.compile("adam", "mse", metrics=[keras.metrics.MeanMetricWrapper(no_number, "odd")])
    report = audit(model, **QUICK)
    assert any("metric odd is no finite number" in note for note in report.tried.also)


@pytest.mark.parametrize(
    ("wanted", "got", "expected"),
    [
        ([1.0, 2.0], [1.0, 2.5], 0.5),
        ([1.0], [NAN], INF),
        ([NAN], [1.0], INF),
        ([NAN], [NAN], 0.0),
        ([INF], [INF], 0.0),
        ([INF], [-INF], INF),
        ([INF], [NAN], INF),
        ([1.0], [1.0, 2.0], INF),
        ([], [], 0.0),
    ],
)
def test_a_difference_is_never_nan(wanted, got, expected):
    assert largest_change(np.array(wanted), np.array(got)) == expected


@pytest.mark.parametrize("layer", ["lstm", pytest.param("answer", marks=pytest.mark.fuzz)])
def test_checks_fail_where_weights_diverged_and_the_first_layer_is_named(layer):
    words = (
        rf"In all 24 sequences '{layer}' \(.*\) is the first layer that puts .* NaN; its weights hold"
    )
    for check in check_padding(diverged(layer), trained=True, **QUICK):
        with pytest.raises(NothingChecked, match=words):
            check()


def test_a_check_fails_where_a_sequence_was_left_out():
    failed = []
    for check in check_padding(ZOO["masking_lstm"].build, with_value(NAN, 0, 1), **QUICK):
        try:
            check()
        except AssertionError as complaint:
            failed.append((check.name, str(complaint)))
    assert [name for name, _ in failed] == ["finite"]
    assert "In sequence 1 of 6 NaN stands at step 2" in failed[0][1]
