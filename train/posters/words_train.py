"""Learn what the words on posters say of the genre, from films' titles and from words recognised on their posters.

    python -m train.posters.words_train ../shared/data/posters ../shared/data/words/words.jsonl.gz weights/words

Of every film of `train` its title is a text, and so are the lines that were recognised on its poster. Only films of `train`
are learned from, whatever the file of words holds. Targets are soft and genres count alike, as for the picture.
train/posters/words_combine.py then learns how words and picture are joined, and writes that into the same config.json.
"""

import argparse
import gzip
import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from safetensors.numpy import save_file
from torch import nn

from posterbeat.genres import GENRES
from posterbeat.vision.reading import Combination
from posterbeat.vision.text_genre import TextGenre, divisor, keys_of, once
from posterbeat.vision.text_reader import TextLine
from train.posters.data import Posters, balance_weights, soft_labels, trust


@dataclass(frozen=True)
class Settings:
    """How the network learns; each was chosen by the log loss on `val`."""

    hidden: int = 24  # more learned no more, in twice the size
    least_texts: int = 3  # an n-gram must be in so many
    norm: float = 0.7
    sureness: float = 2.0
    tallness: float = 0.25
    titles: float = 0.5  # weight of a title beside a poster's lines, which are what is read later
    dropout: float = 0.5  # of n-grams: letters are read wrongly
    hidden_dropout: float = 0.2
    lr: float = 5e-3
    weight_decay: float = 2.0
    epochs: float = 2.0  # a third one learns names by heart
    batch: int = 256
    seed: int = 0


@dataclass(frozen=True)
class Texts:
    """`lines` of each text, the row of its film in the table, and whether it is a title."""

    lines: list[Sequence[TextLine]]
    films: np.ndarray
    titles: np.ndarray


def films_of(folder: Path) -> Posters:
    """The films of `train` as a table; no pictures."""
    table = pd.read_csv(folder / "posters.csv", keep_default_na=False)
    return Posters(table[table.split == "train"].reset_index(drop=True), np.empty(0))


def read_words(path: Path, split: str) -> dict[str, list[TextLine]]:
    """Recognised lines of the posters of a split, by film; `path` is a file of JSON lines, compressed or not."""
    opened = gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8")
    with opened as posters:
        read = (json.loads(poster) for poster in posters if poster.strip())
        return {poster["id"]: [TextLine(text, confidence, tuple(box)) for text, confidence, *box in poster["lines"]]
                for poster in read if poster["split"] == split}


def texts_of(films: Posters, words: dict[str, list[TextLine]]) -> Texts:
    """Titles and recognised lines of films."""
    lines, rows, titles = [], [], []
    for row, (film, title) in enumerate(zip(films.table.imdb_id, films.table.title)):
        for text, is_title in (([TextLine(title, 1.0, (0.0, 0.0, 1.0, 1.0))], True), (words.get(film, []), False)):
            if text:
                lines.append(text)
                rows.append(row)
                titles.append(is_title)
    return Texts(lines, np.array(rows), np.array(titles))


def vocabulary(keys: Sequence[Sequence[np.ndarray]], least_texts: int) -> tuple[np.ndarray, np.ndarray]:
    """N-grams that are in `least_texts` and more, uint32, ascending, and how rare each is, float16."""
    every = np.concatenate([np.unique(np.concatenate(text)) for text in keys if text])
    known, counts = np.unique(every, return_counts=True)
    known, counts = known[counts >= least_texts], counts[counts >= least_texts]
    return known, (np.log((1 + len(keys)) / (1 + counts)) + 1).astype(np.float16)


def bags(texts: Texts, known: np.ndarray, rarity: np.ndarray, settings: Settings) -> list[tuple[np.ndarray, np.ndarray]]:
    """Rows and weights of each text, as `TextGenre` makes them."""
    none = np.zeros((len(known), len(GENRES)), np.int8), np.ones(len(GENRES)), np.zeros((len(GENRES), 0)), np.zeros(len(GENRES))
    reader = TextGenre(known, rarity, *none, settings.norm, settings.sureness, settings.tallness)
    made = []
    for text in texts.lines:
        rows, weights = once(reader.weighed(text))
        made.append((rows, weights / divisor(max(1e-9, np.sqrt((weights**2).sum())), settings.norm)))
    return made


