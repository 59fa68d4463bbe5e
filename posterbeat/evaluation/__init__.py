"""What can be measured on a piece: texture, metre, form, copying, style, and how like a set of pieces another is."""

from posterbeat.evaluation.copying import CopyIndex, melody_pairs, skyline
from posterbeat.evaluation.form import bar_sets, ends, longest_repeat, opening_returns, returning_bars
from posterbeat.evaluation.overlap import FEATURES as OVERLAP_FEATURES
from posterbeat.evaluation.overlap import overlap_features, overlapped_area
from posterbeat.evaluation.style import STYLE_FEATURES, style_features
from posterbeat.evaluation.texture import (
    collapsed,
    groove_consistency,
    onset_places,
    pitch_class_entropy,
    pitch_class_histogram,
    polyphony,
    scale_consistency,
    voices,
)

__all__ = [
    "CopyIndex", "OVERLAP_FEATURES", "STYLE_FEATURES", "bar_sets", "collapsed", "ends", "groove_consistency",
    "longest_repeat", "melody_pairs", "onset_places", "opening_returns", "overlap_features", "overlapped_area",
    "pitch_class_entropy", "pitch_class_histogram", "polyphony", "returning_bars", "scale_consistency", "skyline",
    "style_features", "voices",
]
