"""Widgets: how a Recording looks and plays in a browser. They know no science beyond a Recording."""

from . import guard
from .activation_curve import ActivationCurve
from .answer_grid import AnswerGrid
from .chart import Chart
from .editor import Editor
from .network_diagram import NetworkDiagram
from .page_tools import PageTools
from .player import Player
from .race import Race, RaceRanking
from .readout import Readout
from .run import Run
from .share import Share
from .slider import Slider
from .table import Table
from .take_along import TakeAlong

__all__ = [
    "ActivationCurve",
    "AnswerGrid",
    "Chart",
    "Editor",
    "NetworkDiagram",
    "PageTools",
    "Player",
    "Race",
    "RaceRanking",
    "Readout",
    "Run",
    "Share",
    "Slider",
    "Table",
    "TakeAlong",
]

# Here, so that no notebook can forget it: a visitor's kernel has the guard before it has a widget.
guard.install()
