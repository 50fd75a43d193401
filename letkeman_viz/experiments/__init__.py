"""The article's four experiments, for real: recorded results, and all it takes to do them again.

>>> from letkeman_viz.experiments import recorded
>>> recorded("hamlet").last
25

Reading results takes NumPy only. Training (``run_experiment``, or ``letkeman-viz experiments run``) needs
PyTorch for all networks but the counting one: ``pip install 'letkeman-viz[experiments]'``.
"""

from .analysis import SpeedUp, epochs_to_reach, speed_up
from .catalogue import EXPERIMENTS
from .records import Records, recorded, recorded_names
from .runner import run_experiment
from .runs import SCHEMES, Result, Run

__all__ = [
    "EXPERIMENTS",
    "SCHEMES",
    "Records",
    "Result",
    "Run",
    "SpeedUp",
    "epochs_to_reach",
    "recorded",
    "recorded_names",
    "run_experiment",
    "speed_up",
]
