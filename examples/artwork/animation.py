"""Moon Whale: a girl, her dog and a whale that flies."""

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
    stroke,
)

MOON = (500, 520)
WHALE = (470, 660)


def draw() -> Image.Image:
    """A whale before a huge moon over the clouds, two friends with a lantern on its back."""
    canvas = gradient((0, "#140d45"), (280, "#2c1f7a"), (560, "#6a3fae"), (820, "#d2689f"), (1000, "#ff9f8a"),
                      (1140, "#ffd29b"), (HEIGHT, "#ffe9c4"))
    _stars(canvas)
    _moon(canvas)
    _clouds(canvas, 905, 31, "#8d5cc0", "#c48ad8", 0.62, 0.75)
    _whale(canvas)
    _friends(canvas)
    _clouds(canvas, 1040, 32, "#b06cc4", "#ffb9c6", 0.85, 0.92)
    _clouds(canvas, 1180, 33, "#d98bc4", "#fff0dc", 1.1, 1.0)
    _words(canvas)
    return finish(canvas, seed=5, grain=0.012, vignette=0.22)


def _stars(canvas: np.ndarray) -> None:
    rng = np.random.default_rng(15)
    veil = np.clip(fractal(40, (700, 260), 5) * 1.6 - 0.8, 0, 1)
    glow(canvas, "#5f7bff", veil * np.clip((700 - grid()[1]) / 600, 0, 1), 0.35)
    small = mask(lambda d: [d.ellipse((x, y, x + s, y + s), fill=int(v)) for x, y, s, v in zip(
        rng.uniform(0, WIDTH, 230), rng.uniform(0, 760, 230), rng.uniform(1, 4.5, 230), rng.uniform(70, 255, 230))])
    y = grid()[1]
    small = small * (np.abs(y - 92) > 26)  # none between the words
    glow(canvas, "#fff6dc", small * np.clip((820 - y) / 500, 0, 1))
    for x, y, size in ((96, 420, 26), (868, 168, 30), (842, 560, 20), (170, 150, 18), (60, 690, 18), (716, 186, 14)):
        cross = shape([(x, y - size), (x + 3, y - 3), (x + size, y), (x + 3, y + 3), (x, y + size), (x - 3, y + 3),
                       (x - size, y), (x - 3, y - 3)], smooth=False)
        glow(canvas, "#fff3c8", np.maximum(cross, spot((x, y), size * 1.5, 3) * 0.8))


def _moon(canvas: np.ndarray) -> None:
    glow(canvas, "#ffe3b0", spot(MOON, 640, 2.4), 0.75)
    disc = mask(lambda d: d.ellipse((MOON[0] - 322, MOON[1] - 322, MOON[0] + 322, MOON[1] + 322), fill=255))
    over(canvas, gradient((200, "#fffbe6"), (520, "#ffefb8"), (840, "#ffc98f")), disc)
    for dx, dy, r in ((-150, -160, 62), (130, -200, 38), (190, -40, 70), (-40, -60, 30), (-230, 10, 40),
                      (40, -250, 22), (250, 110, 34)):
        crater = mask(lambda d, a=dx, b=dy, c=r: d.ellipse((MOON[0] + a - c, MOON[1] + b - c, MOON[0] + a + c,
                                                            MOON[1] + b + c), fill=255))
        over(canvas, "#f2cf8e", crater * disc, 0.5)
        over(canvas, "#fffbe8", np.clip(crater - shifted(crater, -5, -6), 0, 1) * disc, 0.8)
    rim = np.clip(disc - blur(shifted(disc, -16, -20), 24), 0, 1)
    over(canvas, "#ff9f80", rim, 0.5)
    glow(canvas, "#fff3cf", np.clip(blur(disc, 20) - disc, 0, 1), 0.9)


def _clouds(canvas: np.ndarray, level: float, seed: int, low: str, high: str, size: float, strength: float) -> None:
    """A bank of round clouds, lit from above, that fills all below a level."""
    rng = np.random.default_rng(seed)
    puffs = []
    for x in np.arange(-60, WIDTH + 90, 62 * size):
        lift = np.sin(x / 150 + seed) * 46 + abs(x - WIDTH / 2) * 0.13
        for _ in range(2):
            r = rng.uniform(44, 96) * size
            puffs.append((x + rng.uniform(-30, 30), level - lift + rng.uniform(-10, 60) * size + r * 0.4, r))
    rng.shuffle(puffs)
    puffs.sort(key=lambda puff: puff[1] - puff[2] * 0.4)
    x, y = grid()
    for px, py, r in puffs:
        near = (slice(max(0, int(py - r - 30)), max(0, int(py + r + 30))),
                slice(max(0, int(px - r - 30)), max(0, int(px + r + 30))))
        part = np.clip(r + 0.5 - np.hypot(x[near] - px, y[near] - py), 0, 1)
        if not part.any():
            continue
        canvas_part, height = canvas[near], (py - y[near]) / r  # height: 1 at the puff's top, 0 in its middle
        shade(canvas_part, blur(shifted(part, 0, -6), 8) * 0.10)
        over(canvas_part, low, part, strength)
        over(canvas_part, high, part * np.clip(1 - (1 - height) / 1.25, 0, 1), 0.95 * strength)
        rim = np.clip(part - blur(shifted(part, 3, 6), 5), 0, 1)
        glow(canvas_part, "#fff2d8", rim * np.clip(height, 0, 1), 0.4)
    fill = np.clip((y - level - 70) / 60, 0, 1)
    over(canvas, low, fill, 0.55 * strength)


