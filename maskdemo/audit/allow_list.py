"""The allow-list of a stranger's configuration: classes of Keras that only compute.

Left out on purpose: Lambda, TFSMLayer, TorchModuleWrapper, JaxLayer and FlaxLayer, which run code of
the file; StringLookup, IntegerLookup and TextVectorization, which read other files; operations that
call a function (Map, Scan, Cond, WhileLoop) or make large things of small ones (Tile, Repeat, Kron).
"""

from __future__ import annotations

from collections.abc import Mapping


def _name_set(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _with_module(module: str, names: frozenset[str]) -> Mapping[str, str]:
    return dict.fromkeys(names, module)


#: Each class, and the module that Keras writes for it.
MODELS: Mapping[str, str] = {"Functional": "keras.src.models.functional", "Sequential": "keras"}
LAYERS = _with_module(
    "keras.layers",
    _name_set("""
    Activation ActivityRegularization Add AdditiveAttention AlphaDropout Attention Average
    AveragePooling1D AveragePooling2D BatchNormalization Bidirectional Concatenate Conv1D
    Conv1DTranspose Conv2D Conv2DTranspose ConvLSTM1D Cropping1D Cropping2D Dense
    DepthwiseConv1D DepthwiseConv2D Dot Dropout ELU EinsumDense Embedding Flatten GRU GRUCell
    GaussianDropout GaussianNoise GlobalAveragePooling1D GlobalAveragePooling2D
    GlobalMaxPooling1D GlobalMaxPooling2D GroupNormalization GroupQueryAttention Identity
    InputLayer LSTM LSTMCell LayerNormalization LeakyReLU Masking MaxPooling1D MaxPooling2D
    Maximum Minimum MultiHeadAttention Multiply PReLU Permute RMSNormalization RNN ReLU
    RepeatVector Rescaling Reshape SeparableConv1D SeparableConv2D SimpleRNN SimpleRNNCell
    Softmax SpatialDropout1D SpatialDropout2D SpectralNormalization StackedRNNCells Subtract
    TimeDistributed UnitNormalization UpSampling1D UpSampling2D ZeroPadding1D ZeroPadding2D
    """),
)
INITIALIZERS = _with_module(
    "keras.initializers",
    _name_set("""
    Constant GlorotNormal GlorotUniform HeNormal HeUniform Identity LecunNormal LecunUniform
    Ones Orthogonal OrthogonalInitializer RandomNormal RandomUniform TruncatedNormal
    VarianceScaling Zeros
    """),
)
REGULARIZERS = _with_module("keras.regularizers", _name_set("L1 L1L2 L2 OrthogonalRegularizer"))
CONSTRAINTS = _with_module("keras.constraints", _name_set("MaxNorm MinMaxNorm NonNeg UnitNorm"))
DTYPE_POLICIES: Mapping[str, str] = {"DTypePolicy": "keras"}

#: Operations of a functional model, by module.
OPERATIONS: Mapping[str, frozenset[str]] = {
    "keras.src.ops.numpy": _name_set("""
    Abs Absolute Add All Amax Amin Any Arange Argmax Argmin Average Ceil Clip Concatenate Copy
    Cos CountNonzero Cumsum Divide DivideNoNan Dot Einsum Equal Exp ExpandDims Expm1 Flip Floor
    FloorDivide Full FullLike GetItem Greater GreaterEqual Isfinite Isnan Less LessEqual Log
    Log1p LogicalAnd LogicalNot LogicalOr Matmul Max Maximum Mean Min Minimum Mod Moveaxis
    Multiply NanToNum Negative NotEqual OnesLike Power Prod Ravel Reciprocal Reshape Roll Round
    Sign Sin Split Sqrt Square Squeeze Stack Std Subtract Sum Swapaxes Take TakeAlongAxis Tanh
    Transpose Tril Triu TrueDivide Var Where ZerosLike
    """),
    "keras.src.ops.nn": _name_set("""
    Elu Gelu Glu HardSigmoid HardSilu HardTanh LayerNorm LeakyRelu LogSigmoid LogSoftmax
    Normalize OneHot RMSNorm Relu Relu6 Selu Sigmoid Silu Softmax Softplus Softsign
    """),
    "keras.src.ops.core": _name_set("Cast ConvertToTensor StopGradient Unstack"),
    "keras.src.ops.math": _name_set("Erf Logsumexp Rsqrt"),
}

#: Names in place of an object, by what they stand for.
ACTIVATIONS = _name_set("""
    celu elu exponential gelu glu hard_shrink hard_sigmoid hard_silu hard_swish hard_tanh
    leaky_relu linear log_sigmoid log_softmax mish relu relu6 selu sigmoid silu soft_shrink
    softmax softplus softsign sparse_plus sparse_sigmoid squareplus swish tanh tanh_shrink
    threshold
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
    "interpolation": _name_set("nearest bilinear"),
    "score_mode": _name_set("dot concat"),
    "mode": _name_set("fan_in fan_out fan_avg"),
    "distribution": _name_set("truncated_normal untruncated_normal uniform normal"),
}
#: Arguments that are a formula of letters, one for each axis.
FORMULAS = _name_set("equation bias_axes subscripts input_axes output_axes")
