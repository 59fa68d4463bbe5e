"""Pictures of the running app for the README: python docs/screenshots.py [http://127.0.0.1:7860]

Needs playwright and Chromium. Writes page.png (wide, dark), page-light.png and phone.png beside this file, each below 400 kB.
"""

import io
import shutil
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

HERE = Path(__file__).resolve().parent
POSTER = HERE.parent / "examples" / "posters" / "animation.jpg"
SHOTS = (  # name, width, height, scheme
    ("page", 1440, 1240, "dark"),
    ("page-light", 1440, 1240, "light"),
    ("phone", 390, 844, "dark"),
)
LIMIT = 400_000  # bytes


def shoot(page, name: str, full: bool) -> None:
    """Save a picture of the page, in as many colours as its size allows."""
    picture = Image.open(io.BytesIO(page.screenshot(full_page=full))).convert("RGB")
    for colours in (256, 128, 64, 32):
        packed = io.BytesIO()
        picture.quantize(colours, dither=Image.Dither.NONE).save(packed, "PNG", optimize=True)
        if packed.tell() < LIMIT:
            break
    (HERE / f"{name}.png").write_bytes(packed.getvalue())
    print(f"{name}.png {picture.size} {packed.tell() // 1000} kB")


def main(address: str) -> None:
    """Upload an example, compose, play a little, and take the pictures."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--autoplay-policy=no-user-gesture-required"]
        )
        for name, width, height, scheme in SHOTS:
            page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
            page.set_default_timeout(240_000)
            page.goto(address)
            page.wait_for_selector("#compose")
            page.set_input_files("#poster input[type=file]", str(POSTER))
            page.wait_for_selector("#reading")
            page.fill("#seed input, #seed textarea", "7")
            page.click("#compose")
            page.wait_for_selector(".roll[data-state=ready]")
            page.wait_for_selector("#compose", state="visible")
            page.click(".roll .play")
            page.wait_for_function("document.querySelector('.roll audio').currentTime > 3")
            page.mouse.move(5, 5)
            shoot(page, name, full=width < 500)
            page.close()
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:7860")
