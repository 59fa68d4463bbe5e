"""The routes into the app: every request that the page, its API and its tools make, and no other that gradio offers.

gradio downloads what `/file=https://...` names, relays pages, writes visitors' sessions to disk as deep links, and runs whatever
is posted to `/run` beside the queue.
"""

import re

CALLS = ("join", "run", "call", "call/v2")  # what brings an endpoint or an event of the page its values
_NAME = r"[^/]{1,100}"
_READ = {
    "front": r"/",
    "picture": r"/(preview\.jpg|favicon\.ico)",
    "page": r"/(config|theme\.css)/?|/robots\.txt|/(assets|static|svelte)/.+|"
            r"/gradio_api/(info/?|openapi\.json|app_id/?|theme\.css|startup-events|queue/status)",
    "file": r"/gradio_api/file=(?!\s*https?:).+",
    "listen": r"/gradio_api/queue/data",
    "answer": rf"/gradio_api/call/(v2/)?{_NAME}/(?P<event>{_NAME})",
    "heartbeat": rf"/gradio_api/heartbeat/(?P<session>{_NAME})",
    "progress": r"/gradio_api/upload_progress",
    "mcp": r"/gradio_api/mcp(/.*)?",
}
_WRITE = {
    "join": r"/gradio_api/queue/join",
    "call/v2": rf"/gradio_api/call/v2/(?P<name>{_NAME})/?",
    "call": rf"/gradio_api/call/(?P<name>{_NAME})/?",
    "run": rf"/gradio_api/(run|api)/(?P<name>{_NAME})/?",
    "upload": r"/gradio_api/upload",
    "cancel": r"/gradio_api/cancel",
    "reset": r"/gradio_api/reset/?",
    "mcp": r"/gradio_api/mcp(/.*)?",
}
_OF = {
    method: {name: re.compile(pattern, re.I if name == "file" else 0) for name, pattern in routes.items()}
    for methods, routes in ((("GET", "HEAD"), _READ), (("POST",), _WRITE), (("DELETE",), {"mcp": _WRITE["mcp"]}))
    for method in methods
}


def route(method: str, path: str) -> tuple[str | None, dict[str, str]]:
    """Which route a request takes, with what its path names (`name`, `event`, `session`); None for what is closed."""
    for name, pattern in _OF.get(method, {}).items():
        if found := pattern.fullmatch(path):
            return name, {part: said for part, said in found.groupdict().items() if said}
    return None, {}
