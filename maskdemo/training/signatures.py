"""What the compiled programs of a shape take, in TensorFlow's words."""

# TensorFlow's type stubs do not know specs in the place of tensors.
# pyright: reportArgumentType=false

from __future__ import annotations

import tensorflow as tf

from maskdemo.training.buckets import InferenceBlocks, Shape, TimeMajorBatch
from maskdemo.training.lstm import Weights


def batches_in_bucket(shape: Shape) -> int:
    """How many batches, or blocks, fit the shape."""
    return -(-shape.sequences // shape.batch_size)


def weights_spec(shape: Shape) -> Weights:
    """One network's weights."""
    units, gates = shape.units, 4 * shape.units
    channels = shape.channels - 1
    sizes = ([channels, gates], [units, gates], [gates], [units, shape.outputs], [shape.outputs])
    return Weights(*(tf.TensorSpec(size) for size in sizes))


def time_major_spec(shape: Shape) -> TimeMajorBatch:
    """Sequences to train on."""
    row = [shape.sequences]
    plane = [shape.steps, *row]
    counted = plane if shape.every_step else [1, *row]
    return TimeMajorBatch(
        inputs=tf.TensorSpec([*plane, shape.channels]),
        switch=tf.TensorSpec(plane),
        targets=tf.TensorSpec(counted, tf.int32),
        weights=tf.TensorSpec(counted),
        read_out=tf.TensorSpec(row, tf.int32),
        first=tf.TensorSpec(row, tf.int32),
        last=tf.TensorSpec(row, tf.int32),
    )


def inference_blocks_spec(shape: Shape) -> InferenceBlocks:
    """Sequences to read."""
    count, size = batches_in_bucket(shape), shape.batch_size
    return InferenceBlocks(
        inputs=tf.TensorSpec([count, shape.steps, size, shape.channels]),
        switch=tf.TensorSpec([count, shape.steps, size]),
        read_out=tf.TensorSpec([count, size], tf.int32),
        first=tf.TensorSpec([count], tf.int32),
        last=tf.TensorSpec([count], tf.int32),
        count=tf.TensorSpec([], tf.int32),
    )
