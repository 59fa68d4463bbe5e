"""Iron Meridian: one man walks away from the fire."""

import numpy as np
from PIL import Image

from artwork.brushes import (
    HEIGHT,
    WIDTH,
    blur,
    credits,
    finish,
    fitted,
    fractal,
    glow,
    gradient,
    grid,
    letters,
    mask,
    over,
    placed,
    put,
    shade,
    shape,
    shifted,
    spot,
)

GROUND, VX = 905, 480  # y of the horizon, x where the road goes


def draw() -> Image.Image:
    """A burning skyline, helicopters, a wet road, a figure coming towards us."""
    canvas = gradient((0, "#04101a"), (300, "#0b2c39"), (560, "#2c4a4b"), (760, "#a1521f"), (GROUND, "#ffb04a"),
                      (HEIGHT, "#0a0807"))
    _sky(canvas)
    _city(canvas)
    _road(canvas)
    _helicopter(canvas, (190, 372), 1.0, False)
    _helicopter(canvas, (770, 300), 0.7, True)
    _wrecks(canvas)
    _hero(canvas)
    _sparks(canvas)
    _words(canvas)
    return finish(canvas, seed=7, grain=0.03, vignette=0.55)


def _sky(canvas: np.ndarray) -> None:
    x, y = grid()
    smoke = fractal(11, (520, 420), 7)
    over(canvas, "#060d13", np.clip(smoke * 1.9 - 0.75, 0, 1) * np.clip((GROUND + 60 - y) / 500, 0, 1), 0.85)
    lit = np.clip(shifted(smoke, 6, -22) - smoke, 0, 1)
    glow(canvas, "#ff8a35", lit * 3.2 * spot((VX, GROUND - 100), (620, 760), 1.0), 0.8)
    glow(canvas, "#ff7a1f", spot((VX, GROUND - 60), (720, 560), 2.0), 0.8)

    # the fireball: heat falls with distance from its heart and is torn by noise, more so upwards
    torn = fractal(17, (210, 190), 6) - 0.5
    swirl = fractal(18, (480, 480), 3) - 0.5
    dx, dy = x - VX + swirl * 220, (y - (GROUND - 185)) * np.where(y < GROUND - 185, 0.82, 1.35)
    heat = np.clip(1.30 - np.hypot(dx / 330, dy / 300) + torn * 1.0, 0, 1.25) * (y < GROUND + 10)
    stops = np.array([0, 0.22, 0.42, 0.62, 0.85, 1.25])
    fire = np.stack([np.interp(heat, stops, channel) for channel in (
        (0.08, 0.28, 0.78, 1.0, 1.0, 1.0), (0.04, 0.07, 0.24, 0.55, 0.86, 0.98),
        (0.04, 0.04, 0.06, 0.12, 0.42, 0.85))], -1)
    over(canvas, fire.astype(np.float32), np.clip(heat * 3.4, 0, 1), 0.97)
    glow(canvas, "#ffd47a", spot((VX, GROUND - 140), (300, 280), 1.8), 0.55)


