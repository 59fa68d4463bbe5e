"""The page: a film poster in, its soundtrack out. `demo` is the Gradio app; run this file to serve it."""

import secrets
import sys
from pathlib import Path

import gradio as gr

from posterbeat.errors import ParameterError, PosterBeatError
from posterbeat.genres import GENRES
from posterbeat.music.ensemble import ENSEMBLES
from posterbeat.pipeline import DENSITY, NOTES, SEED, TEMPERATURE, TEMPO
from posterbeat.ui import words
from posterbeat.ui.endpoints import add_endpoints, heat_file
from posterbeat.ui.poster_input import PosterInput
from posterbeat.ui.roll import PianoRoll
from posterbeat.ui.studio import Stopped, Studio, convert, follow, spoken
from posterbeat.ui.takes import TakeStrip
from posterbeat.ui.theme import CSS, theme

EXAMPLES = sorted((Path(__file__).parent / "examples" / "posters").glob("*.jpg"))
COMPOSING = "composing"  # two at a time, whoever asks: more would only slow each other down


def build(studio: Studio) -> gr.Blocks:
    """The page and its endpoints, for one studio."""
    with gr.Blocks(title="posterbeat: a soundtrack for any film poster", analytics_enabled=False,
                   delete_cache=(600, 3600), fill_width=True) as page:
        seen, shown, takes, steered = gr.State(None), gr.State(None), gr.State([]), gr.State(False)

        gr.HTML(words.MASTHEAD, elem_id="masthead")
        with gr.Row(elem_id="house"):
            with gr.Column(scale=4, min_width=320, elem_id="left"):
                poster = PosterInput(label="Poster", show_label=False, elem_id="poster", height=520, buttons=["fullscreen"],
                                     sources=["upload", "clipboard", "webcam"], placeholder=words.DROP)
                if EXAMPLES:
                    gr.Examples([[str(path)] for path in EXAMPLES], [poster], label=words.SAMPLES, elem_id="samples",
                                cache_examples=False, api_visibility="private")
                label = gr.Label(label="Genre", num_top_classes=5, elem_id="reading", visible=False)
                look = gr.Button("Show what it looked at", size="sm", visible=False, elem_id="look")
                heat = gr.Image(label="What spoke for the genre", type="filepath", visible=False, interactive=False,
                                height=420, buttons=["fullscreen"], elem_id="heat")
            with gr.Column(scale=7, min_width=320, elem_id="right"):
                with gr.Row(equal_height=True):
                    genre = gr.Dropdown(words.GENRE_CHOICES, value=words.OWN, label="Genre", min_width=180, elem_id="genre")
                    notes = gr.Slider(*NOTES, value=600, step=1, label="Notes", min_width=180, elem_id="notes",
                                      buttons=[])
                    temperature = gr.Slider(*TEMPERATURE, value=1.0, step=0.05, label="Temperature", min_width=180,
                                            elem_id="temperature", buttons=[])
                with gr.Row(equal_height=True, elem_id="act"):
                    compose = gr.Button("Compose", variant="primary", size="lg", scale=5, min_width=200, elem_id="compose")
                    stop = gr.Button("Stop", variant="stop", scale=5, min_width=200, visible=False, elem_id="stop")
                    seed = gr.Textbox(label="Seed", placeholder="drawn for you", max_lines=1, scale=2, min_width=130, elem_id="seed")
                    dice = gr.Button("Draw a new seed", scale=0, min_width=46, elem_id="dice")
                stage = gr.HTML("", elem_id="stage")
                roll = PianoRoll(elem_id="roll")
                facts = gr.HTML("", elem_id="facts")
                with gr.Row(visible=False, elem_id="away") as away:
                    another = gr.Button("Another take", min_width=150, elem_id="another")
                    midi = gr.DownloadButton("MIDI", min_width=84, elem_id="midi")
                    wav = gr.DownloadButton("WAV", min_width=84, elem_id="wav")
                    mp3 = gr.Button("MP3", min_width=84, elem_id="mp3")
                    mp4 = gr.Button("MP4 film", min_width=84, elem_id="mp4")
                courier = gr.DownloadButton("File", elem_id="courier")
                strip = TakeStrip(elem_id="takes")
                with gr.Accordion("Advanced: mixture, colours, ensemble", open=False, elem_id="advanced"):
                    gr.Markdown(words.ABOUT_MIXTURE)
                    with gr.Row():
                        shares = [gr.Slider(0, 100, value=20, step=1, label=name.capitalize(), min_width=120, buttons=[],
                                            elem_id=f"share-{name}") for name in GENRES]
                    coloured = gr.Checkbox(True, label=words.COLOURED, elem_id="coloured")
                    said = gr.HTML(words.colours_line(None), elem_id="said")
                    with gr.Row():
                        tempo = gr.Slider(*TEMPO, value=100, step=1, label="Tempo (beats a minute)", buttons=[])
                        mode = gr.Radio(["major", "minor"], value="major", label="Mode")
                        density = gr.Slider(*DENSITY, value=0.5, step=0.01, label="Density", buttons=[])
                        ensemble = gr.Dropdown([("The composer's choice", ""), *((name.capitalize(), name) for name in ENSEMBLES)],
                                               value="", label="Ensemble", elem_id="ensemble")

        @spoken
        def read(path, chosen):
            if path is None:
                yield {seen: None, label: gr.update(visible=False), look: gr.update(visible=False), steered: False,
                       heat: gr.update(visible=False), said: words.colours_line(None)}
                return
            yield {seen: None, heat: gr.update(visible=False, value=None), label: gr.update(visible=False)}
            found = studio.read(path)
            colours = found["colours"]
            yield {seen: found, steered: True, label: gr.update(value=found["probabilities"], visible=True),
                   look: gr.update(visible=True), said: words.colours_line(colours), tempo: round(colours["tempo"]),
                   mode: colours["mode"], density: round(colours["density"], 2),
                   **(_spread(found["probabilities"]) if chosen == words.OWN else {})}

        def _spread(mix):
            return {share: round(100 * mix[name]) for name, share in zip(GENRES, shares)}

        def choose(chosen, found):
            if chosen in GENRES:
                return {share: 100 * (name == chosen) for name, share in zip(GENRES, shares)}
            if chosen == words.OWN and found:
                return _spread(found["probabilities"])
            return {shares[0]: gr.skip()}

        @spoken
        def perform(request: gr.Request, fresh, path, found, chosen, notes, temperature, seed, coloured, steered, tempo,
                    mode, density, ensemble, kept, *shares):
            mix = None if chosen == words.OWN else chosen
            if chosen == words.MIXED:
                mix = dict(zip(GENRES, shares))
            if mix is None and path is None:
                raise PosterBeatError(words.NO_POSTER)
            steer = {"tempo": tempo, "mode": mode, "density": density} if coloured and steered else {}
            signal = studio.start(request.session_hash)
            work = follow(lambda report: studio.take(
                path, found, mix, report, signal, notes=notes, temperature=temperature, seed=None if fresh else words.seed(seed),
                ensemble=ensemble or None, **steer))
            try:
                for kind, what in work:
                    if kind == "news":
                        yield {stage: words.stage(*what)}
                kept = [what, *kept][:6]
                yield {stage: "", roll: what["roll"], facts: words.facts(what), shown: what, takes: kept,
                       strip: TakeStrip.show(kept, 0), away: gr.update(visible=True), **ready(what)}
            except Stopped:
                yield {stage: words.notice(words.STOPPED)}
            finally:
                signal.set()

        def ready(take):
            return {midi: take["midi"], wav: take["wav"], seed: str(take["seed"])}

        def again(kept, event: gr.EventData):
            take = kept[event.index]
            return {roll: take["roll"], facts: words.facts(take), shown: take, strip: TakeStrip.show(kept, event.index), **ready(take)}

        @spoken
        def fetch(suffix, take):
            if not take:
                raise PosterBeatError(words.NOTHING_YET)
            return convert(take, suffix)

        @spoken
        def explain(path, found):
            if not path or not found:
                raise ParameterError(words.NO_POSTER)
            return gr.update(value=heat_file(studio, path), visible=True)

        private = {"api_visibility": "private"}
        quiet = {**private, "queue": False, "show_progress": "hidden"}
        poster.change(read, [poster, genre], [seen, steered, label, look, heat, said, tempo, mode, density, *shares],
                      show_progress="minimal", show_progress_on=[label], concurrency_limit=4, **private)
        genre.input(choose, [genre, seen], shares, **quiet)
        for share in shares:
            share.input(lambda: words.MIXED, None, genre, **quiet)
        for control in (tempo, mode, density):
            control.input(lambda: True, None, steered, **quiet)
        dice.click(lambda: str(secrets.randbelow(SEED[1] + 1)), None, seed, **quiet)
        look.click(explain, [poster, seen], heat, **private)

        wishes = [poster, seen, genre, notes, temperature, seed, coloured, steered, tempo, mode, density, ensemble, takes, *shares]
        results = [stage, roll, facts, shown, takes, strip, away, midi, wav, seed]
        running = {compose: gr.update(visible=False), stop: gr.update(visible=True), another: gr.update(interactive=False)}
        rested = {compose: gr.update(visible=True), stop: gr.update(visible=False), another: gr.update(interactive=True)}
        works = []
        for button, fresh in ((compose, False), (another, True)):
            begun = button.click(lambda: {**running, stage: words.stage(0, "Waiting for a place")}, None,
                                 [compose, stop, another, stage], js=words.SCROLL, **quiet)
            work = begun.then(perform, [gr.State(fresh), *wishes], results, show_progress="hidden", concurrency_limit=2,
                              concurrency_id=COMPOSING, **private)
            work.then(lambda: rested, None, [compose, stop, another], **quiet)
            work.failure(lambda: "", None, stage, **quiet)
            works.append(work)

        def halt(request: gr.Request):
            studio.stop(request.session_hash)
            return {**rested, stage: words.notice(words.STOPPED)}

        def leave(request: gr.Request):
            studio.stop(request.session_hash)

        stop.click(halt, None, [compose, stop, another, stage], cancels=works, **quiet)
        page.unload(leave)
        strip.click(again, [takes], [roll, facts, shown, strip, midi, wav, seed], **quiet)
        for button, suffix in ((mp3, ".mp3"), (mp4, ".mp4")):
            button.click(fetch, [gr.State(suffix), shown], courier, **private).success(None, js=words.DELIVER)

        add_endpoints(studio, tuple(ENSEMBLES), COMPOSING)
    return page


studio = Studio()
demo = build(studio)

if __name__ == "__main__":
    demo.launch(theme=theme(), css=CSS, max_file_size="40mb", footer_links=["api", "settings"], prevent_thread_lock=True)
    try:
        studio.beat
    except PosterBeatError as error:  # better no page than one whose every button fails
        sys.exit(f"posterbeat cannot start: {error}")
    demo.block_thread()
