"""Settings of the Jupyter server on Binder, where this repository is the home folder."""

c = get_config()  # noqa: F821 (Jupyter calls it in)

# As our own server does (letkeman_viz/site/config.py says why): kernels may start slowly, and what a cell
# shows more than 4 s after its kernel has said that the cell has run is otherwise left out, in silence.
c.VoilaExecutor.startup_timeout = 180
c.VoilaExecutor.iopub_timeout = 180
c.VoilaExecutor.raise_on_iopub_timeout = True
