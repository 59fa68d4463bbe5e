"""Write requirements.lock: what pip installs under constraints.txt, each package with the SHA-256 of its one file.

`make lock` runs it after a change of the requirements. The files are those for the interpreter and machine that run it, so it
has to run where the tests do: Linux x86-64, Python 3.11.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
EXTRAS = "dev,train,batch,mcp"
HEAD = """# The tested set with hashes, for Linux x86-64 and Python 3.11. Written by `make lock` under constraints.txt.
# pip install --require-hashes -r requirements.lock, and then: pip install --no-deps .
"""


def resolved() -> list[dict]:
    """What pip would install into an empty environment, from pip's own report."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        subprocess.run([sys.executable, "-m", "pip", "install", "--dry-run", "--ignore-installed", "--quiet",
                        "--disable-pip-version-check", "--report", report, "-c", "constraints.txt", f".[{EXTRAS}]"],
                       cwd=ROOT, check=True)
        return json.loads(report.read_text())["install"]


def lines(packages: list[dict]) -> list[str]:
    """One requirement a package, by name; posterbeat itself has no file to be hashed."""
    found = {}
    for package in packages:
        about, origin = package["metadata"], package["download_info"]
        if "archive_info" in origin:
            digest = origin["archive_info"]["hashes"]["sha256"]
            found[about["name"].lower()] = f"{about['name']}=={about['version']} --hash=sha256:{digest}"
    return [found[name] for name in sorted(found)]


if __name__ == "__main__":
    (ROOT / "requirements.lock").write_text(HEAD + "\n".join(lines(resolved())) + "\n")
