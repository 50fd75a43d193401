"""letkeman_viz: see what weight initialization does to a neural network.

The public science lives here. Nothing below imports a widget, a compiler or a web server: those
come with :mod:`letkeman_viz.explorers`, with the first call that trains, and with
:mod:`letkeman_viz.site`.
"""

from .counting import counting_task
from .initializers import INITIALIZERS, Initializer, get_initializer, register_initializer
from .network import Network
from .recording import Recording
from .training import train, train_one

__version__ = "0.1.0"

__all__ = [
    "INITIALIZERS",
    "Initializer",
    "Network",
    "Recording",
    "counting_task",
    "get_initializer",
    "register_initializer",
    "train",
    "train_one",
]
