"""Learn everything from a pack (`python -m train.pack`) on one GPU, within so many minutes.

    python -m train.on_gpu pack results --minutes 10
    python -m train.on_gpu pack results --what composer --minutes 5 --start earlier_results
    python -m train.on_gpu pack results --smoke            a little of all, on the processor too: does it run to the end?

`results` is brought up to date every minute: weights in half precision in files of at most 16 MiB, figures and curves in
report.json. A run that is cut off keeps what the last minute left. `python -m train.results results runs/gpu` makes the usual
folders of it. Nothing is needed but torch, timm, transformers, numpy, Pillow and safetensors.
"""

import argparse
import json
import multiprocessing
import os
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from train.manifest import NAME, faults

SHARES = {"picture": 0.5, "composer": 0.35, "study": 0.15}  # of the time, in the order of work
_RESERVE, _LAST = 20.0, 8.0  # seconds before the end when the last network stops, and when all is cut


class Guard(threading.Thread):
    """Has the results written every minute, and ends the process in time whatever it is doing.

    Parameters
    ----------
    write : brings the results up to date
    end : of the monotonic clock, in seconds
    leave : ends the process
    """

    def __init__(self, write: Callable[[], None], end: float, leave: Callable[[], None], every: float = 60.0):
        super().__init__(daemon=True)
        self.write, self.end, self.leave, self.every, self.done = write, end, leave, every, threading.Event()

    def run(self) -> None:
        while not self.done.wait(max(0.0, min(self.every, self.end - _LAST - time.monotonic()))):
            self.write()
            if time.monotonic() >= self.end - _LAST:
                self.leave()
                return

    def stop(self) -> None:
        self.done.set()
        self.join()


def minutes_of(what: str, left: list[str], end: float) -> float:
    """Minutes for the next of what is `left` to be learned, of what is left until `end` on the monotonic clock."""
    share = SHARES[what] / sum(SHARES[name] for name in left)
    return max(0.0, share * (end - _RESERVE - time.monotonic()) / 60)


class Course:
    """One run: what it learns from, where it works, and how much.

    Parameters
    ----------
    pack : as `train.pack` writes it
    scratch : for everything that is not a result
    start : what an earlier run's results unfolded to, if it is to be gone on from
    picture_from : "picture" (as it ships) or "imagenet"
    batch : posters a step, if not as usual
    """

    def __init__(self, pack: Path, scratch: Path, device, *, smoke: bool, start: Path | None, picture_from: str | None,
                 batch: int | None):
        self.pack, self.scratch, self.work, self.device, self.start = pack, scratch, scratch / "work", device, start
        self.smoke, self.picture_from, self.batch = smoke, picture_from, batch
        self.cores = 2 if smoke else len(os.sched_getaffinity(0))
        self.backbone = json.loads((pack / NAME).read_text())["backbone"]
        self.prepared = scratch / "music.npz"
        self.preparing: multiprocessing.Process | None = None
        self._posters = None

    def prepare_music(self) -> None:
        """Begin what the composer will need, beside whatever the GPU does meanwhile."""
        from train.music import on_gpu, packed

        most = on_gpu.SMOKE.most if self.smoke else 0
        self.preparing = multiprocessing.get_context("fork").Process(
            target=packed.prepare, args=(self.pack, self.prepared, self.cores, most))
        self.preparing.start()

    def picture(self, minutes: float) -> None:
        from train.posters import on_gpu

        amount = self._amount(on_gpu)
        amount = replace(amount, batch=self.batch) if self.batch else amount
        started = self._earlier("picture", "model.safetensors")
        wanted = self.pack / f"start-{self.picture_from or 'picture'}.safetensors"
        if not self.picture_from and not wanted.exists():
            wanted = self.pack / "start-imagenet.safetensors"
        on_gpu.learn_picture(*self.read_posters(), self.backbone, started or wanted, self.work / "picture",
                             self.scratch / "picture", self.device, minutes, amount)

    def composer(self, minutes: float) -> None:
        from train.music import on_gpu

        begun = time.monotonic()
        self.preparing.join()
        if self.preparing.exitcode:
            raise RuntimeError("The pieces could not be prepared: see the error above, and check the pack.")
        print(f"waited {time.monotonic() - begun:.0f} s for the pieces", flush=True)
        amount, workers = self._amount(on_gpu), max(1, self.cores - 2)
        end = begun + 60 * minutes
        for learn, name, share in ((on_gpu.learn_planner, "planner", amount.planner), (on_gpu.learn_writer, "writer", 1.0)):
            start = self._earlier(name, "best.safetensors") or self._packed(name)
            learn(self.prepared, self.work / name, self.device, share * (end - time.monotonic()) / 60, amount, workers, start)

    def study(self, minutes: float) -> None:
        from train.posters import on_gpu as network
        from train.study import on_gpu

        begun = time.monotonic()
        network.learn_cnn(*self.read_posters(), self.work / "poster_cnn", self.scratch / "poster_cnn", self.device,
                          self._amount(network))
        if self.start:
            on_gpu.go_on_from(self.start / "historical", self.work / "historical")
        on_gpu.learn_stacks(self.pack, self.work / "historical", self.scratch / "words", self.device,
                            minutes - (time.monotonic() - begun) / 60, self._amount(on_gpu))

    def read_posters(self):
        from train.posters import on_gpu

        if self._posters is None:
            self._posters = on_gpu.read(self.pack, self._amount(on_gpu), self.cores)
        return self._posters

    def _amount(self, module):
        return module.SMOKE if self.smoke else module.Learning()

    def _earlier(self, name: str, file: str) -> Path | None:
        path = self.start / name / file if self.start else None
        return path if path and path.exists() else None

    def _packed(self, name: str) -> Path | None:
        """The pack's starting weights as `loop.learn` wants them: with a note of how much they have seen."""
        path = self.pack / f"start-{name}.safetensors"
        if not path.exists():
            return None
        copied = self.scratch / "start" / path.name
        copied.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copied)
        copied.with_suffix(".json").write_text(json.dumps({"seen": 0}))
        return copied


