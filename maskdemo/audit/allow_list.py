"""The allow-list of a stranger's configuration: classes of Keras that only compute.

Left out on purpose: Lambda, TFSMLayer, TorchModuleWrapper, JaxLayer and FlaxLayer, which run code of
the file; StringLookup, IntegerLookup and TextVectorization, which read other files; operations that
call a function (Map, Scan, Cond, WhileLoop) or make large things of small ones (Tile, Repeat, Kron).
"""

from __future__ import annotations

from collections.abc import Mapping


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _from(module: str, names: frozenset[str]) -> Mapping[str, str]:
    return dict.fromkeys(names, module)


#: Each class, and the module that Keras writes for it.
MODELS: Mapping[str, str] = {"Functional": "keras.src.models.functional", "Sequential": "keras"}
LAYERS = _from(
    "keras.layers",
    _names("""
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
INITIALIZERS = _from(
    "keras.initializers",
    _names("""
    Constant GlorotNormal GlorotUniform HeNormal HeUniform Identity LecunNormal LecunUniform
    Ones Orthogonal OrthogonalInitializer RandomNormal RandomUniform TruncatedNormal
    VarianceScaling Zeros
    """),
)
REGULARIZERS = _from("keras.regularizers", _names("L1 L1L2 L2 OrthogonalRegularizer"))
CONSTRAINTS = _from("keras.constraints", _names("MaxNorm MinMaxNorm NonNeg UnitNorm"))
DTYPE_POLICIES: Mapping[str, str] = {"DTypePolicy": "keras"}

#: Operations of a functional model, by module.
OPERATIONS: Mapping[str, frozenset[str]] = {
    "keras.src.ops.numpy": _names("""
    Abs Absolute Add All Amax Amin Any Arange Argmax Argmin Average Ceil Clip Concatenate Copy
    Cos CountNonzero Cumsum Divide DivideNoNan Dot Einsum Equal Exp ExpandDims Expm1 Flip Floor
    FloorDivide Full FullLike GetItem Greater GreaterEqual Isfinite Isnan Less LessEqual Log
    Log1p LogicalAnd LogicalNot LogicalOr Matmul Max Maximum Mean Min Minimum Mod Moveaxis
    Multiply NanToNum Negative NotEqual OnesLike Power Prod Ravel Reciprocal Reshape Roll Round
    Sign Sin Split Sqrt Square Squeeze Stack Std Subtract Sum Swapaxes Take TakeAlongAxis Tanh
    Transpose Tril Triu TrueDivide Var Where ZerosLike
    """),
    "keras.src.ops.nn": _names("""
    Elu Gelu Glu HardSigmoid HardSilu HardTanh LayerNorm LeakyRelu LogSigmoid LogSoftmax
    Normalize OneHot RMSNorm Relu Relu6 Selu Sigmoid Silu Softmax Softplus Softsign
    """),
    "keras.src.ops.core": _names("Cast ConvertToTensor StopGradient Unstack"),
    "keras.src.ops.math": _names("Erf Logsumexp Rsqrt"),
}

#: Names in place of an object, by what they stand for.
ACTIVATIONS = _names("""
    celu elu exponential gelu glu hard_shrink hard_sigmoid hard_silu hard_swish hard_tanh
    leaky_relu linear log_sigmoid log_softmax mish relu relu6 selu sigmoid silu soft_shrink
    softmax softplus softsign sparse_plus sparse_sigmoid squareplus swish tanh tanh_shrink
    threshold
""")
INITIALIZER_NAMES = _names("""
    glorot_normal glorot_uniform he_normal he_uniform identity lecun_normal lecun_uniform normal
    ones orthogonal random_normal random_uniform truncated_normal uniform variance_scaling zeros
""")
REGULARIZER_NAMES = _names("l1 l2 l1_l2")
DTYPES = _names("""
    bfloat16 bool float16 float32 float64 int16 int32 int64 int8 mixed_bfloat16 mixed_float16
    uint8
""")
#: Other words that a layer or an operation takes, by the name of the argument.
WORDS: Mapping[str, frozenset[str]] = {
    "padding": _names("valid same causal"),
    "data_format": _names("channels_last channels_first"),
    "merge_mode": _names("concat sum mul ave"),
    "interpolation": _names("nearest bilinear"),
    "score_mode": _names("dot concat"),
    "mode": _names("fan_in fan_out fan_avg"),
    "distribution": _names("truncated_normal untruncated_normal uniform normal"),
}
#: Arguments that are a formula of letters, one for each axis.
FORMULAS = _names("equation bias_axes subscripts input_axes output_axes")
