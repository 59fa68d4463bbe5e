"""Piece of Cake: a wedding, a cake, and a dachshund that is longer than both."""

import numpy as np
from PIL import Image

from artwork.brushes import (
    HEIGHT,
    WIDTH,
    blur,
    credits,
    curve,
    finish,
    fitted,
    glow,
    gradient,
    grid,
    letters,
    mask,
    over,
    put,
    shade,
    shape,
    shifted,
    spot,
    stroke,
)

TABLE = 1130  # y of the table's far edge
CAKE = 470  # x of the cake's middle


def draw() -> Image.Image:
    """A leaning wedding cake with a bite out of it; the dog behind has nothing to say."""
    canvas = _sunburst()
    _confetti(canvas)
    _table(canvas)
    _dog_behind(canvas)
    _cake(canvas)
    _couple(canvas)
    _dog_head(canvas)
    _words(canvas)
    return finish(canvas, seed=3, grain=0.014, vignette=0.16)


def _ball(canvas: np.ndarray, paint: str, x: float, y: float, rx: float, ry: float,
          strength: float = 1.0) -> np.ndarray:
    what = mask(lambda d: d.ellipse((x - rx, y - ry, x + rx, y + ry), fill=255))
    over(canvas, paint, what, strength)
    return what


def _sunburst() -> np.ndarray:
    x, y = grid()
    canvas = gradient((0, "#ffd93b"), (HEIGHT, "#ffb71c"))
    angle = np.arctan2(y - 760, x - CAKE)
    rays = np.clip((np.sin(angle * 14) * 30), 0, 1)
    over(canvas, "#ffe97a", rays * np.clip(np.hypot(x - CAKE, y - 760) / 900 + 0.25, 0, 1), 0.75)
    glow(canvas, "#fff7d0", spot((CAKE, 760), 560, 1.6), 0.75)
    dots = (np.hypot((x % 16) - 8, (y % 16) - 8) < 5.5 * np.clip(1 - (y / 620), 0, 1)).astype(np.float32)  # as printed
    over(canvas, "#ff9f0f", dots, 0.28)
    return canvas


def _confetti(canvas: np.ndarray) -> None:
    rng = np.random.default_rng(19)
    for paint in ("#e8305a", "#1fa7a0", "#ffffff", "#6a4bd1"):
        pieces = []
        for _ in range(20):
            x, y, turn, size = rng.uniform(20, 940), rng.uniform(430, 1080), rng.uniform(0, np.pi), rng.uniform(6, 12)
            dx, dy = np.cos(turn) * size, np.sin(turn) * size
            pieces.append([(x - dx, y - dy), (x + dy * 0.5, y - dx * 0.5), (x + dx, y + dy),
                           (x - dy * 0.5, y + dx * 0.5)])
        over(canvas, paint, mask(lambda d, shapes=pieces: [d.polygon(p, fill=255) for p in shapes]), 0.9)


def _table(canvas: np.ndarray) -> None:
    y = grid()[1]
    cloth = (y > TABLE).astype(np.float32)
    over(canvas, gradient((TABLE, "#ffffff"), (1230, "#fff3ee"), (HEIGHT, "#f1d3cf")), cloth)
    edge = TABLE + 96
    lace = mask(lambda d: [d.ellipse((x - 36, edge - 34, x + 36, edge + 34), fill=255) for x in range(0, WIDTH + 40,
                                                                                                      60)])
    drop = np.clip(np.maximum(lace, (y < edge).astype(np.float32)) * cloth, 0, 1)
    shade(canvas, blur(shifted(drop, 0, 8), 5) * (1 - drop) * cloth, 0.28)
    over(canvas, "#ffffff", drop, 0.85)
    holes = mask(lambda d: [d.ellipse((x - 6, edge + 2, x + 6, edge + 14), fill=255) for x in range(0, WIDTH + 40, 60)])
    over(canvas, "#e9b9c0", holes, 0.9)
    folds = np.sin(grid()[0] / 33) ** 8 * cloth * (y > edge + 10)
    shade(canvas, folds * np.clip((y - edge) / 200, 0, 1), 0.13)


