"""The sequence models of keras.io's examples, as stacks of the same layers, written anew and smaller.

Of a block that is a layer of its own there, the layers within stand here; embeddings of positions are
left out, as they make no difference to a mask. What each example pads, and how, stands in `says`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
from keras import layers

WORDS = 50


@dataclass(frozen=True)
class Published:
    """An example of keras.io. page: its path. says: how it pads. leaks: (cause, layer) of each."""

    page: str
    title: str
    says: str
    build: Callable[[], Any]
    leaks: tuple[tuple[str, str], ...] = ()

    @property
    def link(self) -> str:
        """The address of its page."""
        return f"https://keras.io/examples/{self.page}/"


PUBLISHED: dict[str, Published] = {}


def published(page: str, title: str, says: str, *leaks: tuple[str, str]) -> Callable:
    def add(build: Callable[[], Any]) -> Callable[[], Any]:
        PUBLISHED[build.__name__] = Published(page, title, says, build, leaks)
        return build

    return add


def words(*stacked: Any) -> Any:
    embedding = layers.Embedding(WORDS, 8, name="embedding")
    return keras.Sequential([keras.Input((None,), name="words"), embedding, *stacked])


@published(
    "nlp/bidirectional_lstm_imdb",
    "Bidirectional LSTM on IMDB",
    "reviews cut or padded in front to 200 words; mask_zero is not set",
    ("no_mask", "first"),
)
def bidirectional_lstm():
    return words(
        layers.Bidirectional(layers.LSTM(8, return_sequences=True), name="first"),
        layers.Bidirectional(layers.LSTM(8), name="second"),
        layers.Dense(1, activation="sigmoid"),
    )


@published(
    "nlp/text_classification_from_scratch",
    "Text classification from scratch",
    "padded after the end to 500 words; a convolutional network without masks",
    ("no_mask", "pool"),
)
def strided_convolutions():
    return words(
        layers.Conv1D(8, 7, strides=3, activation="relu", name="conv"),
        layers.Conv1D(8, 7, strides=3, activation="relu", name="conv_2"),
        layers.GlobalMaxPooling1D(name="pool"),
        layers.Dense(1, activation="sigmoid"),
    )


@published(
    "nlp/pretrained_word_embeddings",
    "Using pre-trained word embeddings",
    "padded after the end to 200 words, whose embedding is 0 there",
    ("border", "pool_2"),
    ("no_mask", "pool_3"),
)
def convolutions_and_pools():
    return words(
        layers.Conv1D(8, 5, activation="relu"),
        layers.MaxPooling1D(5, name="pool_1"),
        layers.Conv1D(8, 5, activation="relu"),
        layers.MaxPooling1D(5, name="pool_2"),
        layers.Conv1D(8, 5, activation="relu"),
        layers.GlobalMaxPooling1D(name="pool_3"),
        layers.Dense(4, activation="softmax"),
    )


def block(x: Any, name: str) -> Any:
    attended = layers.MultiHeadAttention(2, 4, name=f"{name}_attention")(x, x)
    x = layers.LayerNormalization()(x + attended)
    y = layers.Dense(8)(layers.Dense(8, activation="relu")(x))
    return layers.LayerNormalization()(x + y)


@published(
    "nlp/text_classification_with_transformer",
    "Text classification with Transformer",
    "reviews padded in front to 200 words; mask_zero is not set",
    ("no_mask", "block_attention"),
)
def transformer_classifier():
    inputs = keras.Input((None,), name="words")
    x = block(layers.Embedding(WORDS, 8)(inputs), "block")
    x = layers.GlobalAveragePooling1D(name="mean")(x)
    return keras.Model(inputs, layers.Dense(2, activation="softmax")(x))


@published(
    "nlp/ner_transformers",
    "Named entity recognition using Transformers",
    "batches padded to their longest sentence; its own loss leaves padding out, its attention does not",
    ("no_mask", "block_attention"),
)
def token_labels():
    inputs = keras.Input((None,), name="words")
    x = block(layers.Embedding(WORDS, 8)(inputs), "block")
    return keras.Model(inputs, layers.Dense(5, activation="softmax")(x))


@published(
    "nlp/lstm_seq2seq",
    "Character-level recurrent sequence-to-sequence model",
    "both sides padded after the end, with the character for a space",
    ("no_mask", "encoder"),
)
def characters_to_characters():
    source, target = keras.Input((None, 6), name="source"), keras.Input((None, 6), name="target")
    _, h, c = layers.LSTM(8, return_state=True, name="encoder")(source)
    x = layers.LSTM(8, return_sequences=True, name="decoder")(target, initial_state=[h, c])
    return keras.Model([source, target], layers.Dense(6, activation="softmax")(x))


@published(
    "nlp/addition_rnn",
    "Sequence to sequence learning for performing number addition",
    "sums padded to 7 characters with spaces, which the network is meant to read",
    ("no_mask", "encoder"),
)
def addition():
    return keras.Sequential(
        [
            keras.Input((7, 12), name="characters"),
            layers.LSTM(8, name="encoder"),
            layers.RepeatVector(4),
            layers.LSTM(8, return_sequences=True),
            layers.Dense(12, activation="softmax"),
        ]
    )


@published(
    "nlp/active_learning_review_classification",
    "Review classification using active learning",
    "reviews padded after the end to 150 words; mask_zero is not set",
    ("no_mask", "both"),
)
def bidirectional_and_largest():
    return words(
        layers.Bidirectional(layers.LSTM(8, return_sequences=True), name="both"),
        layers.GlobalMaxPooling1D(name="pool"),
        layers.Dense(1, activation="sigmoid"),
    )


@published(
    "timeseries/timeseries_classification_from_scratch",
    "Timeseries classification from scratch",
    "all series have one length, so nothing is padded; it would leak if anything were",
    ("border", "conv_1"),
    ("border", "conv_2"),
    ("no_mask", "mean"),
)
def fully_convolutional():
    stacked = []
    for at in range(3):
        stacked += [layers.Conv1D(8, 3, padding="same", name=f"conv_{at}")]
        stacked += [layers.BatchNormalization(), layers.ReLU()]
    mean = layers.GlobalAveragePooling1D(name="mean")
    return keras.Sequential(
        [keras.Input((176, 1), name="series"), *stacked, mean, layers.Dense(2, activation="softmax")]
    )


@published(
    "timeseries/timeseries_classification_transformer",
    "Timeseries classification with a Transformer model",
    "all series have one length, so nothing is padded; it would leak if anything were",
    ("no_mask", "attention_0"),
)
def transformer_on_series():
    inputs = x = keras.Input((176, 1), name="series")
    for at in range(2):
        y = layers.MultiHeadAttention(2, 4, name=f"attention_{at}")(x, x)
        x = layers.LayerNormalization()(y) + x
        y = layers.Conv1D(1, 1)(layers.Conv1D(4, 1, activation="relu")(x))
        x = layers.LayerNormalization()(y) + x
    x = layers.GlobalAveragePooling1D(name="mean")(x)
    return keras.Model(inputs, layers.Dense(2, activation="softmax")(x))


@published(
    "vision/video_classification",
    "Video classification with a CNN-RNN architecture",
    "frames padded after the end to 20, and the mask handed to the first GRU; the second one relies on "
    "what the first passes on, which ends with Keras 3.16",
)
def masked_frames():
    frames = keras.Input((20, 8), name="frames")
    mask = keras.Input((20,), dtype="bool", name="mask")
    x = layers.GRU(8, return_sequences=True)(frames, mask=mask)
    x = layers.Dense(8, activation="relu")(layers.GRU(4)(x))
    return keras.Model([frames, mask], layers.Dense(3, activation="softmax")(x))
