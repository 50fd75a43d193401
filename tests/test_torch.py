"""The schemes in PyTorch: real layers, torch.nn.init's conventions, whole modules."""

import math

import pytest
import torch
from torch import nn

from letkeman_viz import expected_magnitude, get_initializer, normalized_magnitude
from letkeman_viz.initializers import Constant
from letkeman_viz.torch import initialize_, normalized_letkeman_, standard_letkeman_

ADAPTERS = {
    "standard_letkeman": (standard_letkeman_, lambda n, m: n**-0.5 / expected_magnitude(n)),
    "normalized_letkeman": (
        normalized_letkeman_,
        lambda n, m: (6 / (n + m)) ** 0.5 / normalized_magnitude(n, m),
    ),
}

# A layer and its (fan_in, fan_out).
LAYERS = {
    "Linear": (lambda: nn.Linear(300, 500), (300, 500)),
    "Conv1d": (lambda: nn.Conv1d(40, 150, 7), (40 * 7, 150 * 7)),
    "Conv2d": (lambda: nn.Conv2d(32, 96, (5, 3)), (32 * 15, 96 * 15)),
    "Conv3d": (lambda: nn.Conv3d(16, 60, 3), (16 * 27, 60 * 27)),
    "grouped Conv2d": (lambda: nn.Conv2d(64, 256, 5, groups=4), (16 * 25, 256 * 25)),
}


def generator(seed=1):
    return torch.Generator().manual_seed(seed)


def refuses(error, words, call, *args, **kwargs):
    with pytest.raises(error) as caught:
        call(*args, **kwargs)
    for word in words:
        assert word in str(caught.value)


def is_uniform(weights, bound):
    """Fills its interval, with a uniform's moments to 5 standard errors."""
    w = weights.detach().double().flatten() / bound
    assert w.abs().max() <= 1 + 1e-6
    assert w.abs().max() > 0.999
    assert abs(w.mean()) < 5 * math.sqrt(1 / 3 / len(w))
    assert abs((w**2).mean() - 1 / 3) < 5 * math.sqrt(4 / 45 / len(w))
    assert abs((w**4).mean() - 1 / 5) < 5 * math.sqrt(16 / 225 / len(w))


# One tensor


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("name", ADAPTERS)
def test_moments_in_real_layers(name, layer):
    fill, bound = ADAPTERS[name]
    make, fans = LAYERS[layer]
    weight = make().weight
    assert fill(weight, generator=generator()) is weight
    is_uniform(weight, bound(*fans))
    assert weight.requires_grad
    assert weight.grad_fn is None
    fill(weight, active_inputs=3.5, gain=2.0, generator=generator())
    is_uniform(weight, 2 * bound(3.5, fans[1]))


def test_outputs_keep_the_magnitude_of_inputs_of_one_size():
    layer = nn.Linear(50, 20_000, bias=False)
    standard_letkeman_(layer.weight, generator=generator())
    out = layer(torch.sign(torch.randn(1, 50, generator=generator(2)))).abs()
    assert abs(out.mean() - 1) < 5 * out.std() / math.sqrt(20_000)
    standard_letkeman_(layer.weight, active_inputs=1, generator=generator())
    out = layer(torch.eye(50)[:1]).abs()
    assert abs(out.mean() - 1) < 5 * out.std() / math.sqrt(20_000)


def test_both_directions_keep_their_magnitude_on_average():
    weight = normalized_letkeman_(torch.empty(900, 300, dtype=torch.float64), generator=generator())
    total = weight.sum(0).abs().sum() + weight.sum(1).abs().sum()
    assert total / 1200 == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize("fill", [standard_letkeman_, normalized_letkeman_])
def test_the_generator_decides(fill):
    one, same, other = (fill(torch.empty(5, 8), generator=generator(s)) for s in (1, 1, 2))
    assert torch.equal(one, same)
    assert not torch.isclose(one, other).any()
    torch.manual_seed(3)
    by_default = fill(torch.empty(5, 8))
    torch.manual_seed(3)
    assert torch.equal(by_default, fill(torch.empty(5, 8)))


def test_it_is_torchs_own_uniform_draw():
    ours = standard_letkeman_(torch.empty(30, 20), generator=generator())
    bound = get_initializer("standard_letkeman").bound(20, 30)
    theirs = nn.init.uniform_(torch.empty(30, 20), -bound, bound, generator=generator())
    torch.testing.assert_close(ours, theirs)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.float16, torch.bfloat16])