def _whale(canvas: np.ndarray) -> None:
    def part(points: list) -> np.ndarray:
        return shape(placed(points, WHALE, 1.0))

    y = grid()[1]
    body = part([(-372, 20), (-362, -50), (-310, -112), (-220, -158), (-100, -178), (40, -160), (170, -112), (280, -70),
                 (352, -84), (396, -112), (412, -92), (386, -44), (320, 10), (220, 76), (80, 132), (-80, 160),
                 (-230, 150), (-330, 106)])
    flukes = part([(392, -84), (366, -134), (318, -170), (250, -178), (286, -206), (352, -210), (404, -168),
                   (430, -216), (484, -250), (548, -240), (512, -200), (466, -150), (420, -88)])
    belly = part([(-372, 34), (-310, 62), (-200, 80), (-60, 80), (80, 52), (190, 10), (270, -28), (250, 40), (160, 110),
                  (0, 160), (-120, 172), (-250, 156), (-340, 112)]) * body
    whole = np.maximum(body, flukes)
    shade(canvas, blur(shifted(whole, 10, 26), 26), 0.30)
    glow(canvas, "#fff0c4", np.clip(blur(whole, 16) - whole, 0, 1), 0.55)
    skin = gradient((430, "#5aa9f2"), (560, "#3a78d8"), (700, "#2a4fb0"), (830, "#1e2f80"))
    over(canvas, skin, whole)
    over(canvas, "#8fd0ff", np.clip(whole - blur(shifted(whole, 6, 16), 12), 0, 1), 0.75)
    over(canvas, gradient((690, "#f4f8ff"), (760, "#cfdcff"), (830, "#8f9be0")), belly)
    for i in range(7):
        groove = stroke(curve(placed([(-352 + i * 9, 52 + i * 15), (-250, 78 + i * 13), (-110, 84 + i * 12),
                                      (20 - i * 10, 74 + i * 11)], WHALE, 1.0), closed=False, steps=40), 3.5, 1.5)
        over(canvas, "#7f8fd6", groove * belly, 0.75)
    rng = np.random.default_rng(77)
    spots = mask(lambda d: [d.ellipse((WHALE[0] + a, WHALE[1] + b, WHALE[0] + a + r, WHALE[1] + b + r * 0.8),
                                      fill=255) for a, b, r in zip(
        rng.uniform(-150, 320, 34), rng.uniform(-165, 10, 34), rng.uniform(5, 17, 34))])
    over(canvas, "#bfe6ff", spots * body * (1 - belly), 0.34)
    mouth = stroke(curve(placed([(-371, 32), (-318, 56), (-256, 64), (-206, 48), (-182, 18)], WHALE, 1.0),
                         closed=False, steps=40), 6, 6)
    over(canvas, "#16235f", mouth * whole)
    over(canvas, "#ff8fa8", spot((WHALE[0] - 168, WHALE[1] + 44), (44, 26), 0.8), 0.6)

    ex, ey = WHALE[0] - 214, WHALE[1] - 12
    over(canvas, "#1b2a74", spot((ex, ey), 42, 0.7), 0.45)
    for colour, dx, dy, r in (("#ffffff", 0, 0, 29), ("#2b1a4d", -5, 2, 22), ("#7a4a20", -5, 6, 16),
                              ("#0b0620", -5, 3, 12),
                              ("#ffffff", -13, -7, 8), ("#ffffff", 3, 10, 4)):
        ball = mask(lambda d, a=ex + dx, b=ey + dy, c=r: d.ellipse((a - c, b - c, a + c, b + c), fill=255))
        over(canvas, colour, ball)
    lid = stroke(curve([(ex - 34, ey - 10), (ex - 14, ey - 32), (ex + 14, ey - 32), (ex + 34, ey - 8)], closed=False,
                       steps=30), 7, 6)
    over(canvas, "#17296f", lid)
    brow = stroke(curve([(ex - 30, ey - 56), (ex, ey - 66), (ex + 30, ey - 54)], closed=False, steps=24), 6, 4)
    over(canvas, "#1e3f9c", brow)

    fin = part([(-96, 92), (-40, 96), (14, 150), (56, 226), (58, 268), (20, 262), (-40, 222), (-88, 162), (-108, 118)])
    shade(canvas, blur(shifted(fin, -8, 8), 10) * body, 0.4)
    over(canvas, gradient((740, "#3f80dd"), (840, "#2b52b4"), (930, "#1c2d7c")), fin)
    over(canvas, "#86c8ff", np.clip(fin - blur(shifted(fin, -6, 6), 5), 0, 1), 0.7)
    edge = np.clip(flukes - blur(shifted(flukes, 4, 8), 6), 0, 1)
    over(canvas, "#a8dcff", edge, 0.8)
    shade(canvas, whole * np.clip((y - WHALE[1] - 60) / 180, 0, 1) * (1 - belly), 0.25)


