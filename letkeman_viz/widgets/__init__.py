"""Widgets of the chapters that still ask a kernel: charts, tables and sliders."""

from ..explorables import guard as guard  # a visitor's kernel has its guard before it has a widget
from .chart import Chart
from .slider import Slider
from .table import Table
from .take_along import TakeAlong

__all__ = ["Chart", "Slider", "Table", "TakeAlong"]