def test_dtypes(dtype):
    weight = standard_letkeman_(torch.empty(40, 50, dtype=dtype), generator=generator())
    assert weight.dtype == dtype
    assert weight.double().std() == pytest.approx(get_initializer("standard_letkeman").std(50, 40), rel=0.05)


def test_tensor_refusals():
    refuses(TypeError, ["tensor", "None"], standard_letkeman_, None)
    refuses(ValueError, ["(7,)", "2 dimensions"], standard_letkeman_, torch.empty(7))
    refuses(TypeError, ["int64", "floating"], normalized_letkeman_, torch.zeros(2, 3, dtype=torch.int64))
    refuses(ValueError, ["fan_in", "0"], standard_letkeman_, torch.empty(3, 0))
    weight = torch.zeros(2, 3)
    refuses(ValueError, ["gain", "-1"], standard_letkeman_, weight, gain=-1)
    refuses(ValueError, ["active_inputs", "0.0"], normalized_letkeman_, weight, active_inputs=0)
    refuses(TypeError, ["active_inputs", "'1'"], standard_letkeman_, weight, active_inputs="1")
    assert (weight == 0).all()


# Whole modules


def dense():
    return nn.Sequential(
        nn.Linear(300, 200), nn.Sigmoid(), nn.Sequential(nn.LayerNorm(200), nn.Linear(200, 100))
    )


SCHEMES = [
    "standard_xavier",
    "normalized_xavier",
    "standard_letkeman",
    "normalized_letkeman",
    "scaled",
    "uniform",
]


@pytest.mark.parametrize("scheme", SCHEMES)
def test_uniform_schemes_in_a_module(scheme):
    model = dense()
    assert initialize_(model, scheme, generator=generator()) is model
    is_uniform(model[0].weight, get_initializer(scheme).bound(300, 200))
    is_uniform(model[2][1].weight, get_initializer(scheme).bound(200, 100))
    assert (model[0].bias == 0).all()
    assert (model[2][1].bias == 0).all()
    assert (model[2][0].weight == 1).all()  # the LayerNorm is as it was


@pytest.mark.parametrize(
    ("scheme", "options"),
    [("kaiming", {}), ("kaiming", {"mode": "fan_out"}), ("lecun", {}), ("normal", {"std": 0.1})],
)
def test_normal_schemes_in_a_module(scheme, options):
    layer = initialize_(nn.Conv2d(30, 80, 5), scheme, generator=generator(), **options)
    z = layer.weight.detach().double().flatten() / get_initializer(scheme, **options).std(750, 2000)
    for power, moment, spread in ((1, 0, 1), (2, 1, 2), (3, 0, 15), (4, 3, 96)):
        assert abs((z**power).mean() - moment) < 5 * math.sqrt(spread / len(z))
    assert torch.isfinite(z).all()


def test_constants_and_a_ready_scheme():
    layer = initialize_(nn.Linear(3, 2), get_initializer("constant", value=0.25))
    assert (layer.weight == 0.25).all()


@pytest.mark.parametrize(("rows", "columns"), [(40, 30), (30, 40)])
def test_orthogonal(rows, columns):
    weight = initialize_(nn.Linear(columns, rows).double(), "orthogonal", gain=2).weight.detach()
    small = weight @ weight.T if rows < columns else weight.T @ weight
    torch.testing.assert_close(small, 4 * torch.eye(min(rows, columns), dtype=torch.float64))
    kernel = initialize_(nn.Conv2d(3, 8, 5).double(), "orthogonal").weight.detach().flatten(1)
    torch.testing.assert_close(kernel @ kernel.T, torch.eye(8, dtype=torch.float64))


def test_orthogonal_is_uniform_over_rotations():
    """The signs that QR leaves to chance are chosen: Q times an upper triangle with a positive diagonal."""
    fill = [
        initialize_(nn.Linear(30, 40).double(), s, generator=generator()) for s in ("orthogonal", "normal")
    ]
    orthogonal, normals = (layer.weight.detach() for layer in fill)
    assert ((orthogonal.T @ normals).diagonal() > 0).all()


