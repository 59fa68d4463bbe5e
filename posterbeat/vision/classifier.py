"""PosterClassifier: a poster in, calibrated genre probabilities of its picture and its words out, and the reason for them."""

import copy
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path

import numpy as np
import timm
import torch
from PIL import Image, ImageFilter

from posterbeat import hub, vision
from posterbeat.cpu import forked
from posterbeat.errors import ParameterError, WeightsError
from posterbeat.genres import GENRES
from posterbeat.poster import open_poster
from posterbeat.text import said
from posterbeat.vision.batch_norm_folding import fold_batch_norms, folds_exactly
from posterbeat.vision.framing import poster_box, within_frame, without_frame
from posterbeat.vision.heatmap import heat_map
from posterbeat.vision.openvino_runner import compiled
from posterbeat.vision.reading import GenreReading
from posterbeat.vision.text_genre import TextGenre
from posterbeat.vision.text_reader import TextReader

# Every poster is brought to this size first, as the training posters were: how large or sharp an upload is must not
# speak for a genre.
STORED_SIZE = (160, 240)  # width, height
_MOST_BLUR = 20.0  # an eighth of the width: nothing could be read any more
_BATCH = 8  # posters a forward pass of PyTorch: more gain nothing and need memory
_WORTH_COMPILING = 48  # posters from which on a faster engine has earned the seconds that it takes to make


