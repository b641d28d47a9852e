import pytest


@pytest.fixture(scope="package", autouse=True)
def for_many_small_models():
    """Hundreds of models are built, run a few times and dropped: graphs are not made faster first."""
    import tensorflow as tf

    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
    yield
    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": False})


@pytest.fixture(autouse=True)
def single_precision():
    """Every test starts and ends with Keras as it is by default."""
    import keras

    keras.config.set_dtype_policy("float32")
    yield
    keras.config.set_dtype_policy("float32")
