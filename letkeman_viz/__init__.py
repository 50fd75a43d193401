"""letkeman_viz: see what weight initialization does to a neural network.

The public science lives here. Nothing below imports a widget or a web server: those come with
:mod:`letkeman_viz.explorers` and :mod:`letkeman_viz.site`. wasmtime, which runs the engine, comes with the
first call that computes. The schemes for PyTorch and JAX are in :mod:`letkeman_viz.torch` and
:mod:`letkeman_viz.jax`.
"""

from . import schemes as _schemes  # noqa: F401  (it registers the built-in ones)
from .counting import counting_task
from .deep_training import train_deep
from .engine import EngineError
from .initializers import INITIALIZERS, Initializer, get_initializer, register_initializer
from .magnitude import (
    approximate,
    approximate_normalized,
    expected_magnitude,
    irwin_hall_pdf,
    layer_magnitude,
    normalized_magnitude,
)
from .mean_field import fixed_point, level_gain, mean_field
from .network import Network
from .propagation import propagate
from .recording import Recording
from .simulation import SimulatedMagnitude, simulate_chunks, simulate_magnitude
from .study import Study, study, study_chunks
from .sweep import Sweep, sweep_chunks
from .tasks import TASKS, make_task, task_from_csv, task_to_csv
from .training import train, train_one

__version__ = "0.1.0"

__all__ = [
    "INITIALIZERS",
    "TASKS",
    "EngineError",
    "Initializer",
    "Network",
    "Recording",
    "SimulatedMagnitude",
    "Study",
    "Sweep",
    "approximate",
    "approximate_normalized",
    "counting_task",
    "expected_magnitude",
    "fixed_point",
    "get_initializer",
    "irwin_hall_pdf",
    "layer_magnitude",
    "level_gain",
    "make_task",
    "mean_field",
    "normalized_magnitude",
    "propagate",
    "register_initializer",
    "simulate_chunks",
    "simulate_magnitude",
    "study",
    "study_chunks",
    "sweep_chunks",
    "task_from_csv",
    "task_to_csv",
    "train",
    "train_deep",
    "train_one",
]
