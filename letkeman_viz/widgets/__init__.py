"""Widgets: how a Recording looks and plays in a browser. They know no science beyond a Recording."""

from .activation_curve import ActivationCurve
from .answer_grid import AnswerGrid
from .chart import Chart
from .network_diagram import NetworkDiagram
from .player import Player
from .readout import Readout
from .run import Run
from .slider import Slider
from .table import Table

__all__ = [
    "ActivationCurve",
    "AnswerGrid",
    "Chart",
    "NetworkDiagram",
    "Player",
    "Readout",
    "Run",
    "Slider",
    "Table",
]