def _fur(canvas: np.ndarray, what: np.ndarray, light: tuple[int, int] = (6, 12)) -> None:
    """Brown coat, lit from above left, darker below."""
    shade(canvas, blur(shifted(what, 6, 14), 10) * (1 - what), 0.25)
    over(canvas, "#8a4a22", what)
    over(canvas, "#b96a33", np.clip(what - blur(shifted(what, *light), 9), 0, 1), 0.9)
    over(canvas, "#552a12", np.clip(what - blur(shifted(what, -light[0], -light[1] - 4), 12), 0, 1), 0.75)


def _dog_behind(canvas: np.ndarray) -> None:
    """All of the dachshund that passes behind the cake."""
    tail = stroke(curve([(84, 1000), (48, 940), (58, 872), (36, 820)], closed=False, steps=40), 30, 9)
    _fur(canvas, tail)
    for x in (98, 168):
        _fur(canvas, shape([(x - 30, 1050), (x + 28, 1050), (x + 22, 1128), (x + 34, 1150), (x - 26, 1152),
                            (x - 22, 1120)]))
    body = shape([(70, 985), (110, 958), (220, 950), (480, 948), (700, 936), (800, 900), (850, 900), (868, 980),
                  (850, 1060), (770, 1094), (480, 1090), (200, 1098), (100, 1090), (66, 1050)])
    _fur(canvas, body)
    for x in (742, 812):
        _fur(canvas, shape([(x - 30, 1046), (x + 30, 1046), (x + 22, 1128), (x + 36, 1150), (x - 24, 1152),
                            (x - 20, 1120)]))


def _tier(canvas: np.ndarray, x: float, top: float, width: float, height: float, body: str, icing: str,
          seed: int) -> np.ndarray:
    """One round of the cake with icing that runs down; returns its mask."""
    half, dip = width / 2, width * 0.085
    side = mask(lambda d: (d.rectangle((x - half, top, x + half, top + height), fill=255),
                           d.ellipse((x - half, top + height - dip, x + half, top + height + dip), fill=255)))
    lid = mask(lambda d: d.ellipse((x - half, top - dip, x + half, top + dip), fill=255))
    rng = np.random.default_rng(seed)
    drops = []
    for px in np.arange(x - half + 14, x + half - 8, 31):
        run = rng.uniform(0.18, 0.52) * height
        bow = dip * np.sqrt(max(0.0, 1 - ((px - x) / half) ** 2))
        drops.append((px - 15, top, px + 15, top + bow + run))
    run = mask(lambda d: [d.rounded_rectangle(box, 15, fill=255) for box in drops])
    gx = grid()[0]
    shade(canvas, blur(shifted(side, 10, 12), 12) * (1 - side), 0.22)
    over(canvas, body, side)
    run = np.maximum(run, shifted(lid, 0, 8)) * np.maximum(side, lid)
    shade(canvas, blur(shifted(run, 0, 8), 4) * side * (1 - run), 0.22)
    over(canvas, icing, run)
    over(canvas, "#ffffff", np.clip(run - shifted(run, 4, 4), 0, 1), 0.55)
    whole = np.maximum(side, lid)
    shade(canvas, whole * np.clip((gx - x) / half, 0, 1) ** 1.5, 0.26)
    glow(canvas, "#ffffff", whole * np.exp(-(((gx - x + half * 0.55) / (half * 0.22)) ** 2)), 0.28)
    over(canvas, icing, lid)
    over(canvas, "#ffffff", lid, 0.38)
    over(canvas, icing, np.clip(lid - shifted(lid, 0, -5), 0, 1), 0.9)
    return whole