def _friends(canvas: np.ndarray) -> None:
    """A girl with a scarf who holds a lantern up, and a small dog."""
    at = (WHALE[0] - 70, WHALE[1] - 164)

    def part(points: list, smooth: bool = True) -> np.ndarray:
        return shape([(at[0] + x, at[1] + y) for x, y in points], smooth)

    def ball(x: float, y: float, rx: float, ry: float) -> np.ndarray:
        return mask(lambda d: d.ellipse((at[0] + x - rx, at[1] + y - ry, at[0] + x + rx, at[1] + y + ry), fill=255))

    lamp = (at[0] - 74, at[1] - 122)
    over(canvas, "#ffd97a", spot(lamp, 130, 2.2), 0.85)
    over(canvas, "#3a2356", stroke([(at[0] - 10 - t * 1.28, at[1] - 56 - t * 1.5) for t in range(0, 52)], 5, 4))
    lantern = part([(-88, -124), (-60, -124), (-56, -92), (-92, -92)], smooth=False)
    over(canvas, "#ffb52e", lantern)
    over(canvas, "#fff7cf", ball(-74, -106, 9, 12))
    over(canvas, "#3a2356", np.maximum(part([(-94, -124), (-74, -142), (-54, -124)], False),
                                       part([(-94, -93), (-54, -93), (-57, -86), (-91, -86)], False)))

    over(canvas, "#e0322f", part([(6, -66), (46, -74), (92, -58), (140, -76), (176, -66), (138, -52), (94, -38),
                                  (44, -50), (4, -50)]))
    over(canvas, "#b7202b", part([(6, -58), (44, -58), (82, -40), (116, -44), (140, -34), (104, -26), (66, -30),
                                  (30, -46)]))
    over(canvas, "#2a2f66", np.maximum(part([(-26, 0), (-34, 22), (-52, 34), (-36, 40), (-14, 26), (-6, 0)]),
                                       part([(4, 0), (2, 22), (-12, 36), (6, 40), (24, 24), (26, 0)])))
    coat = part([(-14, -66), (-30, -40), (-40, 2), (-34, 12), (0, 16), (34, 12), (40, 2), (28, -40), (12, -66)])
    over(canvas, "#ffc928", coat)
    over(canvas, "#e89a17", coat * np.clip((grid()[0] - at[0] + 4) / 36, 0, 1), 0.8)
    arm = np.maximum(stroke(curve([(at[0] - 12, at[1] - 54), (at[0] - 34, at[1] - 62), (at[0] - 50, at[1] - 84)],
                                  False), 18, 13),
                     stroke(curve([(at[0] + 16, at[1] - 50), (at[0] + 34, at[1] - 30), (at[0] + 44, at[1] - 8)],
                                  False), 18, 13))
    over(canvas, "#f5b61d", arm)
    over(canvas, "#ffd9b8", np.maximum(ball(-51, -86, 7, 7), ball(45, -6, 7, 7)))
    over(canvas, "#5b2b1c", part([(-34, -98), (-26, -128), (2, -138), (30, -126), (38, -96), (46, -68), (34, -64),
                                  (20, -76), (-24, -72), (-36, -78)]))
    over(canvas, "#ffdcbc", ball(-6, -92, 28, 27))
    over(canvas, "#5b2b1c", part([(-36, -100), (-24, -126), (4, -134), (30, -118), (26, -100), (8, -114), (-14, -112)]))
    for dx in (-20, 2):
        over(canvas, "#2b1530", ball(dx, -90, 3.6, 5.2))
    over(canvas, "#ff9c96", np.maximum(ball(-26, -82, 6, 4), ball(12, -82, 6, 4)), 0.7)
    over(canvas, "#b3423c", stroke(curve([(at[0] - 16, at[1] - 79), (at[0] - 9, at[1] - 75), (at[0] - 2, at[1] - 79)],
                                         False), 3, 3))
    over(canvas, "#e0322f", part([(-30, -70), (-4, -62), (24, -72), (22, -56), (-2, -48), (-28, -56)]))

    dog = (at[0] + 92, at[1] + 16)

    def hound(points: list) -> np.ndarray:
        return shape([(dog[0] + x, dog[1] + y) for x, y in points])

    def dot(x: float, y: float, rx: float, ry: float) -> np.ndarray:
        return mask(lambda d: d.ellipse((dog[0] + x - rx, dog[1] + y - ry, dog[0] + x + rx, dog[1] + y + ry), fill=255))

    over(canvas, "#f3e3cf", stroke(curve([(dog[0] + 24, dog[1] + 6), (dog[0] + 46, dog[1] - 6),
                                          (dog[0] + 46, dog[1] - 30)], False), 12, 5))
    over(canvas, "#fff6e6", hound([(-22, -30), (-24, 0), (-28, 20), (0, 26), (28, 22), (30, 0), (18, -26), (0, -36)]))
    over(canvas, "#fff6e6", dot(-8, -46, 24, 22))
    over(canvas, "#b0703a", np.maximum(hound([(8, -64), (24, -58), (30, -36), (22, -24), (12, -36)]),
                                       hound([(-26, -62), (-14, -68), (-10, -54), (-24, -36), (-34, -38)])))
    over(canvas, "#fff6e6", dot(-22, -40, 13, 10))
    over(canvas, "#241226", np.max([dot(-33, -43, 5, 4), dot(-17, -52, 3.4, 4.2), dot(0, -52, 3.4, 4.2)], axis=0))
    over(canvas, "#38b6a6", hound([(-24, -28), (0, -22), (18, -30), (20, -22), (0, -13), (-24, -20)]))
    glow(canvas, "#ffd27a", spot((at[0] - 40, at[1] - 70), 120, 2.0), 0.28)


