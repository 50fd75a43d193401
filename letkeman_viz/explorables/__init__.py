"""Explorables: what a page shows. Each is one widget, in two files of one name: its settings, its picture."""

from . import guard
from .five_seeds import FiveSeeds
from .one_example import OneExample
from .page_tools import PageTools
from .playground import Playground
from .prediction import Prediction
from .race import Race
from .recording_view import RecordingView, show
from .sigmoid import Sigmoid
from .sweep_map import SweepMap
from .whole_table import WholeTable

ALL = (
    FiveSeeds,
    OneExample,
    PageTools,
    Playground,
    Prediction,
    Race,
    RecordingView,
    Sigmoid,
    SweepMap,
    WholeTable,
)

__all__ = [
    "FiveSeeds",
    "OneExample",
    "PageTools",
    "Playground",
    "Prediction",
    "Race",
    "RecordingView",
    "Sigmoid",
    "SweepMap",
    "WholeTable",
    "show",
]

# Here, so that no notebook can forget it: a visitor's kernel has the guard before it has a widget.
guard.install()
