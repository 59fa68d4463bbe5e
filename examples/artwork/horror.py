"""Count to Nine: a corridor, and somebody small with long arms at its end."""

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

VX, VY = 480, 610  # where the lines of the corridor meet
NEAR = (500, 640, 860)  # half width, height above and below VY, at distance 1
FAR = 3.1  # distance of the end wall


def draw() -> Image.Image:
    """A corridor lit from one open door, a figure in it, fingers round the frame beside us."""
    canvas = np.zeros((HEIGHT, WIDTH, 3), np.float32)
    _corridor(canvas)
    _door_and_figure(canvas)
    _tally(canvas)
    _fingers(canvas)
    _words(canvas)
    return finish(canvas, seed=13, grain=0.04, vignette=0.8)


def _corridor(canvas: np.ndarray) -> None:
    x, y = grid()
    side = np.abs(x - VX) / NEAR[0]
    up, down = (VY - y) / NEAR[1], (y - VY) / NEAR[2]
    nearest = np.maximum.reduce([side, up, down])
    distance = np.minimum(1 / np.maximum(nearest, 1e-3), FAR)
    end = nearest <= 1 / FAR
    wall = (side >= np.maximum(up, down)) & ~end
    floor = (down > side) & ~end
    ceiling = (up > side) & ~end
    height = (y - VY) * distance  # in pixels at distance 1, on the side walls

    paper = np.where((np.floor(distance * 14) % 2) == 0, 1.0, 0.78)  # wallpaper stripes
    curl = np.cos(distance * 14 * np.pi * 2) * np.cos(height / 34) > 0.72  # and its pattern
    stain = fractal(21, (240, 420), 6)
    rot = fractal(22, (90, 240), 5)
    tone = paper * np.where(curl, 0.62, 1.0) * (0.5 + 0.7 * stain)
    canvas[:] = np.array([0.36, 0.40, 0.30], np.float32) * tone[..., None]
    panel = wall & (height > 330)
    canvas[panel] = (np.array([0.30, 0.20, 0.13], np.float32) * (0.55 + 0.6 * rot)[..., None])[panel]
    rail = wall & (np.abs(height - 330) < 16)
    canvas[rail] *= 0.45
    groove = panel & (np.abs((distance * 7) % 1 - 0.5) > 0.46)
    canvas[groove] *= 0.4
    across = (x - VX) * distance / NEAR[0]
    board = np.floor(across * 6)
    boards = np.random.default_rng(4).uniform(0.55, 1.0, 16)[np.clip(board + 8, 0, 15).astype(int)]
    seam = np.abs(across * 6 - np.round(across * 6)) < 0.035
    planks = (np.array([0.34, 0.24, 0.17], np.float32) * (boards * (0.5 + 0.7 * rot) * np.where(seam, 0.25, 1))[...,
                                                                                                                None])
    canvas[floor] = planks[floor]
    canvas[ceiling] = (np.array([0.23, 0.24, 0.20], np.float32) * (0.35 + 0.8 * stain)[..., None])[ceiling]
    canvas[end] = (np.array([0.30, 0.29, 0.22], np.float32) * (0.5 + 0.6 * stain)[..., None])[end]

    light = np.exp(-(FAR - distance) * 1.2)  # the only light comes from the end
    light = light * (0.55 + 0.45 * np.exp(-(((x - VX) / 330) ** 2))) + 0.055
    canvas *= (light[..., None] * np.array([1.55, 1.12, 0.82], np.float32)).astype(np.float32)

    for at, turn in ((1.42, 1), (2.05, -1), (2.05, 1)):  # doors along the walls: (distance, side)
        near, far = at, at + 0.42
        corners = []
        for d, top in ((near, -400), (far, -400), (far, NEAR[2]), (near, NEAR[2])):
            corners.append((VX + turn * NEAR[0] / d, VY + top / d))
        door = shape(corners, smooth=False)
        shade(canvas, door, 0.72)
        frame = np.clip(door - blur(shifted(door, turn * 5, 0), 2), 0, 1)
        glow(canvas, "#b98a52", frame, 0.20 * (at - 0.7))