def _cake(canvas: np.ndarray) -> None:
    behind = canvas.copy()
    plate = mask(lambda d: d.ellipse((CAKE - 262, 1118, CAKE + 262, 1180), fill=255))
    shade(canvas, blur(shifted(plate, 8, 16), 14), 0.3)
    over(canvas, "#dfe7ee", plate)
    over(canvas, "#ffffff", mask(lambda d: d.ellipse((CAKE - 250, 1120, CAKE + 250, 1168), fill=255)))

    bottom = _tier(canvas, CAKE, 960, 440, 180, "#ffe3ea", "#ff6f96", 1)
    for px in range(CAKE - 205, CAKE + 215, 41):  # pearls round the foot
        _ball(canvas, "#ffffff", px, 1144 + 20 * np.sqrt(max(0.0, 1 - ((px - CAKE) / 222) ** 2)), 17, 15)
    # the bite: circles of teeth, and the inside of the cake
    teeth = [(CAKE + 214, 1000, 52), (CAKE + 192, 1060, 56), (CAKE + 216, 1116, 48)]
    bite = mask(lambda d: [d.ellipse((a - r, b - r, a + r, b + r), fill=255) for a, b, r in teeth]) * bottom
    y = grid()[1]
    over(canvas, "#f6c667", bite)
    for level in (1012, 1058, 1104):
        over(canvas, "#e8305a", bite * (np.abs(y - level) < 8))
        over(canvas, "#fff4e4", bite * (np.abs(y - level - 15) < 7))
    shade(canvas, np.clip(bite - blur(shifted(bite, 10, 6), 6), 0, 1), 0.4)
    gone = mask(lambda d: [d.ellipse((a - r + 30, b - r, a + r + 30, b + r), fill=255) for a, b, r in teeth]) * bottom
    gone *= y < 1138
    over(canvas, behind, gone)
    crumbs = mask(lambda d: [d.ellipse((a, b, a + r, b + r), fill=255) for a, b, r in (
        (690, 1160, 12), (716, 1172, 8), (742, 1162, 15), (770, 1180, 9), (652, 1186, 10), (800, 1170, 7),
        (830, 1190, 11))])
    shade(canvas, shifted(crumbs, 2, 4), 0.3)
    over(canvas, "#eab450", crumbs)

    _tier(canvas, CAKE + 14, 820, 318, 140, "#fff8ec", "#35c3b4", 2)
    _tier(canvas, CAKE + 36, 712, 208, 108, "#ffe3ea", "#ff6f96", 3)
    for px, py, r in ((CAKE - 110, 960, 17), (CAKE - 78, 972, 20), (CAKE - 44, 978, 17), (CAKE + 120, 828, 15),
                      (CAKE + 146, 818, 17),
                      (CAKE - 132, 824, 16)):  # sugar roses
        _ball(canvas, "#d81f4c", px, py, r, r * 0.9)
        over(canvas, "#ff7d9c", stroke(curve([(px - r * 0.5, py), (px, py - r * 0.5), (px + r * 0.4, py),
                                              (px, py + r * 0.3)], False), 4, 3))
        over(canvas, "#2d9a4e", shape([(px + r, py + 2), (px + r * 1.9, py - 7), (px + r * 1.7, py + 9)]))


