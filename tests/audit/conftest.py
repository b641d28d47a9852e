import gc

import pytest


@pytest.fixture(scope="package", autouse=True)
def keras_is_no_garbage():
    """Hundreds of models are built and dropped; Keras itself need not be looked through each time."""
    import keras

    keras.ops.zeros(1)
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture(autouse=True)
def single_precision():
    """Every test starts and ends with Keras as it is by default."""
    import keras

    keras.config.set_dtype_policy("float32")
    yield
    keras.config.set_dtype_policy("float32")