def test_a_draw_of_exactly_zero(monkeypatch):
    monkeypatch.setattr(torch, "rand", lambda shape, **settings: torch.zeros(shape, dtype=settings["dtype"]))
    for dtype, lowest in ((torch.float32, -5.4), (torch.float64, -8.3)):
        weight = initialize_(nn.Linear(2, 3).to(dtype), "normal").weight.detach()
        assert weight.min() == weight.max() == pytest.approx(lowest, abs=0.1)


def test_schemes_share_one_draw():
    uniform, normal = (
        initialize_(nn.Linear(40, 60).double(), s, generator=generator()).weight.detach()
        for s in ("standard_letkeman", "kaiming")
    )
    quantiles = (uniform / get_initializer("standard_letkeman").bound(40, 60) + 1) / 2
    expected = torch.special.ndtri(quantiles) * get_initializer("kaiming").std(40, 60)
    torch.testing.assert_close(normal, expected)


@pytest.mark.parametrize(("kind", "gates"), [(nn.RNN, 1), (nn.GRU, 3), (nn.LSTM, 4)])
def test_recurrent_layers(kind, gates):
    model = initialize_(kind(65, 100, num_layers=2, bidirectional=True), "normalized_letkeman", 1)
    bound = ADAPTERS["normalized_letkeman"][1]
    for direction in ("", "_reverse"):
        for key, fan_in in (("ih_l0", 1), ("hh_l0", 100), ("ih_l1", 200), ("hh_l1", 100)):
            weight = getattr(model, f"weight_{key}{direction}")
            assert len(weight) == 100 * gates
            for gate in weight.chunk(gates):
                is_uniform(gate, bound(fan_in, 100))
    assert all((p == 0).all() for name, p in model.named_parameters() if name.startswith("bias"))


def test_an_lstm_with_a_projection_and_a_cell():
    model = initialize_(nn.LSTM(65, 100, proj_size=60), "normalized_xavier")
    is_uniform(model.weight_hh_l0, (6 / 160) ** 0.5)
    is_uniform(model.weight_hr_l0, (6 / 160) ** 0.5)
    cell = initialize_(nn.GRUCell(65, 100), "standard_letkeman", active_inputs=1)
    is_uniform(cell.weight_ih, 2.0)
    is_uniform(cell.weight_hh, 0.1 / expected_magnitude(100))


def test_active_inputs_of_the_first_layer():
    model = initialize_(dense(), "standard_letkeman", active_inputs=87.81)
    is_uniform(model[0].weight, 87.81**-0.5 / expected_magnitude(87.81))
    is_uniform(model[2][1].weight, 200**-0.5 / expected_magnitude(200))


def test_active_inputs_by_name():
    model = initialize_(dense(), "standard_letkeman", active_inputs={"2.1": 1})
    is_uniform(model[0].weight, 300**-0.5 / expected_magnitude(300))
    is_uniform(model[2][1].weight, 2.0)
    refuses(ValueError, ["active_inputs", "'3'", "0, 2.1"], initialize_, dense(), active_inputs={"3": 1})


def test_a_refused_module_is_not_touched():
    attention = nn.Sequential(nn.Linear(4, 4), nn.MultiheadAttention(4, 2))
    transposed = nn.Sequential(nn.Linear(4, 4), nn.ConvTranspose2d(2, 3, 2))
    normed = nn.Sequential(nn.Linear(4, 4), nn.utils.parametrizations.weight_norm(nn.Linear(4, 4)))
    for model in (attention, transposed, normed):
        before = model[0].weight.clone()
        refuses(TypeError, ["'1'", type(model[1]).__name__, "one by one"], initialize_, model)
        assert torch.equal(model[0].weight, before)


def test_module_refusals():
    refuses(ValueError, ["Sigmoid", "Linear"], initialize_, nn.Sigmoid())
    refuses(ValueError, ["shape", "run a batch"], initialize_, nn.LazyLinear(3))
    refuses(ValueError, ["initializer", "'glorot'"], initialize_, nn.Linear(2, 3), "glorot")
    refuses(TypeError, ["gain"], initialize_, nn.Linear(2, 3), "kaiming", gain=2)
    refuses(ValueError, ["active_inputs", "0.0"], initialize_, nn.Linear(2, 3), active_inputs=0)
    ready = get_initializer("kaiming")
    refuses(TypeError, ["active_inputs", "scheme's name"], initialize_, nn.Linear(2, 3), ready, 1)

    class Own(Constant):
        pass

    refuses(TypeError, ["'Own'", "built-in"], initialize_, nn.Linear(2, 3), Own("own", "Own", 1.0))