def _couple(canvas: np.ndarray) -> None:
    """The bride on top, furious; of the groom only the legs, head first in the icing."""
    x, y = CAKE + 8, 706

    def part(points: list) -> np.ndarray:
        return shape([(x + px, y + py) for px, py in points])

    over(canvas, "#f4f0ff", part([(-4, -120), (-30, -110), (-44, -40), (-58, 4), (-30, 0), (-14, -60)]), 0.92)
    dress = part([(-16, -82), (-22, -60), (-16, -46), (-34, -20), (-52, 6), (-10, 14), (34, 8), (22, -20), (10, -46),
                  (16, -60), (12, -82)])
    over(canvas, "#ffffff", dress)
    shade(canvas, dress * np.clip((grid()[0] - x) / 40, 0, 1), 0.2)
    for arm in ([(-16, -76), (-38, -62), (-18, -48)], [(12, -76), (36, -62), (16, -48)]):
        over(canvas, "#f2b990", stroke(curve([(x + a, y + b) for a, b in arm], False), 9, 8))
    _ball(canvas, "#5a2d18", x - 2, y - 108, 23, 24)
    _ball(canvas, "#f6c29a", x - 1, y - 101, 18, 19)
    over(canvas, "#5a2d18", part([(-20, -106), (-12, -124), (8, -124), (18, -106), (4, -114), (-10, -112)]))
    for ax, bx, slant in ((-13, -4, 4), (3, 12, -4)):
        frown = [(x + ax + (bx - ax) * t, y - 108 + slant * t + max(0, -slant)) for t in np.linspace(0, 1, 14)]
        over(canvas, "#3a1a10", stroke(frown, 3.4, 3.4))
        _ball(canvas, "#2a120b", x + (ax + bx) / 2, y - 99, 2.8, 3.4)
    over(canvas, "#b02a2a", stroke(curve([(x - 7, y - 87), (x, y - 91), (x + 7, y - 87)], False), 3.4, 3.4))

    gx, gy = CAKE + 96, 712
    for a, turn in ((-12, -14), (12, 20)):
        over(canvas, "#23243a", stroke(curve([(gx + a, gy), (gx + a + turn * 0.5, gy - 48),
                                              (gx + a + turn * 1.4, gy - 88)], False), 23, 17))
        shoe = (gx + a + turn * 1.4, gy - 94)
        over(canvas, "#0f0f18", shape([(shoe[0] - 12, shoe[1] + 4), (shoe[0] - 10, shoe[1] - 12),
                                       (shoe[0] + 14, shoe[1] - 20),
                                       (shoe[0] + 32, shoe[1] - 14), (shoe[0] + 14, shoe[1] + 2)]))
    splash = mask(lambda d: [d.ellipse((gx + a - r, gy + b - r * 0.7, gx + a + r, gy + b + r * 0.7), fill=255) for a,
                             b, r in (
        (-30, 4, 18), (-8, 8, 22), (18, 8, 22), (38, 2, 16), (54, -14, 7), (-46, -12, 6), (62, -34, 4))])
    over(canvas, "#ff6f96", splash)
    over(canvas, "#ffb3c8", np.clip(splash - shifted(splash, 3, 5), 0, 1))