def _city(canvas: np.ndarray) -> None:
    rng, across = np.random.default_rng(20), grid()[0]
    for layer, (tone, low, high, wide) in enumerate((("#8a4a26", 90, 250, 60), ("#4b2a1e", 120, 360, 84),
                                                     ("#150f12", 150, 470, 120))):
        blocks, windows = [], []
        x = -30.0
        while x < WIDTH:
            width = rng.uniform(0.6, 1.3) * wide
            away = abs(x + width / 2 - VX) / 480  # a gap in the middle for the fire
            height = (low + (high - low) * rng.random()) * (0.22 + 0.95 * away**0.8)
            top = GROUND - height
            blocks.append((x, top, x + width, GROUND + 6))
            if rng.random() < 0.5:
                blocks.append((x + width * 0.3, top - height * 0.10, x + width * 0.72, top))
            if rng.random() < 0.35:
                blocks.append((x + width * 0.5, top - height * 0.3, x + width * 0.5 + 3, top))
            for wx in np.arange(x + 8, x + width - 8, 13):
                for wy in np.arange(top + 12, GROUND - 24, 19):
                    if rng.random() < 0.13:
                        windows.append((wx, wy, wx + 5, wy + 8))
            x += width + rng.uniform(-8, 16)
        houses = mask(lambda d, rects=blocks: [d.rectangle(r, fill=255) for r in rects])
        over(canvas, tone, houses, (0.72, 0.88, 0.98)[layer])
        inward = np.where(across > VX, houses - shifted(houses, 3, 0), houses - shifted(houses, -3, 0)).clip(0, 1)
        glow(canvas, "#ff9a45", inward * spot((VX, GROUND - 170), (520, 460), 0.8), 0.9)
        if layer:
            panes = mask(lambda d, rects=windows: [d.rectangle(r, fill=255) for r in rects])
            glow(canvas, "#ffc06a" if layer == 1 else "#7fd6dc", np.maximum(panes * 0.75, blur(panes, 5)), 0.6)
        glow(canvas, "#ff7c2a", spot((VX, GROUND), (560, 200), 1.6), 0.42)  # haze before the next row


def _road(canvas: np.ndarray) -> None:
    x, y = grid()
    below = (y > GROUND).astype(np.float32)
    depth = np.clip((y - GROUND) / (HEIGHT - GROUND), 0, 1)
    over(canvas, gradient((GROUND, "#7a3c18"), (GROUND + 60, "#3a2118"), (1120, "#15151a"), (HEIGHT, "#050608")), below)
    wet = fractal(24, (380, 46), 6)
    path = np.exp(-(((x - VX) / (120 + 330 * depth)) ** 2))
    glow(canvas, "#ff8f3a", below * path * np.clip(wet * 2.3 - 0.55, 0, 1) * (1 - depth) ** 0.8, 0.95)
    glow(canvas, "#1f6f80", below * (1 - path) * np.clip(wet * 2 - 0.9, 0, 1), 0.35)
    across = (x - VX) / np.maximum(y - GROUND, 1)
    dash = (np.floor(900 / np.maximum(y - GROUND, 4) - 0.25) % 2 == 0)
    line = (np.abs(np.abs(across) - 0.42) < 0.020) * dash * below
    glow(canvas, "#ffcf9a", line.astype(np.float32) * (0.35 + 0.65 * wet) * (1 - depth * 0.55), 0.5)


def _helicopter(canvas: np.ndarray, at: tuple[float, float], scale: float, mirror: bool) -> None:
    body = [(-62, -6), (-48, -24), (-10, -32), (22, -24), (44, -10), (128, -16), (134, -8), (50, 6), (30, 20),
            (-20, 24), (-52, 14)]
    fin = [(118, -12), (136, -46), (146, -44), (138, -6)]
    parts = [shape(placed(body, at, scale, mirror)), shape(placed(fin, at, scale, mirror), smooth=False)]
    for bar, width in (([(-130, -50), (126, -42)], 5), ([(-4, -48), (-4, -26)], 8), ([(-44, 38), (34, 38)], 5),
                       ([(-28, 22), (-34, 38)], 4), ([(18, 22), (24, 38)], 4), ([(128, -60), (152, -30)], 4)):
        line = placed(bar, at, scale, mirror)
        parts.append(mask(lambda d, p=line, w=width: d.line(p, fill=255, width=max(2, round(w * scale)))))
    nose = placed([(-44, 22)], at, scale, mirror)[0]
    reach = placed([(-150, 600), (70, 600)], at, scale, mirror)
    beam = blur(shape([nose, *reach], smooth=False), 9)
    y = grid()[1]
    glow(canvas, "#bfe9ec", beam * np.clip(1 - (y - nose[1]) / (560 * scale), 0, 1) ** 1.5, 0.42)
    shape_all = np.max(parts, axis=0)
    over(canvas, "#05090c", shape_all)
    glow(canvas, "#ff9346", np.clip(shape_all - shifted(shape_all, -2 if mirror else 2, -3), 0, 1), 0.35)
    glow(canvas, "#f4ffff", spot(nose, 26 * scale, 2), 1.0)
    glow(canvas, "#ff2a1a", spot(placed([(140, -50)], at, scale, mirror)[0], 22 * scale, 1.5), 1.0)


