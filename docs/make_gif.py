"""Make docs/all-ones.gif from the real page: the first explorable of "Doing it wrong", played.

    pip install pillow
    python docs/make_gif.py

Serves the chapter, moves the player to a few updates and takes pictures of what a reader sees.
"""

from __future__ import annotations

import io
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tests"))

from browser import launch_chromium, look_through, running, wait_drawn  # noqa: E402

UPDATES = [*range(0, 300, 30), 300, 310, 320, 325, 328, 330, 332, 333, 334, 335, 336, 337]


def main() -> None:
    pictures = []
    with sync_playwright() as playwright, running("serve") as server:
        page = launch_chromium(playwright).new_page(viewport={"width": 1120, "height": 1200})
        page.goto(f"{server.url}/voila/render/02-doing-it-wrong.ipynb")
        look_through(wait_drawn(page), 5)
        page.add_style_tag(content=".lkv-detail { display: none; } .lkv-explorable { padding: 12px; }")
        explorable = page.locator(".lkv-explorable").first
        for update in UPDATES:
            explorable.locator(".lkv-scrub").fill(str(update))
            explorable.locator(".lkv-scrub").blur()
            page.wait_for_timeout(400)  # the sentence follows a little later than the picture
            picture = Image.open(io.BytesIO(explorable.screenshot())).convert("RGB")
            pictures.append(picture.resize((800, round(picture.height * 800 / picture.width)), Image.LANCZOS))
    # One palette for all, made of the start, the turn and the end: red edges come late.
    both = Image.new("RGB", (800, 3 * pictures[0].height))
    for k, picture in enumerate((pictures[0], pictures[-4], pictures[-1])):
        both.paste(picture, (0, k * picture.height))
    palette = both.quantize(160, method=Image.Quantize.MEDIANCUT)
    frames = [picture.quantize(palette=palette, dither=Image.Dither.NONE) for picture in pictures]
    times = [220] * (len(frames) - 1) + [2500]
    frames[0].save(HERE / "all-ones.gif", save_all=True, append_images=frames[1:], duration=times, loop=0)


if __name__ == "__main__":
    main()
