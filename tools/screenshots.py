"""Pictures of the running app for the README: python tools/screenshots.py [http://127.0.0.1:7860]

Needs playwright and Chromium. Writes page.png (wide, dark), page-light.png and phone.png into docs, each below 300 kB.
"""

import io
import shutil
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parents[1]
PICTURES, POSTERS = ROOT / "docs", ROOT / "examples" / "posters"
LIMIT = 300_000  # bytes
WIDE, PHONE = {"width": 1440, "height": 1010}, {"width": 390, "height": 844}


def compose(browser, poster: str, scheme: str, **settings):
    """A page on which an example was uploaded and its music has played for some seconds."""
    page = browser.new_page(color_scheme=scheme, **settings)
    page.set_default_timeout(240_000)
    page.goto(sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:7860")
    page.wait_for_selector(".roll")
    page.set_input_files("#poster input[type=file]", str(POSTERS / f"{poster}.jpg"))
    page.wait_for_selector("#reading")
    page.fill("#seed input", "7")
    page.click("#compose")
    page.wait_for_selector(".roll[data-state=ready]")
    page.wait_for_selector("#compose", state="visible")
    page.wait_for_function("document.querySelector('.roll audio').currentTime > 12")
    page.mouse.move(5, 5)
    return page


def shot(page) -> Image.Image:
    return Image.open(io.BytesIO(page.screenshot())).convert("RGB")


def save(picture: Image.Image, name: str) -> None:
    """As PNG, in as many colours as the size allows."""
    for colours in (256, 128, 64, 32):
        packed = io.BytesIO()
        picture.quantize(colours, kmeans=4, dither=Image.Dither.NONE).save(packed, "PNG", optimize=True)
        if packed.tell() < LIMIT:
            break
    (PICTURES / f"{name}.png").write_bytes(packed.getvalue())
    print(f"{name}.png {picture.size} {packed.tell() // 1000} kB")


def main() -> None:
    """Two wide pictures, and one of a phone: the poster with its reading beside the screen with the music."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--autoplay-policy=no-user-gesture-required"]
        )
        save(shot(compose(browser, "animation", "dark", viewport=WIDE)), "page")
        save(shot(compose(browser, "action", "light", viewport=WIDE)), "page-light")

        page = compose(browser, "horror", "dark", viewport=PHONE, is_mobile=True, has_touch=True)
        page.evaluate("window.scrollTo(0, 0)")
        page.wait_for_timeout(500)
        top = shot(page)
        page.evaluate("document.querySelector('#genre').scrollIntoView()")
        page.wait_for_timeout(500)
        both = Image.new("RGB", (2 * PHONE["width"] + 20, PHONE["height"]), "white")
        both.paste(top, (0, 0))
        both.paste(shot(page), (PHONE["width"] + 20, 0))
        save(both, "phone")
        browser.close()


if __name__ == "__main__":
    main()
