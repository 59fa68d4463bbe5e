"""What must work before anybody is served."""

from posterbeat.hub import resolve, source_of, weights_folder


def check_named_weights() -> None:
    """Make sure that the reference study's weights are there if somebody named them; they are loaded at the first request.

    Raises
    ------
    WeightsError
        They are not.
    """
    source = source_of("historical")
    if source != weights_folder("historical"):
        resolve(source)


def prove_playing() -> None:
    """Play one note, so that a server on which no piece can be played does not start.

    Raises
    ------
    RenderError
        Nothing can play here.
    """
    import pretty_midi

    from posterbeat.audio.render import render

    midi = pretty_midi.PrettyMIDI()
    midi.instruments.append(pretty_midi.Instrument(0))
    midi.instruments[0].notes.append(pretty_midi.Note(100, 60, 0, 0.5))
    render(midi)
