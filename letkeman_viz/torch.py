"""The schemes for PyTorch, by the conventions of ``torch.nn.init``. Needs torch; nothing here imports this.

``standard_letkeman_`` and ``normalized_letkeman_`` fill one weight tensor in place, like
``torch.nn.init.kaiming_uniform_``; ``initialize_`` goes through a whole module with any built-in scheme.
Every scheme maps the same uniform numbers to its weights, so that one seed means one draw here too.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, TypeVar

try:
    import torch
except ImportError as error:
    raise ImportError("letkeman_viz.torch needs PyTorch; install it with: pip install torch") from error
from torch import Tensor, nn

from . import checks
from .initializers import Constant, Initializer, Normal, Orthogonal, Uniform, get_initializer

MAX_GAIN = 1e6

_DENSE = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d)
_GATES: dict[type[nn.Module], int] = {
    nn.RNN: 1, nn.GRU: 3, nn.LSTM: 4, nn.RNNCell: 1, nn.GRUCell: 3, nn.LSTMCell: 4,
}  # fmt: skip
# Their parameters are no weights of sums: scales, shifts, and vectors that are looked up.
_LEFT_ALONE = (
    nn.Embedding, nn.LayerNorm, nn.RMSNorm, nn.GroupNorm, nn.PReLU,
    nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d, nn.InstanceNorm1d, nn.InstanceNorm2d, nn.InstanceNorm3d,
)  # fmt: skip

AnyModule = TypeVar("AnyModule", bound=nn.Module)


def standard_letkeman_(
    tensor: Tensor,
    active_inputs: float | None = None,
    gain: float = 1.0,
    generator: torch.Generator | None = None,
) -> Tensor:
    """Fill ``tensor`` by Standard Letkeman: outputs keep the mean magnitude of inputs of one size.

    Parameters
    ----------
    tensor : a weight of shape (outputs, inputs) or (outputs, inputs / groups, *kernel), any floating dtype;
        as in ``torch.nn.init``, fan_in is everything but the first dimension.
    active_inputs : 1e-6 to 10**6, in the place of fan_in: 1 for one-hot inputs, in general the mean of the
        sum of the squared inputs (that one output sees).
    gain : 0 to 10**6, multiplies the bound.
    generator : a ``torch.Generator``; torch's own by default.

    Fills in place, outside of autograd, and returns ``tensor``. Raises TypeError or ValueError for a tensor
    with fewer than two dimensions or of whole numbers, or an argument out of range.
    """
    return _letkeman_("standard_letkeman", tensor, active_inputs, gain, generator)


def normalized_letkeman_(
    tensor: Tensor,
    active_inputs: float | None = None,
    gain: float = 1.0,
    generator: torch.Generator | None = None,
) -> Tensor:
    """Fill ``tensor`` by Normalized Letkeman: mean magnitude 1 over outputs and errors sent back together.

    fan_out is the first dimension times the kernel's size; all else is as in ``standard_letkeman_``.
    """
    return _letkeman_("normalized_letkeman", tensor, active_inputs, gain, generator)


def _letkeman_(
    name: str, tensor: Tensor, active_inputs: float | None, gain: float, generator: torch.Generator | None
) -> Tensor:
    scheme = get_initializer(name, active_inputs=active_inputs)
    gain = checks.real("gain", gain, 0.0, MAX_GAIN)
    fans = _fans(tensor)
    scaled = Uniform(name, scheme.label, lambda fan_in, fan_out: gain * (scheme.bound(*fans) or 0.0))
    return _fill_(tensor, scaled, generator)


def initialize_(
    module: AnyModule,
    scheme: str | Initializer = "standard_letkeman",
    active_inputs: float | Mapping[str, float] | None = None,
    generator: torch.Generator | None = None,
    **options: Any,
) -> AnyModule:
    """Give every layer of ``module`` weights by ``scheme``, and zero biases.

    Parameters
    ----------
    module : Linear, Conv1d to Conv3d, RNN, GRU and LSTM layers (and cells) are filled, at any depth.
        Each gate of a recurrent layer is a matrix of its own, and so are its input and recurrent weights.
        Normalization layers, PReLU and Embedding keep what they have. Anything else with parameters is
        refused, before any weight is changed: fill its weights one by one.
    scheme : name of a built-in scheme, or an ``Initializer``; ``options`` are the scheme's, such as ``gain``.
    active_inputs : one number is for the first layer that is filled (in the order of
        ``module.named_modules()``), as only that one sees the data; a mapping from layers' names to
        numbers is for those layers. Of recurrent layers it concerns the first input matrix (and its
        reverse). All others count their inputs.
    generator : a ``torch.Generator``; torch's own by default.

    Returns ``module``. Raises TypeError or ValueError for anything it cannot do.
    """
    layers = {name: part for name, part in module.named_modules() if _is_filled(name, part)}
    if not layers:
        raise ValueError(f"{type(module).__name__} has no Linear, Conv, RNN, GRU or LSTM layer to initialize")
    if active_inputs is None or isinstance(active_inputs, Mapping):
        active = dict(active_inputs or {})
    else:
        active = {next(iter(layers)): active_inputs}
    for name in active:
        checks.choice("active_inputs names layer", name, layers)
    if active and isinstance(scheme, Initializer):
        raise TypeError("active_inputs go with a scheme's name; make the Initializer with them instead")
    usual = get_initializer(scheme, **options)
    if type(usual) not in (Constant, Uniform, Normal, Orthogonal):
        raise TypeError(f"{usual.label!r} cannot be drawn in PyTorch; choose a built-in scheme")
    special = {name: get_initializer(scheme, active_inputs=a, **options) for name, a in active.items()}
    for name, part in layers.items():
        for key, parameter in part.named_parameters(recurse=False):
            if key.startswith("bias"):
                nn.init.zeros_(parameter)
                continue
            sees_data = key in ("weight", "weight_ih") or key.startswith("weight_ih_l0")
            chosen = special.get(name, usual) if sees_data else usual
            with torch.no_grad():
                for gate in parameter.chunk(_gates(part, key)):
                    _fill_(gate, chosen, generator)
    return module


def _gates(part: nn.Module, key: str) -> int:
    """How many matrices a weight holds, one above the other."""
    return 1 if key.startswith("weight_hr") else _GATES.get(type(part), 1)  # hr: an LSTM's projection


def _is_filled(name: str, part: nn.Module) -> bool:
    """Whether ``part`` has weights of its own to fill; refuses what has some that are not understood."""
    own = dict(part.named_parameters(recurse=False))
    if isinstance(part, _LEFT_ALONE) or not (own or isinstance(part, _DENSE)):
        return False
    kind = f"layer {name!r} ({type(part).__name__})"
    if any(nn.parameter.is_lazy(parameter) for parameter in own.values()):
        raise ValueError(f"{kind} has no shape yet; run a batch through the model first")
    if type(part) in _GATES or (isinstance(part, _DENSE) and {"weight"} <= set(own) <= {"weight", "bias"}):
        return True
    raise TypeError(
        f"{kind} is not a plain Linear, Conv1d to Conv3d, RNN, GRU or LSTM; initialize its weights one by "
        "one, with standard_letkeman_ or normalized_letkeman_"
    )


def _fans(tensor: Tensor) -> tuple[int, int]:
    """(fan_in, fan_out) as torch.nn.init has them."""
    if not isinstance(tensor, Tensor):
        raise TypeError(f"tensor must be a torch.Tensor, not {tensor!r}")
    if not tensor.is_floating_point():
        raise TypeError(f"tensor holds {tensor.dtype}; weights must be of a floating dtype")
    if tensor.dim() < 2:
        raise ValueError(f"tensor has shape {tuple(tensor.shape)}; a weight has 2 dimensions or more")
    kernel = math.prod(tensor.shape[2:])
    return tensor.shape[1] * kernel, tensor.shape[0] * kernel


@torch.no_grad()
def _fill_(tensor: Tensor, scheme: Initializer, generator: torch.Generator | None) -> Tensor:
    """Weights of ``scheme`` in place, always from as many uniform numbers as there are weights."""
    fans = _fans(tensor)
    precise = tensor.dtype if tensor.dtype == torch.float64 else torch.float32
    quantiles = torch.rand(tensor.shape, generator=generator, dtype=precise, device=tensor.device)
    if isinstance(scheme, Constant):
        return tensor.fill_(scheme.value)
    if isinstance(scheme, Uniform):
        return tensor.copy_((2.0 * quantiles - 1.0) * scheme.bound(*fans))
    # rand can give exactly 0, whose normal quantile is -inf; half of its smallest step cannot.
    standard = torch.special.ndtri(quantiles.clamp_min(torch.finfo(precise).eps / 4))
    if isinstance(scheme, Normal):
        return tensor.copy_(standard * scheme.std(*fans))
    matrix = standard.flatten(1)
    rows, columns = matrix.shape
    q, r = torch.linalg.qr(matrix if rows >= columns else matrix.T)
    q = q * torch.where(r.diagonal() < 0.0, -1.0, 1.0)
    directions = (q if rows >= columns else q.T).reshape(tensor.shape)
    return tensor.copy_(directions * (scheme.std(columns, rows) * math.sqrt(max(rows, columns))))
