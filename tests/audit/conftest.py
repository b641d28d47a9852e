import pytest


@pytest.fixture(autouse=True)
def single_precision():
    """Every test starts and ends with Keras as it is by default."""
    import keras

    keras.config.set_dtype_policy("float32")
    yield
    keras.config.set_dtype_policy("float32")
