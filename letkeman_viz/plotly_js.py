"""plotly.js for a page: the copy inside the installed ``plotly`` package, compressed.

A site sends it by HTTP, early and once per browser; elsewhere the kernel sends it when a chart asks.
"""

from __future__ import annotations

import gzip
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache


@cache
def compressed() -> Future[bytes]:
    """The library as gzip, 1.5 MB instead of 4.8. Made once, in a thread: it takes a quarter of a second."""

    def compress() -> bytes:
        from plotly.offline import get_plotlyjs

        return gzip.compress(get_plotlyjs().encode(), 9, mtime=0)

    return ThreadPoolExecutor(1, thread_name_prefix="plotly.js").submit(compress)
