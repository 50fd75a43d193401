"""letkeman_viz: see what weight initialization does to a neural network.

The public science lives here. Nothing below imports a widget, a compiler or a web server: those
come with :mod:`letkeman_viz.explorers`, with the first call that trains, and with
:mod:`letkeman_viz.site`. The schemes for PyTorch and JAX are in :mod:`letkeman_viz.torch` and
:mod:`letkeman_viz.jax`.
"""

from . import schemes as _schemes  # noqa: F401  (it registers the built-in ones)
from .counting import counting_task
from .initializers import INITIALIZERS, Initializer, get_initializer, register_initializer
from .magnitude import (
    approximate,
    approximate_normalized,
    expected_magnitude,
    irwin_hall_pdf,
    layer_magnitude,
    normalized_magnitude,
)
from .network import Network
from .recording import Recording
from .simulation import SimulatedMagnitude, simulate_chunks, simulate_magnitude
from .training import train, train_one

__version__ = "0.1.0"

__all__ = [
    "INITIALIZERS",
    "Initializer",
    "Network",
    "Recording",
    "SimulatedMagnitude",
    "approximate",
    "approximate_normalized",
    "counting_task",
    "expected_magnitude",
    "get_initializer",
    "irwin_hall_pdf",
    "layer_magnitude",
    "normalized_magnitude",
    "register_initializer",
    "simulate_chunks",
    "simulate_magnitude",
    "train",
    "train_one",
]
