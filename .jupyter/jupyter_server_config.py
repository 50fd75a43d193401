"""Settings of the Jupyter server on Binder, where this repository is the home folder."""

c = get_config()  # noqa: F821 (Jupyter calls it in)

# As our own server does (letkeman_viz/site/config.py says why): Voila otherwise leaves out, in silence, what
# a cell shows later than 4 s after its kernel has said that the cell has run.
c.VoilaExecutor.iopub_timeout = 180
c.VoilaExecutor.raise_on_iopub_timeout = True