def run(options: argparse.Namespace, begun: float) -> None:
    import torch

    from train.results import Results, unfold

    name = options.device or ("cuda" if torch.cuda.is_available() else "cpu")
    if name == "cpu" and not options.smoke and not options.device:
        raise SystemExit("PyTorch finds no GPU here: run it where there is one, or give --smoke to try it, or --device cpu.")
    device = torch.device(name)
    torch.backends.cudnn.benchmark = True
    end = begun + 60 * options.minutes
    scratch = Path(tempfile.mkdtemp(prefix="posterbeat-"))
    start = scratch / "earlier" if options.start else None
    if start:
        unfold(options.start, start)
    course = Course(options.pack, scratch, device, smoke=options.smoke, start=start, picture_from=options.picture_from,
                    batch=options.batch)
    card = torch.cuda.get_device_name() if device.type == "cuda" else "processor"
    told = {"device": card, "torch": torch.__version__, "minutes": options.minutes, "smoke": options.smoke, "finished": {}}
    results = Results(course.work, options.out, **told)

    def leave() -> None:
        print(f"The time is over. Finished: {', '.join(results.told['finished']) or 'nothing'}; what the rest had reached "
              f"is in {options.out}.", flush=True)
        if course.preparing:
            course.preparing.kill()
        shutil.rmtree(scratch, ignore_errors=True)
        os._exit(0)

    guard = Guard(results.write, end, leave)
    guard.start()
    usual = signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))
    try:
        if "composer" in options.what:
            course.prepare_music()
        left = [what for what in SHARES if what in options.what]
        while left:
            what, since = left[0], time.monotonic()
            minutes = minutes_of(what, left, end)
            print(f"{what}: {minutes:.1f} minutes", flush=True)
            getattr(course, what)(minutes)
            results.told["finished"][what] = round(time.monotonic() - since)
            left.pop(0)
    finally:
        signal.signal(signal.SIGTERM, usual)
        guard.stop()
        results.write()
        if course.preparing:
            course.preparing.kill()
        shutil.rmtree(scratch, ignore_errors=True)
    print(f"Done in {(time.monotonic() - begun) / 60:.1f} minutes: {options.out}", flush=True)


def main() -> None:
    begun = time.monotonic()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pack", type=Path, help="what train.pack wrote")
    parser.add_argument("out", type=Path, help="of the results")
    parser.add_argument("--minutes", type=float, default=10.0, help="from start to end")
    parser.add_argument("--what", nargs="+", choices=tuple(SHARES), default=list(SHARES))
    parser.add_argument("--start", type=Path, help="results of an earlier run to go on from")
    parser.add_argument("--picture-from", choices=("picture", "imagenet"), help="by default the weights that ship")
    parser.add_argument("--batch", type=int, help="posters a step, by default 128: fewer where the GPU has little memory")
    parser.add_argument("--device", help="cuda where there is one; cuda:1, cpu")
    parser.add_argument("--smoke", action="store_true", help="a hundred posters and pieces, a step or two of each network")
    options = parser.parse_args()
    if (options.out / "report.json").exists():
        raise SystemExit(f"{options.out} holds the results of an earlier run: give a new folder, and --start to go on from them.")
    found = faults(options.pack)
    if found:
        raise SystemExit("The pack is not whole:\n" + "\n".join(found))
    run(options, begun)


if __name__ == "__main__":
    main()