def _wrecks(canvas: np.ndarray) -> None:
    car = [(-150, 36), (-156, 8), (-146, -10), (-92, -20), (-56, -60), (-44, -66), (50, -66), (64, -58), (92, -20),
           (140, -10), (152, 6), (150, 36), (124, 40), (-124, 40)]
    heat, torn = 0.35 + 0.65 * fractal(35, (50, 40), 3), fractal(29, (60, 90), 4)
    panes = ([(-72, -22), (-46, -54), (-8, -54), (-8, -22)], [(4, -22), (4, -54), (48, -54), (72, -22)])
    for at, scale, mirror in (((110, 1010), 0.95, False), ((866, 1000), 0.90, True), ((262, 946), 0.36, True),
                              ((694, 944), 0.34, False)):
        wheels = mask(lambda d, a=at, s=scale: [
            d.ellipse((a[0] + w * s - 27 * s, a[1] + 10 * s, a[0] + w * s + 27 * s, a[1] + 64 * s),
                      fill=255) for w in (-92, 92)])
        whole = np.maximum(blur(shape(placed(car, at, scale, mirror), smooth=False), 1.5), wheels)
        shade(canvas, blur(shifted(whole, 0, round(30 * scale)), 14 * scale), 0.75)
        over(canvas, "#0a090b", whole)
        for pane in panes:
            inside = shape(placed(pane, at, scale, mirror), smooth=False)
            over(canvas, "#ff7a22", inside * heat, 0.9)
        toward = -3 if at[0] < VX else 3
        rim = np.clip(whole - blur(shifted(whole, toward, 3), 1.5), 0, 1)
        glow(canvas, "#ff9a4a", rim, 0.85)
        reach = spot((at[0], at[1] - 84 * scale), (96 * scale, 150 * scale), 0.8)
        flame = np.clip(reach * 2.3 - 1.7 * torn, 0, 1)
        glow(canvas, "#ff5a10", flame, 0.95)
        glow(canvas, "#ffd06a", np.clip(flame * 1.7 - 0.75, 0, 1), 0.95)