def _bubble(canvas: np.ndarray, text: str, cap: float, y: float, turn: list[float]) -> None:
    """Fat round letters that bounce, with an outline, a shadow and a shine."""
    faces, rims, x = [], [], 0.0
    pictures = [letters(c, cap, 0, 13, 1.0, soft=True) for c in text]
    edges = [letters(c, cap, 0, 30, 1.0, soft=True) for c in text]
    total = sum(p.width for p in pictures) + cap * 0.13 * (len(text) - 1)
    x = (WIDTH - total) / 2
    for i, (face, rim) in enumerate(zip(pictures, edges)):
        centre = (x + face.width / 2, y + turn[i % len(turn)] * 1.6)
        faces.append(put(face, centre, turn[i % len(turn)]))
        rims.append(put(rim, centre, turn[i % len(turn)]))
        x += face.width + cap * 0.13
    face, rim = np.max(faces, axis=0), np.max(rims, axis=0)
    shade(canvas, blur(shifted(rim, 0, 16), 10), 0.45)
    over(canvas, "#2a1264", np.maximum(rim, shifted(rim, 0, 9)))
    over(canvas, gradient((y - cap * 0.6, "#fff7b8"), (y, "#ffd23e"), (y + cap * 0.6, "#ff7d2e")), face)
    over(canvas, "#fffef2", np.clip(face - blur(shifted(face, 4, 7), 2), 0, 1), 0.85)
    shade(canvas, np.clip(face - shifted(face, -3, -6), 0, 1), 0.18)


def _words(canvas: np.ndarray) -> None:
    line = put(letters("BIG DREAMS NEED A BIG FRIEND", 22, 0.34, 6, soft=True), (480, 92))
    shade(canvas, blur(line, 8), 0.4)
    over(canvas, "#fff3cf", line)
    _bubble(canvas, "MOON", 108, 1036, [-5, 4, -3, 6])
    _bubble(canvas, "WHALE", 122, 1186, [4, -3, 3, -5, 4])
    over(canvas, "#4a2280", credits([
        "LANTERNFISH ANIMATION presents a film by PILAR ANDRADE "
        "with the voices of JUNO BASSETT OTIS KLEE and MARGUERITE DUNN",
        "music by FEN ABERNATHY story by HUGO LISLE and TAMSIN ROE produced by WILLA PARK directed by PILAR ANDRADE",
    ], 1374, 19, 800), 0.95)
    over(canvas, "#4a2280", put(fitted(letters("TAKING OFF THIS WINTER", 16, 0.4, 8, soft=True), 360), (480, 1404)))