def _door_and_figure(canvas: np.ndarray) -> None:
    x, y = grid()
    foot = VY + NEAR[2] / FAR
    left, right, top = VX - 92, VX + 92, VY - 150
    door = mask(lambda d: d.rectangle((left, top, right, foot), fill=255))
    frame = mask(lambda d: d.rectangle((left - 14, top - 16, right + 14, foot), fill=255)) - door
    over(canvas, "#1a120d", np.clip(frame, 0, 1), 0.85)
    glow(canvas, "#ff5a2a", blur(door, 70), 0.75)
    glow(canvas, "#ff9a5c", blur(door, 24), 0.55)
    over(canvas, "#ffd9a0", door)
    glow(canvas, "#fff6df", spot((VX, VY + 10), (130, 210), 1.2) * door, 0.9)
    over(canvas, "#ff8a4a", door * np.clip((y - foot + 150) / 260, 0, 1), 0.7)

    # the light that falls through the door on the floor, with the figure's shadow in it
    beam = shape([(left, foot), (right, foot), (VX + 330, HEIGHT), (VX - 330, HEIGHT)], smooth=False)
    fall = np.clip(1.05 - (y - foot) / 520, 0, 1) ** 1.5
    glow(canvas, "#ff7a3c", blur(beam, 14) * fall * (0.65 + 0.5 * fractal(30, (600, 14), 4)), 0.62)

    figure = _child((VX, foot + 26))
    picture = Image.fromarray((figure * 255).astype(np.uint8))
    at = foot + 22
    depth = np.maximum(y - at, 0)
    # each row of the shadow is a row of the figure, mirrored, wider towards us
    rows, columns = np.clip(at - depth * 0.66, 0, HEIGHT - 1), VX + (x - VX) / (1 + depth / 330)
    source = np.asarray(picture, np.float32) / 255
    shadow = source[rows.astype(int), np.clip(columns, 0, WIDTH - 1).astype(int)] * (y > at)
    shade(canvas, blur(shadow, 6), 0.93)
    glow(canvas, "#ffb070", np.clip(blur(figure, 9) - figure, 0, 1), 0.6)
    over(canvas, "#060405", figure)
    for dx in (-9, 9):  # eyes, hardly there
        glow(canvas, "#ffe9c0", spot((VX + dx - 4, foot - 262), 4.5, 0.6), 0.9)


def _child(at: tuple[float, float]) -> np.ndarray:
    """A girl in a nightdress, her head tilted, her arms far too long."""

    def body(points: list) -> np.ndarray:
        return shape([(at[0] + px, at[1] + py) for px, py in points])

    head = body([(-30, -316), (-8, -326), (18, -318), (27, -294), (24, -250), (2, -225), (-22, -250), (-32, -290)])
    hair = body([(-35, -294), (-26, -326), (0, -336), (26, -324), (36, -292), (38, -240), (44, -186), (36, -192),
                 (31, -172), (24, -206), (16, -236), (-14, -236), (-26, -204), (-32, -168), (-38, -196), (-46, -182),
                 (-42, -240)])
    dress = body([(-12, -250), (-34, -238), (-38, -200), (-34, -150), (-50, -80), (-58, -52), (-38, -44), (-20, -52),
                  (0, -43), (22, -52), (42, -44), (58, -54), (48, -86), (33, -150), (38, -200), (34, -238), (12, -250)])
    legs = mask(lambda d: (
        d.polygon([(at[0] - 24, at[1] - 60), (at[0] - 9, at[1] - 60), (at[0] - 12, at[1]), (at[0] - 22, at[1])],
                  fill=255),
        d.polygon([(at[0] + 9, at[1] - 60), (at[0] + 24, at[1] - 60), (at[0] + 22, at[1]), (at[0] + 12, at[1])],
                  fill=255),
        d.ellipse((at[0] - 32, at[1] - 8, at[0] - 9, at[1] + 5), fill=255),
        d.ellipse((at[0] + 9, at[1] - 8, at[0] + 32, at[1] + 5), fill=255),
    ))
    parts = [head, hair, dress, legs]
    for turn in (-1, 1):
        arm = curve([(turn * 33, -232), (turn * 52, -184), (turn * 56, -128), (turn * 66, -78)], closed=False, steps=26)
        parts.append(stroke([(at[0] + px, at[1] + py) for px, py in arm], 17, 8))
        for i in range(4):
            finger = curve([(turn * 66, -80), (turn * (62 + i * 5), -56),
                            (turn * (57 + i * 8), -30 + abs(i - 1.5) * 5)],
                           closed=False, steps=16)
            parts.append(stroke([(at[0] + px, at[1] + py) for px, py in finger], 6, 2.2))
    return np.max(parts, axis=0)


def _tally(canvas: np.ndarray) -> None:
    """Eight strokes scratched into the wall: one is still to come."""
    rng = np.random.default_rng(2)
    marks = np.zeros((HEIGHT, WIDTH), np.float32)
    lines = [((70 + i * 34, 470), (66 + i * 34, 620)) for i in range(4)] + [((44, 600), (206, 492))]
    lines += [((252 + i * 26, 520), (249 + i * 26, 632)) for i in range(3)]
    for start, stop in lines:
        points = [
            (start[0] + (stop[0] - start[0]) * t + rng.normal(0, 1.1),
             start[1] + (stop[1] - start[1]) * t + rng.normal(0, 1))
            for t in np.linspace(0, 1, 90)
        ]
        marks = np.maximum(marks, stroke(points, 8, 2.5))
    marks *= 0.35 + 0.65 * (fractal(33, (30, 30), 3) > 0.35)
    over(canvas, "#050303", shifted(blur(marks, 1.5), 3, 3), 0.8)
    over(canvas, "#c9a06a", marks, 0.62)


