"""What the long runs found, written down by the tests that ran them."""

import json
import os
import platform
import time
from pathlib import Path


def report(name: str, section: str, **figures) -> None:
    """Put figures into tools/reports/`name`.json, if POSTERBEAT_REPORT asks for it; other sections stay as they are."""
    if not os.environ.get("POSTERBEAT_REPORT"):
        return
    path = Path(__file__).resolve().parent.parent / "tools" / "reports" / f"{name}.json"
    whole = json.loads(path.read_text()) if path.exists() else {}
    about = {"on": time.strftime("%Y-%m-%d"), "cores": len(os.sched_getaffinity(0)), "python": platform.python_version(),
             "load_average": round(os.getloadavg()[1], 1)}
    path.write_text(json.dumps({**whole, section: {**figures, **about}}, indent=1, sort_keys=True) + "\n")
