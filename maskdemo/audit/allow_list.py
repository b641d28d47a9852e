"""The allow-list of a stranger's configuration: classes of Keras that only compute, and plain values.

Left out on purpose: the layers of `NOT_AUDITED`, each with its reason; operations that call a function
(Map, Scan, Cond, WhileLoop), that make large things of small ones (Tile, Repeat, Kron, Pad) or whose
result has a size that only the numbers decide (Nonzero, Unique). Every function that checks a value
returns the value itself, or raises UnsupportedModel with a sentence.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from maskdemo.errors import UnsupportedModel, quoted


def _name_set(text: str) -> frozenset[str]:
    """Return the names in a text that white space separates."""
    return frozenset(text.split())


def _with_module(module: str, names: str) -> Mapping[str, str]:
    """Return a table from each class name in a text to its module in Keras."""
    return dict.fromkeys(names.split(), module)


#: Each class, and the module that Keras writes for it.
MODELS: Mapping[str, str] = {"Functional": "keras.src.models.functional", "Sequential": "keras"}
LAYERS = _with_module(
    "keras.layers",
    """
    Activation ActivityRegularization AdaptiveAveragePooling1D AdaptiveAveragePooling2D
    AdaptiveAveragePooling3D AdaptiveMaxPooling1D AdaptiveMaxPooling2D AdaptiveMaxPooling3D Add
    AdditiveAttention AlphaDropout Attention AugMix AutoContrast Average AveragePooling1D
    AveragePooling2D AveragePooling3D BatchNormalization Bidirectional CategoryEncoding CenterCrop
    Concatenate ContrastLimitedAdaptiveHistogramEqualization Conv1D Conv1DTranspose Conv2D
    Conv2DTranspose Conv3D Conv3DTranspose ConvLSTM1D ConvLSTM2D ConvLSTM3D Cropping1D Cropping2D
    Cropping3D CutMix Dense DepthwiseConv1D DepthwiseConv2D Discretization Dot Dropout ELU EinsumDense
    Embedding Equalization Flatten GRU GRUCell GaussianDropout GaussianNoise GlobalAveragePooling1D
    GlobalAveragePooling2D GlobalAveragePooling3D GlobalMaxPooling1D GlobalMaxPooling2D
    GlobalMaxPooling3D GroupNormalization GroupQueryAttention HashedCrossing Hashing Identity
    InputLayer LSTM LSTMCell LayerNormalization LeakyReLU Masking MaxPooling1D MaxPooling2D
    MaxPooling3D Maximum MelSpectrogram Minimum MixUp MultiHeadAttention Multiply Normalization PReLU
    Permute Pipeline RMSNormalization RNN RandAugment RandomBrightness RandomColorDegeneration
    RandomColorJitter RandomContrast RandomCrop RandomElasticTransform RandomErasing RandomFlip
    RandomGaussianBlur RandomGrayscale RandomHue RandomInvert RandomPerspective RandomPosterization
    RandomRotation RandomSaturation RandomSharpness RandomShear RandomTranslation RandomZoom ReLU
    RepeatVector Rescaling Reshape Resizing ReversibleEmbedding STFTSpectrogram SeparableConv1D
    SeparableConv2D SimpleRNN SimpleRNNCell Softmax Solarization SpatialDropout1D SpatialDropout2D
    SpatialDropout3D SpectralNormalization StackedRNNCells Subtract TimeDistributed UnitNormalization
    UpSampling1D UpSampling2D UpSampling3D ZeroPadding1D ZeroPadding2D ZeroPadding3D
    """,
)
#: The other layers of Keras, and why each is not audited.
NOT_AUDITED: Mapping[str, str] = {
    **dict.fromkeys(
        ("Lambda", "TFSMLayer", "TorchModuleWrapper", "JaxLayer", "FlaxLayer"),
        "it runs code that the file brings",
    ),
    **dict.fromkeys(
        ("StringLookup", "IntegerLookup", "TextVectorization"), "its words may be read from other files"
    ),
    **dict.fromkeys(("Layer", "Wrapper"), "it is a base class that computes nothing"),
    "MaxNumBoundingBoxes": "it works on boxes, not on numbers",
}
INITIALIZERS = _with_module(
    "keras.initializers",
    """
    Constant GlorotNormal GlorotUniform HeNormal HeUniform Identity LecunNormal LecunUniform
    Ones Orthogonal OrthogonalInitializer RandomNormal RandomUniform STFT TruncatedNormal
    VarianceScaling Zeros
    """,
)
REGULARIZERS = _with_module("keras.regularizers", "L1 L1L2 L2 OrthogonalRegularizer")
CONSTRAINTS = _with_module("keras.constraints", "MaxNorm MinMaxNorm NonNeg UnitNorm")
DTYPE_POLICIES: Mapping[str, str] = {"DTypePolicy": "keras"}

#: Operations of a functional model, by module.
OPERATIONS: Mapping[str, frozenset[str]] = {
    "keras.src.ops.numpy": _name_set("""
    Abs Absolute Add All Amax Amin Any Arange Arccos Arccosh Arcsin Arcsinh Arctan Arctan2 Arctanh
    Argmax Argmin Argsort Average Cbrt Ceil Clip Concatenate Copy Cos Cosh CountNonzero Cumprod
    Cumsum Deg2rad Diff Divide DivideNoNan Dot Einsum Equal Exp Exp2 ExpandDims Expm1 Fabs Flip
    Fliplr Flipud Floor FloorDivide Fmax Fmin Fmod Full FullLike GetItem Greater GreaterEqual
    Heaviside Hstack Hypot Isclose Isfinite Isinf Isnan Isneginf Isposinf Less LessEqual Log Log10
    Log1p Log2 Logaddexp LogicalAnd LogicalNot LogicalOr LogicalXor Matmul Max Maximum Mean Median
    Min Minimum Mod Moveaxis Multiply NanToNum Nanmax Nanmean Nanmin Nanstd Nansum Nanvar Negative
    NotEqual OnesLike Power Prod Ptp Quantile Rad2deg Ravel Reciprocal Reshape Roll Round Sign
    Signbit Sin Sinc Sinh Sort Split Sqrt Square Squeeze Stack Std Subtract Sum Swapaxes Take
    TakeAlongAxis Tan Tanh Tensordot Transpose Tril Triu TrueDivide Trunc Var Vstack Where ZerosLike
    """),
    "keras.src.ops.nn": _name_set("""
    Celu Elu Gelu Glu HardShrink HardSigmoid HardSilu HardTanh LayerNorm LeakyRelu LogSigmoid
    LogSoftmax Normalize OneHot RMSNorm Relu Relu6 Selu Sigmoid Silu SoftShrink Softmax Softplus
    Softsign SparsePlus SparseSigmoid Sparsemax Squareplus TanhShrink Threshold
    """),
    "keras.src.ops.core": _name_set("Cast ConvertToTensor SaturateCast StopGradient Unstack"),
    "keras.src.ops.math": _name_set("Erf Erfc Erfinv Logsumexp Rsqrt TopK"),
}

#: Names in place of an object, by what they stand for.
ACTIVATIONS = _name_set("""
    celu elu exponential gelu glu hard_shrink hard_sigmoid hard_silu hard_swish hard_tanh
    leaky_relu linear log_sigmoid log_softmax mish relu relu6 selu sigmoid silu soft_shrink
    softmax softplus softsign sparse_plus sparse_sigmoid sparsemax squareplus swish tanh
    tanh_shrink threshold