def _dog_head(canvas: np.ndarray) -> None:
    """A guilty face with icing on the nose, looking at us."""
    x, y = 800, 850

    def part(points: list) -> np.ndarray:
        return shape([(x + px, y + py) for px, py in points])

    far = part([(40, -70), (78, -72), (104, -20), (112, 54), (92, 92), (66, 70), (58, 10), (46, -26)])
    _fur(canvas, far)
    skull = part([(-62, -42), (-34, -84), (14, -94), (58, -72), (76, -20), (66, 40), (30, 74), (-10, 80), (-48, 56),
                  (-70, 8)])
    _fur(canvas, skull)
    snout = part([(-24, -6), (-62, 0), (-104, 22), (-122, 50), (-106, 78), (-58, 92), (-6, 86), (24, 54), (16, 14)])
    _fur(canvas, snout)
    over(canvas, "#c98046", part([(-40, 44), (-90, 52), (-106, 74), (-60, 92), (-8, 86), (16, 62), (-10, 52)]), 0.8)
    near = part([(-46, -74), (-70, -52), (-84, 0), (-92, 40), (-74, 30), (-50, -8), (-34, -46)])
    _fur(canvas, near)
    for ex, ey in ((-28, -30), (28, -34)):
        _ball(canvas, "#ffffff", x + ex, y + ey, 23, 25)
        _ball(canvas, "#3a1c0c", x + ex + 9, y + ey - 3, 15, 16)
        _ball(canvas, "#0b0503", x + ex + 10, y + ey - 3, 9, 10)
        _ball(canvas, "#ffffff", x + ex + 5, y + ey - 10, 4.5, 4.5)
        tilt = 9 if ex < 0 else -9
        brow = [(x + ex - 22, y + ey - 34 + tilt), (x + ex, y + ey - 44), (x + ex + 22, y + ey - 34 - tilt)]
        over(canvas, "#4a220d", stroke(curve(brow, False), 9, 8))
    nose = part([(-132, 34), (-118, 20), (-92, 22), (-84, 38), (-100, 54), (-122, 52)])
    over(canvas, "#1a0d0a", nose)
    _ball(canvas, "#8d8080", x - 114, y + 30, 8, 5)
    icing = part([(-120, 58), (-96, 52), (-66, 58), (-42, 72), (-52, 88), (-66, 82), (-74, 104), (-86, 84), (-100, 92),
                  (-112, 78)])
    over(canvas, "#ff6f96", icing)
    over(canvas, "#ffc0d2", np.clip(icing - shifted(icing, 4, 5), 0, 1))
    blob = part([(-112, 8), (-96, 2), (-82, 10), (-86, 20), (-106, 22)])
    over(canvas, "#ff6f96", blob)
    over(canvas, "#ffc0d2", np.clip(blob - shifted(blob, 3, 4), 0, 1))
    mouth = stroke(curve([(x - 46, y + 76), (x - 18, y + 70), (x + 8, y + 54), (x + 16, y + 44)], False), 6, 4)
    over(canvas, "#3d1a0a", mouth)
    for wing in (-1, 1):
        bow = part([(6, 108), (6 + wing * 26, 86), (6 + wing * 58, 84), (6 + wing * 62, 110), (6 + wing * 56, 134),
                    (6 + wing * 26, 128)])
        shade(canvas, blur(shifted(bow, 3, 6), 5), 0.3)
        over(canvas, "#e8305a", bow)
        over(canvas, "#ff7d9c", np.clip(bow - blur(shifted(bow, 4, 6), 3), 0, 1), 0.8)
    _ball(canvas, "#b8173f", x + 6, y + 108, 15, 17)


def _words(canvas: np.ndarray) -> None:
    over(canvas, "#5b1030", put(fitted(letters("HOLLY ABBOTT    RAJ MENON    BEA CASTELLANO", 22, 0.2, 5), 800),
                                (480, 70)))
    top = put(letters("PIECE OF", 92, 0.16, 7, 1.0), (480, 176), 3)
    low = put(letters("CAKE", 186, 0.12, 7, 1.1), (480, 348), 3)
    title = np.maximum(top, low)
    rim = np.clip(blur(title, 7) * 9, 0, 1)
    depth = rim
    for i in range(1, 13):
        depth = np.maximum(depth, shifted(rim, i, i))
    shade(canvas, blur(shifted(depth, 6, 10), 8), 0.25)
    over(canvas, "#8c0f36", depth)
    over(canvas, "#ffffff", rim)
    over(canvas, gradient((120, "#ff4d6d"), (260, "#e8204f"), (460, "#c9103f")), title)
    glow(canvas, "#ffd0da", np.clip(title - shifted(title, 3, 4), 0, 1), 0.7)
    line = put(letters("TWO HUNDRED GUESTS. ONE DACHSHUND.", 23, 0.12, 6), (480, 524))
    over(canvas, "#5b1030", line)
    over(canvas, "#7c2340", credits([
        "TOP TIER COMEDIES presents a CONFETTI CANNON production "
        "HOLLY ABBOTT RAJ MENON BEA CASTELLANO and introducing MR NOODLE",
        "music by LOU PARMA costumes by DOT WINSLOW edited by GUS FIORE written by AMY STROUD directed by NEIL OKAFOR",
    ], 1376, 19, 800))
    over(canvas, "#e8204f", put(fitted(letters("SAVE THE DATE: MAY 9", 17, 0.3, 7), 330), (480, 1408)))