class Network(nn.Module):
    """What `TextGenre` computes, to be learned."""

    def __init__(self, count: int, settings: Settings):
        super().__init__()
        self.vectors = nn.EmbeddingBag(count, len(GENRES) + settings.hidden, mode="sum")
        nn.init.normal_(self.vectors.weight, std=0.05)
        self.bias, self.hidden = nn.Parameter(torch.zeros(len(GENRES))), nn.Linear(settings.hidden, len(GENRES), bias=False)
        self.drop = nn.Dropout(settings.hidden_dropout)
        with torch.no_grad():
            self.vectors.weight[:, : len(GENRES)] = 0
            self.hidden.weight.zero_()

    def forward(self, rows: torch.Tensor, starts: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
        """Logits (b, 5) of texts whose rows and weights stand one after the other from `starts`, (b,), on."""
        sums = self.vectors(rows, starts, per_sample_weights=weights)
        # Thrice as steep as without: the sums of an average are small.
        return self.bias + sums[:, : len(GENRES)] + self.hidden(self.drop(torch.tanh(3 * sums[:, len(GENRES) :])))


def learn(made: list[tuple[np.ndarray, np.ndarray]], texts: Texts, films: Posters, count: int, settings: Settings) -> Network:
    """A network that has learned from the texts."""
    torch.manual_seed(settings.seed)
    rng = np.random.default_rng(settings.seed)
    targets = torch.from_numpy(soft_labels(films)[texts.films])
    weights = balance_weights(films.labels[texts.films]) * trust(films)[texts.films]
    weights = torch.from_numpy(weights * np.where(texts.titles, settings.titles, 1.0).astype(np.float32))
    network = Network(count, settings).train()
    optimiser = torch.optim.AdamW(network.parameters(), lr=settings.lr, weight_decay=settings.weight_decay)
    steps = int(settings.epochs * (len(made) // settings.batch))
    order = np.concatenate([rng.permutation(len(made)) for _ in range(int(np.ceil(settings.epochs)) + 1)])
    for step in range(steps):
        for group in optimiser.param_groups:
            group["lr"] = settings.lr * min(1.0, (step + 1) / 20) * (1 - step / steps)
        chosen = order[step * settings.batch : (step + 1) * settings.batch]
        rows, starts, scales = joined([made[text] for text in chosen])
        kept = torch.rand(len(scales)) >= settings.dropout
        log_p = network(rows, starts, scales * kept / (1 - settings.dropout) ** 0.5).log_softmax(1)
        loss = -(weights[chosen] * (targets[chosen] * log_p).sum(1)).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        if step % 50 == 49:
            print(f"step {step + 1} of {steps}, loss {loss.item():.3f}", flush=True)
    return network.eval()


def joined(made: Sequence[tuple[np.ndarray, np.ndarray]]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Rows, starts and weights of several texts, as `Network` takes them."""
    starts = np.cumsum([0, *(len(rows) for rows, _ in made[:-1])])
    rows, weights = (np.concatenate(parts) for parts in zip(*made))
    return torch.from_numpy(rows), torch.from_numpy(starts), torch.from_numpy(weights.astype(np.float32))


def save(network: Network, known: np.ndarray, rarity: np.ndarray, folder: Path, settings: Settings, learned_from: dict) -> None:
    """Write config.json and model.safetensors, each vector's numbers as bytes."""
    vectors = network.vectors.weight.detach().numpy().copy()
    vectors[:, len(GENRES) :] *= 3
    scale = np.abs(vectors).max(0) / 127
    folder.mkdir(parents=True, exist_ok=True)
    save_file({"keys": known.view(np.int32), "rarity": rarity, "vectors": np.rint(vectors / scale).astype(np.int8),
               "scale": scale.astype(np.float32), "hidden": network.hidden.weight.detach().numpy(),
               "bias": network.bias.detach().numpy()}, folder / "model.safetensors")
    (folder / "model.safetensors").chmod(0o644)
    config = {"model_type": "posterbeat-words", "label_names": list(GENRES), "norm": settings.norm,
              "sureness": settings.sureness, "tallness": settings.tallness, "combination": asdict(Combination()),
              "training": asdict(settings) | learned_from}
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("posters", type=Path, help="folder with posters.csv")
    parser.add_argument("words", type=Path, help="recognised words, JSON lines")
    parser.add_argument("folder", type=Path, help="where the weights go")
    for name, value in asdict(Settings()).items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=type(value), default=value)
    wish = vars(parser.parse_args())
    settings = Settings(**{name: wish[name] for name in asdict(Settings())})
    began, films = time.time(), films_of(wish["posters"])
    texts = texts_of(films, read_words(wish["words"], "train"))
    keys = [[keys_of(line.text) for line in text] for text in texts.lines]
    known, rarity = vocabulary(keys, settings.least_texts)
    print(f"{len(texts.lines)} texts, {len(known)} n-grams, {time.time() - began:.0f} s", flush=True)
    network = learn(bags(texts, known, rarity, settings), texts, films, len(known), settings)
    save(network, known, rarity, wish["folder"], settings,
         {"titles_learned": int(texts.titles.sum()), "posters_learned": int((~texts.titles).sum())})
    print(f"{wish['folder']} written, {time.time() - began:.0f} s")


if __name__ == "__main__":
    main()