""")
INITIALIZER_NAMES = _name_set("""
    glorot_normal glorot_uniform he_normal he_uniform identity lecun_normal lecun_uniform normal
    ones orthogonal random_normal random_uniform truncated_normal uniform variance_scaling zeros
""")
REGULARIZER_NAMES = _name_set("l1 l2 l1_l2")
DTYPES = _name_set("""
    bfloat16 bool float16 float32 float64 int16 int32 int64 int8 mixed_bfloat16 mixed_float16
    uint8
""")
#: Other words that a layer or an operation takes, by the name of the argument.
WORDS: Mapping[str, frozenset[str]] = {
    "padding": _name_set("valid same causal"),
    "data_format": _name_set("channels_last channels_first"),
    "merge_mode": _name_set("concat sum mul ave"),
    "interpolation": _name_set("area bicubic bilinear lanczos3 lanczos5 nearest"),
    "fill_mode": _name_set("constant mirror nearest reflect wrap"),
    "output_mode": _name_set("count int multi_hot one_hot"),
    "score_mode": _name_set("dot concat"),
    # Of a variance, of a flip, of a spectrogram.
    "mode": _name_set("""
        fan_in fan_out fan_avg horizontal vertical horizontal_and_vertical
        angle imag log magnitude psd real stft
    """),
    "distribution": _name_set("truncated_normal untruncated_normal uniform normal"),
    "scaling": _name_set("density spectrum"),
    "side": _name_set("imag real"),
    "window": _name_set("bartlett blackman boxcar flattop hamming hann nuttall parzen"),
}
#: Arguments that are frequencies: however large, nothing gets larger by them.
FREQUENCIES = _name_set("max_freq min_freq sampling_rate")
#: Arguments that are a formula of letters, one for each axis.
FORMULAS = _name_set("equation bias_axes subscripts input_axes output_axes")
_FORMULA = re.compile(r"[A-Za-z.,\-> ]*")
#: The largest whole number of any argument; the longest list; the longest name.
MAX_NUMBER, MAX_LIST, MAX_NAME = 16_384, 4_096, 200
#: Joiners that are no printable characters, and belong to words of Persian and of India's languages.
_JOINERS = str.maketrans("", "", "\u200c\u200d")


def checked_value(key: str, value: Any) -> Any:
    """Return the value if it may stand under this key; raise UnsupportedModel if not.

    Allowed are None, bool, any float, int up to ±MAX_NUMBER (any under FREQUENCIES), a layer's name
    under "name" and "*_layers", an einsum formula under FORMULAS (up to MAX_NAME letters, spaces and
    `.,->`), a word in `WORDS[key]`, and a list of these.
    """
    if value is None or isinstance(value, (bool, float)):
        return value
    if isinstance(value, int):
        if abs(value) > MAX_NUMBER and key not in FREQUENCIES:
            raise UnsupportedModel(f"{key} is {quoted(value)}: at most {MAX_NUMBER:,} is built here.")
        return value
    if isinstance(value, str):
        if key == "name" or key.endswith("_layers"):
            return checked_layer_name(value)
        if key in FORMULAS:
            if len(value) > MAX_NAME or not _FORMULA.fullmatch(value):
                raise UnsupportedModel("A formula of axes has other signs than letters.")
            return value
        if value in WORDS.get(key, ()):
            return value
        raise UnsupportedModel(f"{key} is {quoted(value)}, which is not known here.")
    if isinstance(value, list):
        return [checked_value(key, each) for each in checked_list(value)]
    raise UnsupportedModel(f"{key} is an object where Keras has none.")


def checked_layer_name(value: Any) -> str:
    """Return a layer's name of 1 to MAX_NAME printable characters and joiners of any script, or raise.

    UnsupportedModel is raised, too, for slashes, backslashes and white space at either end.
    """
    if (
        not isinstance(value, str)
        or not 0 < len(value) <= MAX_NAME
        or not value.translate(_JOINERS).isprintable()
        or set(value) & set("/\\")
        or value != value.strip()
    ):
        raise UnsupportedModel("A layer has a name that Keras would not give.")
    return value


def checked_list(value: Any) -> list[Any]:
    """Return the value if it is a list of at most MAX_LIST items; raise UnsupportedModel if not."""
    if not isinstance(value, list):
        raise UnsupportedModel("A list is expected where there is none.")
    if len(value) > MAX_LIST:
        raise UnsupportedModel(f"A list has more than {MAX_LIST:,} items.")
    return value


def checked_mapping(value: Any) -> dict[str, Any]:
    """Return the value if it is a dictionary; raise UnsupportedModel if not."""
    if not isinstance(value, dict):
        raise UnsupportedModel("Arguments are expected where there are none.")
    return value