def _hero(canvas: np.ndarray) -> None:
    at, scale = (VX, 1092), 630.0

    def body(points: list) -> np.ndarray:
        return shape([(at[0] + px * scale, at[1] + (py - 1) * scale) for px, py in points])

    x, y = grid()
    head = body([(-0.044, 0.075), (-0.046, 0.045), (-0.034, 0.018), (-0.012, 0.008), (0.016, 0.006), (0.038, 0.020),
                 (0.047, 0.048), (0.044, 0.078), (0.050, 0.082), (0.046, 0.100), (0.034, 0.118), (0.020, 0.138),
                 (0, 0.144), (-0.020, 0.138), (-0.034, 0.118), (-0.046, 0.100), (-0.050, 0.082)])
    torso = body([(-0.026, 0.115), (-0.034, 0.138), (-0.075, 0.150), (-0.122, 0.168), (-0.138, 0.20), (-0.118, 0.30),
                  (-0.092, 0.37), (-0.098, 0.46), (-0.104, 0.53), (0, 0.545), (0.104, 0.53), (0.098, 0.46),
                  (0.092, 0.37), (0.118, 0.30), (0.138, 0.20), (0.122, 0.168), (0.075, 0.150), (0.034, 0.138),
                  (0.026, 0.115)])
    arm_left = body([(-0.118, 0.17), (-0.145, 0.21), (-0.158, 0.30), (-0.176, 0.38), (-0.182, 0.455), (-0.192, 0.50),
                     (-0.178, 0.525), (-0.160, 0.512), (-0.152, 0.46), (-0.138, 0.385), (-0.118, 0.30)])
    arm_right = body([(0.118, 0.17), (0.146, 0.21), (0.162, 0.29), (0.168, 0.37), (0.158, 0.44), (0.160, 0.492),
                      (0.146, 0.512), (0.130, 0.496), (0.128, 0.44), (0.130, 0.37), (0.116, 0.29)])
    leg_left = body([(-0.106, 0.50), (-0.116, 0.60), (-0.108, 0.70), (-0.110, 0.80), (-0.100, 0.90), (-0.112, 0.955),
                     (-0.130, 0.985), (-0.110, 1.0), (-0.062, 0.997), (-0.052, 0.96), (-0.046, 0.88), (-0.040, 0.78),
                     (-0.026, 0.66), (0.0, 0.55)])
    leg_right = body([(0.106, 0.50), (0.112, 0.60), (0.094, 0.70), (0.086, 0.78), (0.074, 0.86), (0.080, 0.905),
                      (0.098, 0.93), (0.082, 0.945), (0.036, 0.942), (0.026, 0.90), (0.024, 0.80), (0.016, 0.68),
                      (-0.006, 0.55)])
    coat = body([(-0.100, 0.42), (-0.128, 0.56), (-0.176, 0.68), (-0.232, 0.76), (-0.214, 0.79), (-0.170, 0.772),
                 (-0.140, 0.81), (-0.106, 0.78), (-0.070, 0.66), (-0.040, 0.56)])
    tail = body([(0.100, 0.42), (0.120, 0.55), (0.142, 0.66), (0.150, 0.75), (0.128, 0.772), (0.106, 0.74),
                 (0.080, 0.66), (0.050, 0.56)])
    collar = body([(-0.090, 0.165), (-0.062, 0.142), (-0.056, 0.118), (-0.034, 0.132), (0, 0.155), (0.034, 0.132),
                   (0.056, 0.118), (0.062, 0.142), (0.090, 0.165), (0, 0.20)])
    bar = mask(lambda d: d.line([(at[0] + 0.150 * scale, at[1] - 0.53 * scale),
                                 (at[0] + 0.205 * scale, at[1] - 0.20 * scale)], fill=255, width=11))
    figure = np.max([head, torso, arm_left, arm_right, leg_left, leg_right, coat, tail, collar, bar], axis=0)

    spread = np.maximum(y - at[1], 0)
    rows = np.clip(at[1] - spread * 2.1, 0, HEIGHT - 1).astype(int)
    columns = np.clip(VX + (x - VX) / (1 + spread / 260), 0, WIDTH - 1).astype(int)
    shadow = figure[rows, columns] * (y > at[1] - 4)
    shade(canvas, blur(shadow, 8), 0.92)
    glow(canvas, "#ffb45c", np.clip(blur(figure, 30) - figure, 0, 1) * np.clip((at[1] - y) / 300, 0.2, 1), 0.55)
    over(canvas, "#090a0d", figure)
    folds = fractal(31, (40, 190), 4)
    glow(canvas, "#2d5963", figure * np.clip(folds * 1.5 - 0.85, 0, 1) * np.clip((y - 520) / 200, 0, 1), 0.38)
    for dx, paint, strength in ((4, "#ff8a36", 0.95), (-4, "#ffb264", 0.95)):
        rim = np.clip(figure - blur(shifted(figure, dx, 3), 2), 0, 1)
        glow(canvas, paint, rim * np.clip((at[1] + 20 - y) / 360, 0.25, 1), strength)


