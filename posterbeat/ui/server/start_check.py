"""What must work before anybody is served."""


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
