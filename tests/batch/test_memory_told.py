"""The documentation tells how much memory a process of a catalogue needs; a process is measured to see whether it does."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MEASURE = """
import json, sys
from pathlib import Path
from posterbeat.batch import local
from posterbeat.batch.jobs import Wish, find
from posterbeat.controls import Controls

local._prepare()
jobs = find(Path(sys.argv[1]), Wish(controls=Controls(300, seed=0), suffixes=(".mp3", ".mp4")), sys.argv[2])
errors = [local._work(job, sys.argv[2])["error"] for job in jobs[:1]]
with open("/proc/self/status") as status:  # not getrusage, which starts at the peak of the process that began this one
    print(json.dumps([errors, next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))]))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="other systems count a process's memory in other units")
def test_a_process_needs_what_the_documentation_says(tmp_path):
    told = float(re.search(r"its own copy of the networks \(up to ([\d.]+) GB\)", (ROOT / "docs/catalogue.md").read_text())[1])
    done = subprocess.run([sys.executable, "-c", MEASURE, ROOT / "examples/posters", tmp_path], capture_output=True, text=True,
                          env=os.environ | {"PYTHONPATH": str(ROOT)})
    assert done.returncode == 0, done.stderr
    errors, kilobytes = json.loads(done.stdout.splitlines()[-1])
    assert errors == [""]
    assert told / 2 < kilobytes * 1024 / 1e9 <= told
