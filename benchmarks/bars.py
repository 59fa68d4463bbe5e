"""What is asked of the speed, and whether the figures hold it."""

from typing import Any

from benchmarks.stations import OWN

_TUTORIAL, _LLAMA = "LSTM tutorial's way, final stack", "Llama-type model, 230 M parameters"


def judge(figures: dict[str, Any]) -> list[dict[str, Any]]:
    """One dict a bar: `what`, `wanted`, `got`, `holds`; a bar without figures is left out."""
    second, note = figures["whole"]["a_second_of_music"], figures["composing"]["a_note"]
    poster = figures["reading"]["a_poster"]
    bars = [
        _least("seconds of music made a second, from poster to MP3", 18 if figures["machine"]["narrow_numbers"] else 13,
               1 / _median(second[OWN])),
        _least("times faster than MusicGen-small's decoder for the same length of sound", 180,
               _median(second["MusicGen-small's decoder"]) / _median(second[OWN])),
        _least("times faster per note than the LSTM tutorial's method", 35, _median(note[_TUTORIAL]) / _median(note[OWN])),
        _least("times faster per note than the Llama-type model", 10, _median(note[_LLAMA]) / _median(note[OWN])),
    ]
    if "its bare backbone, same size" in poster:
        bars.append(_most("times as long as the bare backbone takes to decode and read a poster", 1.3,
                          _median(poster[OWN]) / _median(poster["its bare backbone, same size"])))
    if figures.get("page_first_sound"):
        bars.append(_most("seconds from Compose to the first sound on the page, a minute of music", 1.2,
                          _median(figures["page_first_sound"])))
    if "start" in figures:
        start, loads = figures["start"], {load["visitors"]: load for load in figures["visitors"]}
        bars.append(_most("seconds from the start until the page answers", 7, _median(start["page answers"])))
        bars.append(_most("seconds from the start until a poster is read on the page", 14,
                          _median(start["first poster read on the page"])))
        if 8 in loads:
            bars.append(_least("times the throughput of one visitor, eight at once", 1.7,
                               loads[8]["a_minute"] / loads[1]["a_minute"]))
        bars.append(_most("longest wait of any visitor, as a multiple of an equal share of the time", 1.4,
                          max(load["longest_in_fair_shares"] for load in loads.values())))
    if figures.get("memory_mb"):
        bars.append(_most("megabytes held by the app and all that it started, at their most", 1900, figures["memory_mb"]))
    return bars


def _median(figure: dict[str, float]) -> float:
    return figure["median"]


def _least(what: str, wanted: float, got: float) -> dict[str, Any]:
    return {"what": what, "wanted": f"at least {wanted}", "got": got, "holds": got >= wanted}


def _most(what: str, wanted: float, got: float) -> dict[str, Any]:
    return {"what": what, "wanted": f"at most {wanted}", "got": got, "holds": got <= wanted}
