"""Posters of five films that do not exist, one module a poster: each has `draw() -> PIL.Image.Image`."""