def _sparks(canvas: np.ndarray) -> None:
    rng = np.random.default_rng(90)
    small = np.zeros((HEIGHT, WIDTH), np.float32)
    large = np.zeros((HEIGHT, WIDTH), np.float32)

    def paint(draw, count: int, size: tuple[float, float]) -> None:
        for _ in range(count):
            angle, far = rng.uniform(0, 2 * np.pi), rng.uniform(120, 760)
            px, py = VX + np.cos(angle) * far, GROUND - 180 + np.sin(angle) * far * 0.95
            if py < 180:  # not through the names
                continue
            length = rng.uniform(*size) * (0.5 + far / 500)
            draw.line([(px, py), (px + np.cos(angle) * length, py + np.sin(angle) * length)], fill=255,
                      width=int(rng.integers(1, 4)))

    small = mask(lambda d: paint(d, 190, (2, 14)))
    large = blur(mask(lambda d: [d.ellipse((px, py, px + s, py + s), fill=190) for px, py, s in zip(
        rng.uniform(0, WIDTH, 16), rng.uniform(200, 1200, 16), rng.uniform(8, 22, 16))]), 5)
    glow(canvas, "#ff7a22", blur(small, 6) * 2.2, 0.9)
    glow(canvas, "#ffe1a0", small, 0.95)
    glow(canvas, "#ff8a3a", large, 0.4)


def _metal(canvas: np.ndarray, what: np.ndarray, top: float, bottom: float) -> None:
    """Lettering of worn steel, lit by fire from below."""
    middle = (top + bottom) / 2
    steel = gradient((top, "#f5f7f6"), (middle - 4, "#9fb0b3"), (middle, "#3f5357"), (middle + 8, "#c9b49b"),
                     (bottom, "#ff9a3c"))
    worn = fractal(55, (160, 8), 4)
    shade(canvas, blur(shifted(what, 5, 9), 7), 0.9)
    over(canvas, steel * (0.78 + 0.34 * worn[..., None]), what)
    glow(canvas, "#ffffff", np.clip(what - shifted(what, 2, 2), 0, 1), 0.6)
    shade(canvas, np.clip(what - shifted(what, -2, -3), 0, 1), 0.55)


def _words(canvas: np.ndarray) -> None:
    y = grid()[1]
    shade(canvas, np.clip((y - 1020) / 260, 0, 1), 0.5)
    names = "DANE MERCER     LUCIA VANTREE     IDRIS COLE"
    over(canvas, "#dfeeee", put(fitted(letters(names, 22, 0.26, 3), 820), (480, 82)), 0.95)
    over(canvas, "#ffb565", put(letters("ONE CITY.  ONE NIGHT.  NO WAY AROUND.", 17, 0.42, 3), (480, 130)), 0.95)
    iron = put(letters("IRON", 62, 0.62, 7, 0.95, shear=0.16), (480, 1092))
    meridian = put(letters("MERIDIAN", 122, 0.055, 10, 0.86, shear=0.16), (480, 1196))
    _metal(canvas, iron, 1060, 1124)
    _metal(canvas, meridian, 1134, 1258)
    for side in (-1, 1):
        bar = mask(lambda d, s=side: d.polygon([(480 + s * 208, 1099), (480 + s * 392, 1099), (480 + s * 390, 1091),
                                                (480 + s * 208, 1088)], fill=255))
        _metal(canvas, bar, 1080, 1106)
    block = credits([
        "REDLINE ATLAS presents a COLD QUAY production a VICTOR SALANO film",
        "DANE MERCER LUCIA VANTREE IDRIS COLE HANA OKABE and GRAHAM STOYLE music by KAI BRANDT",
        "stunts by MO TRELAWNY edited by S. ARQUETTE photographed by LENA FROST directed by VICTOR SALANO",
    ], 1374, 19, 780)
    over(canvas, "#c3cbcb", block, 0.85)
    over(canvas, "#ffb565", put(letters("IN CINEMAS JULY 17", 17, 0.45, 4), (480, 1407)))