class PosterClassifier:
    """A network with its preprocessing and calibration. Safe to use from several threads at once.

    Parameters
    ----------
    network
        A network of `posterbeat.vision` (or any with its contract) with one logit a genre.
    input_size
        Channels, height and width in pixels at which the network reads.
    mean, std
        The picture in [0, 1] is brought to (x - mean) / std, channel by channel.
    temperature, bias
        Calibration: probabilities are softmax(logits / temperature + bias), fitted on held-out posters.
    flip
        Read the poster also mirrored and average the logits: steadier, for twice the work.
    blur
        Standard deviation, in pixels of `STORED_SIZE`, of a Gaussian that smooths every poster first: what a network
        learned from enlarged crops is used to it, and the traces of compression go.
    words
        Where the reader of the words' genre is loaded from when words are first asked for: a folder or Hub repo. Left out,
        the environment variable POSTERBEAT_WORDS says; without that, the weights that came with posterbeat are taken.
    """

    def __init__(
        self,
        network: torch.nn.Module,
        input_size: Sequence[int] = (3, 288, 192),
        mean: Sequence[float] = (0.5, 0.5, 0.5),
        std: Sequence[float] = (0.5, 0.5, 0.5),
        temperature: float = 1.0,
        bias: Sequence[float] = (0.0,) * len(GENRES),
        flip: bool = False,
        blur: float = 0.0,
        words: str | os.PathLike | None = None,
    ):
        network = network.eval().requires_grad_(False)
        folded = fold_batch_norms(copy.deepcopy(network))
        self.network = (folded if folds_exactly(network, folded, tuple(input_size)) else network).to(
            memory_format=torch.channels_last
        )
        self.input_size = tuple(input_size)
        self.temperature, self.flip, self.blur = float(temperature), flip, float(blur)
        self._bias = torch.tensor(list(bias), dtype=torch.float32)
        self._scale = 1 / (255 * np.asarray(std, np.float32))  # from bytes to what the network reads
        self._shift = -np.asarray(mean, np.float32) / np.asarray(std, np.float32)
        self._engines: dict[bool, Callable | None] = {}  # by whether they are exact; made when first needed
        self._making = threading.Lock()
        self._words_source = hub.source_of("words", words)
        self.text_reader = TextReader(torch.get_num_threads())

    @classmethod
    def from_pretrained(cls, source: str | os.PathLike, words: str | os.PathLike | None = None) -> "PosterClassifier":
        """Load a folder or Hub repo (`owner/name` or `owner/name@revision`) in timm's own format.

        Parameters
        ----------
        words
            As for the class.

        Raises
        ------
        WeightsError
            The folder or repo cannot be had, a file is missing, damaged or foreign, or a tensor is missing or extra.
        """
        folder = Path(hub.resolve(source))
        path = folder / "config.json"
        config = hub.read_config(path)
        architecture, settings = config.get("architecture"), config.get("pretrained_cfg")
        if architecture not in vision.NETWORKS or not isinstance(settings, Mapping):
            raise WeightsError(f"{path} is not a poster classifier's: its architecture must be one of "
                               f"{', '.join(vision.NETWORKS)}.")
        if tuple(config.get("label_names", settings.get("label_names", ()))) != GENRES:
            raise WeightsError(f"{path} names other labels than {', '.join(GENRES)}: give a poster classifier.")
        try:
            network = timm.create_model(architecture, **{**config.get("model_args", {}), "num_classes": len(GENRES)})
            calibration = config.get("calibration", {})
            reading = dict(
                input_size=[int(side) for side in settings["input_size"]],
                mean=[float(value) for value in settings["mean"]],
                std=[float(value) for value in settings["std"]],
                temperature=float(calibration.get("temperature", 1.0)),
                bias=[float(value) for value in calibration.get("bias", [0.0] * len(GENRES))],
                flip=bool(config.get("test_time_flip", False)),
                blur=float(config.get("blur", 0.0)),
            )
        except (KeyError, TypeError, ValueError, RuntimeError) as error:
            raise WeightsError(f"{path} does not describe a poster classifier ({error}): fetch it again.") from error
        if (len(reading["input_size"]) != 3 or len(reading["bias"]) != len(GENRES) or not reading["temperature"] > 0
                or not 0 <= reading["blur"] <= _MOST_BLUR or not min(reading["std"]) > 0
                or not np.isfinite([*reading["mean"], *reading["std"], *reading["bias"], reading["temperature"]]).all()):
            raise WeightsError(f"{path} has a wrong input size, blur or calibration: fetch it again.")
        weights = folder / "model.safetensors"
        hub.load_strict(network, hub.read_tensors(weights), weights)
        return cls(network, words=words, **reading)

    @cached_property
    def text_genre(self) -> TextGenre:
        """What reads the words' genre, loaded at the first request.

        Raises
        ------
        WeightsError
            Its weights are missing, damaged or foreign.
        """
        return TextGenre.from_pretrained(self._words_source)

    def predict(self, image, words: bool = False) -> GenreReading:
        """Genre and probabilities of one poster (path, bytes, PIL image or (h, w, 3) uint8 array).

        Parameters
        ----------
        words
            Read the poster's words too, for half a second more; the first time, the recogniser is loaded. Without them, or
            where none are found, `GenreReading.words` is None.

        Raises
        ------
        PosterError
            The picture cannot be read.
        WeightsError
            Words are asked for, and the weights for them are missing or damaged.
        """
        poster = open_poster(image)
        genre_of = self.text_genre if words else None  # whatever is wrong with it is told before any work
        picture = self._calibrated(self.logits(self._pixels(poster)[None]))[0]
        return genre_of.join(picture, self.text_reader.read(poster)) if genre_of else picture

    def predict_batch(self, images: Sequence, exact: bool = False) -> list[GenreReading]:
        """As `predict`, for many posters, several side by side.

        From 48 posters on OpenVINO reads them, where it is installed: then the first call takes some seconds longer, and
        every poster less than half the time.

        Parameters
        ----------
        images
            Posters, each as for `predict`.
        exact
            False lets OpenVINO read in half precision (bfloat16) where the processor has units for it: faster still,
            and probabilities differ from those of `predict` by a few hundredths at most. True gives the same ones.

        Raises
        ------
        PosterError
            One of the pictures cannot be read.
        """
        images = list(images)
        engine = self._engine(exact) if len(images) >= _WORTH_COMPILING else None
        with ThreadPoolExecutor(max_workers=torch.get_num_threads()) as threads:
            if engine:
                logits = list(threads.map(lambda image: self._engine_logits(engine, image), images))
                return self._calibrated(torch.cat(logits))
            readings = []
            for start in range(0, len(images), _BATCH):
                pixels = list(threads.map(lambda image: self._pixels(open_poster(image)), images[start : start + _BATCH]))
                readings += self._calibrated(self.logits(torch.stack(pixels)))
        return readings

    def explain(self, image, genre: str | None = None) -> np.ndarray:
        """Which parts of the poster spoke for a genre.

        Parameters
        ----------
        image
            The poster, as for `predict`.
        genre
            One of `GENRES`; by default the one that `predict` gives.

        Returns
        -------
        np.ndarray, shape=(height, width), float32 in [0, 1]
            At the size at which the network reads (`input_size`); it covers the whole poster, so stretch it over the
            picture. 1 is the part that spoke most.

        Raises
        ------
        PosterError
            The picture cannot be read.
        ParameterError
            `genre` is none of the five.
        """
        if genre is not None and (not isinstance(genre, str) or genre not in GENRES):
            raise ParameterError(f"Unknown genre {said(genre)}: choose from {', '.join(GENRES)}.")
        poster = open_poster(image)
        box = poster_box(poster)
        pixels = self._prepared(poster.crop(box))[None]
        forked()
        target = GENRES.index(genre or self._calibrated(self.logits(pixels))[0].genre)
        return within_frame(heat_map(self.network, pixels, target), box, poster.size)

    def logits(self, pixels: torch.Tensor) -> torch.Tensor:
        """Uncalibrated logits (b, 5) of prepared pixels (b, channels, h, w)."""
        forked()
        with torch.inference_mode():
            pixels = pixels.contiguous(memory_format=torch.channels_last)
            if not self.flip:
                return self.network(pixels)
            both = self.network(torch.cat([pixels, pixels.flip(-1)]))
            return (both[: len(pixels)] + both[len(pixels) :]) / 2

    def _engine(self, exact: bool) -> Callable | None:
        """The network compiled for one poster at a time on each thread; None without OpenVINO, and in a fork, where the
        threads of a compiled one are gone."""
        if forked():
            return None
        with self._making:
            if exact not in self._engines:
                self._engines[exact] = compiled(
                    self.network, (1, *self.input_size), exact=exact, streams=torch.get_num_threads()
                )
            return self._engines[exact]

    def _engine_logits(self, engine: Callable, image) -> torch.Tensor:
        """As `logits`, of one poster."""
        pixels = self._pixels(open_poster(image))[None]
        views = [pixels, pixels.flip(-1)] if self.flip else [pixels]
        return torch.from_numpy(sum(engine(view.numpy())[0] for view in views) / len(views))

    def _pixels(self, poster: Image.Image) -> torch.Tensor:
        return self._prepared(without_frame(poster))

    def _prepared(self, poster: Image.Image) -> torch.Tensor:
        # Uniform size first (see STORED_SIZE); `reducing_gap` spares work on large uploads.
        poster = poster.resize(STORED_SIZE, Image.Resampling.LANCZOS, reducing_gap=3.0)
        poster = poster.filter(ImageFilter.GaussianBlur(self.blur))
        height, width = self.input_size[1:]
        poster = poster.resize((width, height), Image.Resampling.BICUBIC)
        pixels = np.asarray(poster) * self._scale + self._shift
        return torch.from_numpy(np.ascontiguousarray(pixels.transpose(2, 0, 1)))

    def _calibrated(self, logits: torch.Tensor) -> list[GenreReading]:
        probabilities = torch.softmax(logits.double() / self.temperature + self._bias, dim=1)
        return [
            GenreReading(GENRES[int(row.argmax())], dict(zip(GENRES, row.tolist()))) for row in probabilities
        ]
