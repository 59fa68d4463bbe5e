"""The Last Ferry: somebody waits at the end of a pier."""

import numpy as np
from PIL import Image

from artwork.brushes import (
    HEIGHT,
    WIDTH,
    blur,
    credits,
    curve,
    finish,
    fractal,
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

HORIZON, VANISH = 690, 400  # y of the horizon, x where the pier's lines meet


def draw() -> Image.Image:
    """A pier at dusk, one figure, a far light."""
    canvas = gradient(
        (0, "#1d2a38"), (260, "#3c4f60"), (450, "#7c8288"), (590, "#c9a48b"), (HORIZON, "#f2cfa0"),
        (HORIZON + 1, "#c9a488"), (840, "#7d7d80"), (1060, "#35434f"), (HEIGHT, "#0e161e"),
    )
    _sky(canvas)
    _sea(canvas)
    _ferry(canvas)
    _pier(canvas)
    _figure(canvas)
    _words(canvas)
    return finish(canvas, seed=41, grain=0.026, vignette=0.42)


def _sky(canvas: np.ndarray) -> None:
    _, y = grid()
    above = (y < HORIZON).astype(np.float32)
    clouds = fractal(3, (1100, 130), 6)
    bank = np.clip(clouds * 1.9 - 0.95, 0, 1) * above
    over(canvas, "#26323f", bank * np.clip((HORIZON - 30 - y) / 420, 0, 1), 0.75)
    lit = np.clip(shifted(bank, 0, -8) - bank, 0, 1)
    glow(canvas, "#ffcf9c", blur(lit, 3) * np.clip((y - 180) / 400, 0, 1), 1.3)
    glow(canvas, "#ffb066", spot((VANISH + 20, HORIZON), (760, 330), 2.2) * above, 0.75)
    glow(canvas, "#fff0cf", spot((VANISH + 20, HORIZON - 8), (300, 120), 2.4) * above, 0.9)


def _sea(canvas: np.ndarray) -> None:
    x, y = grid()
    depth = np.clip((y - HORIZON) / (HEIGHT - HORIZON), 0, 1)
    below = (y > HORIZON).astype(np.float32)
    near, far = fractal(5, (420, 34), 5), fractal(6, (200, 9), 4)
    ripples = near * depth**0.6 + far * (1 - depth**0.6)
    over(canvas, "#16212c", np.clip(ripples * 2.2 - 1.15, 0, 1) * below * (0.25 + 0.75 * depth), 0.8)
    path = np.exp(-(((x - VANISH - 20) / (60 + 330 * depth)) ** 2)) * below * (1 - depth) ** 1.4
    glow(canvas, "#ffd29b", path * np.clip(2.6 - ripples * 3.4, 0, 1), 0.95)
    over(canvas, "#efcfa6", np.exp(-(((y - HORIZON) / 16) ** 2)), 0.45)


def _ferry(canvas: np.ndarray) -> None:
    hull = [(700, 674), (838, 674), (824, 691), (712, 691)]
    decks = [[(716, 662), (822, 662), (826, 674), (714, 674)], [(732, 650), (800, 650), (804, 662), (730, 662)],
             [(770, 632), (784, 632), (786, 650), (768, 650)]]
    boat = np.max([shape(part, smooth=False) for part in [hull, *decks]], axis=0)
    smoke = stroke(curve([(777, 630), (806, 606), (852, 596), (905, 572), (970, 566)], closed=False, steps=40), 8, 46)
    over(canvas, "#59595e", blur(smoke, 9), 0.5)
    over(canvas, "#3b434c", boat, 0.95)
    lamps = mask(lambda d: [d.rectangle((x, 666, x + 3, 669), fill=255) for x in range(722, 818, 9)])
    glow(canvas, "#ffdf9e", np.maximum(lamps, blur(lamps, 4) * 2.2))
    reflection = mask(lambda d: [d.rectangle((x, 694, x + 4, 730), fill=255) for x in range(722, 818, 18)])
    glow(canvas, "#ffc98a", blur(reflection, (3, 12)), 0.28)


def _pier(canvas: np.ndarray) -> None:
    x, y = grid()
    end, slope = 838, 0.335
    depth = np.maximum(y - HORIZON, 1)
    across = (x - VANISH - (y - end) * 0.10) / (depth * slope)  # -1 and 1 at the edges of the planks
    distance = 9000 / depth
    deck = ((np.abs(across) < 1) & (y >= end)).astype(np.float32)
    plank = np.floor(distance * 0.55)
    tone = np.random.default_rng(8).uniform(0.25, 1.0, 64)[np.clip(plank, 0, 63).astype(int)].astype(np.float32)
    wood = gradient((end, "#6d5f58"), (960, "#4c4743"), (1180, "#2a2b2e"), (HEIGHT, "#101318"))
    over(canvas, "#0d1319", blur(shifted(deck, 0, 16), (10, 6)), 0.75)  # shadow on the water
    over(canvas, wood * (0.72 + 0.4 * tone[..., None]), deck)
    grainy = fractal(12, (900, 10), 4)
    shade(canvas, deck * np.clip(grainy * 2 - 1, 0, 1), 0.35)
    gap = np.abs(distance * 0.55 - np.round(distance * 0.55))
    shade(canvas, deck * np.clip(1 - gap / (0.012 + 0.0007 * depth / 6), 0, 1), 0.85)
    glow(canvas, "#ffc48d", deck * np.exp(-((across / 0.75) ** 2)) * np.clip(1.25 - depth / 420, 0,
                                                                             1) * (0.3 + 0.7 * tone), 0.5)
    for step in (7, 5, 3.6, 2.7, 2.05, 1.55):  # posts, far to near
        foot = HORIZON + 1080 / step
        size = 190 / step
        for side in (-1, 1):
            centre = VANISH + (foot - end) * 0.10 + side * (foot - HORIZON) * slope * 1.03
            post = mask(lambda d, c=centre, f=foot, s=size: (
                d.rectangle((c - s * 0.13, f - s * 1.05, c + s * 0.13, f + s * 0.75), fill=255),
                d.ellipse((c - s * 0.13, f - s * 1.10, c + s * 0.13, f - s * 1.0), fill=255),
            ))
            over(canvas, "#1b1e23", post)
            edge = np.clip(post - shifted(post, round(-side * size * 0.045) or -side, 0), 0, 1)
            glow(canvas, "#e8b384", edge, 0.55)


def _figure(canvas: np.ndarray) -> None:
    at = (VANISH + 22, 862)

    def body(points: list) -> np.ndarray:
        return shape([(at[0] + x, at[1] + y) for x, y in points])

    coat = body([(-9, -228), (-30, -218), (-37, -206), (-34, -176), (-27, -142), (-36, -84), (-42, -48), (-16, -42),
                 (22, -43), (54, -56), (40, -94), (28, -140), (33, -176), (37, -206), (30, -218), (9, -228)])
    head = mask(lambda d: d.ellipse((at[0] - 17, at[1] - 286, at[0] + 16, at[1] - 243), fill=255))
    hair = body([(-19, -266), (-10, -289), (10, -289), (20, -270), (36, -262), (62, -266), (86, -256), (58, -253),
                 (76, -243), (44, -247), (20, -242), (2, -240), (-14, -246)])
    neck = mask(lambda d: d.rectangle((at[0] - 8, at[1] - 248, at[0] + 8, at[1] - 222), fill=255))
    legs = mask(lambda d: (
        d.polygon([(at[0] - 22, at[1] - 50), (at[0] - 5, at[1] - 50), (at[0] - 7, at[1]), (at[0] - 21, at[1])],
                  fill=255),
        d.polygon([(at[0] + 8, at[1] - 50), (at[0] + 26, at[1] - 50), (at[0] + 23, at[1] + 2), (at[0] + 9, at[1] + 2)],
                  fill=255),
        d.ellipse((at[0] - 25, at[1] - 9, at[0] - 4, at[1] + 5), fill=255),
        d.ellipse((at[0] + 6, at[1] - 7, at[0] + 28, at[1] + 7), fill=255),
    ))
    arm = body([(-28, -218), (-40, -204), (-47, -160), (-51, -112), (-50, -92), (-42, -90), (-40, -112), (-34, -156),
                (-24, -192)])
    case = mask(lambda d: (
        d.rounded_rectangle((at[0] - 92, at[1] - 62, at[0] - 12, at[1] - 2), 7, fill=255),
        d.arc((at[0] - 62, at[1] - 84, at[0] - 36, at[1] - 44), 180, 360, fill=255, width=6),
    ))
    scarf = body([(-16, -242), (14, -243), (20, -232), (60, -224), (106, -234), (156, -216), (108, -212), (60, -207),
                  (18, -218), (-16, -226)])
    figure = np.max([coat, head, hair, neck, legs, arm, case], axis=0)
    long = np.zeros_like(figure)
    source = np.asarray(Image.fromarray((figure * 255).astype(np.uint8)).transform(
        (WIDTH, HEIGHT), Image.Transform.AFFINE,
        (1, -0.20, 0.20 * at[1], 0, -0.78, at[1] * 1.78), Image.Resampling.BILINEAR), np.float32) / 255
    x, y = grid()
    long = blur(source, 5) * np.clip(1.15 - (y - at[1]) / 360, 0, 1) * (y > at[1])
    shade(canvas, long, 0.72)
    glow(canvas, "#ffdcae", np.clip(blur(figure, 26) - figure, 0, 1), 0.35)
    over(canvas, "#171b22", figure)
    over(canvas, "#7e2b2a", scarf)
    shade(canvas, scarf * np.clip((y - at[1] + 230) / 30, 0, 1), 0.35)
    rim = np.clip(figure - blur(shifted(figure, 3, 2), 3), 0, 1)
    glow(canvas, "#ffbd80", rim * np.clip((at[1] - 20 - y) / 160, 0.15, 1), 0.55)


def _laurel(at: tuple[float, float], lines: list[str]) -> np.ndarray:
    """A festival's wreath with a few words in it."""
    parts = []
    for side in (-1, 1):
        for i in range(9):
            angle = np.radians(-80 + i * 17)  # from the foot upwards
            px, py = at[0] + side * (14 + 66 * np.cos(angle)), at[1] - 50 * np.sin(angle)
            lean = angle + np.pi / 2 - 0.45 * (-1) ** i
            dx, dy = side * np.cos(lean) * 12, -np.sin(lean) * 12
            parts.append(shape([(px - dx, py - dy), (px - dy * 0.36, py + dx * 0.36), (px + dx, py + dy),
                                (px + dy * 0.36, py - dx * 0.36)]))
    for i, line in enumerate(lines):
        parts.append(put(letters(line, 11, 0.1, 4), (at[0], at[1] - 20 + i * 19)))
    return np.max(parts, axis=0)


def _words(canvas: np.ndarray) -> None:
    for at, lines in (((200, 104), ["OFFICIAL", "SELECTION", "NORDHAVN"]),
                      ((480, 104), ["GRAND JURY", "PRIZE", "VALMERE"]),
                      ((760, 104), ["BEST", "ACTRESS", "LUND ISLE"])):
        over(canvas, "#e9dfd0", _laurel(at, lines), 0.85)
    title = np.maximum(put(letters("THE LAST", 40, 0.75), (480, 276)), put(letters("FERRY", 118, 0.42), (480, 380)))
    shade(canvas, blur(title, 14), 0.35)
    over(canvas, "#f6ecdc", title)
    over(canvas, "#f6ecdc", put(letters("Some goodbyes take a lifetime.", 21, 0.16), (480, 492)), 0.92)
    over(canvas, "#f6ecdc", put(letters("INGRID SOLBAKK     MATEO FERREIRA", 19, 0.34), (480, 206)), 0.9)
    block = credits([
        "HARBOUR LIGHT FILMS presents a SMALL HOURS production a film by AGNES TORVALD",
        "INGRID SOLBAKK MATEO FERREIRA ELSE MARIT DAHL with HENRIK OAKES casting by LUCY PEMBER",
        "music by CORIN HALE edited by RUI SANTANA director of photography NADIA WREN",
        "written by AGNES TORVALD and PAUL LINDEGAARD directed by AGNES TORVALD",
    ], 1378, 20, 760)
    shade(canvas, blur(block, 12), 0.5)
    over(canvas, "#d8cfc2", block, 0.88)
    over(canvas, "#f6ecdc", put(letters("THIS AUTUMN", 15, 0.6), (480, 1408)), 0.9)