def _fingers(canvas: np.ndarray) -> None:
    """The frame we look past, and what holds on to it."""
    frame = mask(lambda d: d.polygon([(868, 0), (960, 0), (960, HEIGHT), (846, HEIGHT)], fill=255))
    shade(canvas, blur(frame, 18), 0.9)
    over(canvas, "#0b0807", frame)
    edge = mask(lambda d: d.line([(868, 0), (846, HEIGHT)], fill=255, width=7))
    glow(canvas, "#ff8b4a", blur(edge, 2) * spot((857, 700), (300, 620), 1.0), 0.45)
    x, y = grid()
    for height, reach, drop in ((742, 150, 10), (788, 176, 30), (836, 170, 54), (884, 138, 70)):
        line = curve([(960, height - 26), (900, height - 24), (862 - reach * 0.22, height - 14),
                      (862 - reach * 0.62, height + drop * 0.35), (862 - reach * 0.86, height + drop)], closed=False,
                      steps=22)
        finger = stroke(line, 33, 17)
        for t in (0.42, 0.68):
            px, py = line[int(len(line) * t)]
            finger = np.maximum(finger, mask(lambda d, a=px, b=py: d.ellipse((a - 17, b - 15, a + 17, b + 15),
                                                                             fill=255)))
        tip = line[-1]
        nail = shape([(tip[0] + 6, tip[1] - 8), (tip[0] - 8, tip[1] - 2), (tip[0] - 27, tip[1] + 16),
                      (tip[0] - 6, tip[1] + 9)])
        shade(canvas, blur(shifted(finger, -8, 16), 9), 0.75)
        over(canvas, "#17100d", finger)
        lit = np.clip(finger - blur(shifted(finger, 6, 9), 5), 0, 1)
        glow(canvas, "#ff9c62", lit * np.clip((960 - x) / 130, 0, 1), 0.62)
        over(canvas, "#6b4a35", nail, 0.9)
        glow(canvas, "#ffb681", np.clip(nail - shifted(nail, 2, 3), 0, 1), 0.5)


def _scratched(picture: Image.Image, seed: int) -> Image.Image:
    """Lettering with pieces torn out."""
    rng = np.random.default_rng(seed)
    values = np.asarray(picture, np.float32) / 255
    noise = np.asarray(Image.fromarray(rng.random((picture.height // 5 + 2, picture.width // 22 + 2),
                                                  dtype=np.float32)).resize(
        picture.size, Image.Resampling.BICUBIC))
    fine = np.asarray(Image.fromarray(rng.random((picture.height // 2 + 2, picture.width // 2 + 2),
                                                 dtype=np.float32)).resize(
        picture.size, Image.Resampling.BICUBIC))
    worn = np.clip((noise * 0.72 + fine * 0.5 - 0.22) * 7, 0, 1)
    return Image.fromarray((values * worn * 255).astype(np.uint8))


def _words(canvas: np.ndarray) -> None:
    over(canvas, "#d9c7a8", put(letters("SHE IS STILL LOOKING.", 21, 0.62), (480, 96)), 0.9)
    small = put(_scratched(letters("COUNT TO", 46, 0.92, 2), 3), (480, 1012))
    large = put(_scratched(letters("NINE", 164, 0.46, 4, 0.92), 5), (480, 1130))
    title = np.maximum(small, large)
    shade(canvas, blur(title, 22), 0.65)
    glow(canvas, "#ff1408", blur(title, 26), 0.35)
    over(canvas, "#d8180f", title)
    glow(canvas, "#ff8a5c", np.clip(title - shifted(title, 2, 3), 0, 1), 0.35)
    block = credits([
        "BLACK LARDER PICTURES presents a NINTH STAIR production",
        "ORLA FENWICK DESMOND PRYCE TILDA MARROW introducing WREN ASHBY as the child",
        "casting by JUNE HOLLOWAY music by SILAS CRANE edited by PETRA VOSS",
        "director of photography IGOR LENSKY produced by MAE COLDWELL written and directed by RUTH HARKER",
    ], 1354, 19, 780)
    shade(canvas, blur(block, 10), 0.5)
    over(canvas, "#b5a58d", block, 0.85)
    over(canvas, "#d8180f", put(letters("OCTOBER  31", 17, 0.5, 3), (480, 1394)), 0.95)
