"""A small Hugging Face Hub on loopback: the part of its protocol that downloading and publishing need."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit


def commit_name(files: dict[str, bytes]) -> str:
    """A 40-digit commit hash that depends on the files alone."""
    return hashlib.sha1(b"".join(name.encode() + content for name, content in sorted(files.items()))).hexdigest()


def etag(content: bytes) -> str:
    """What the Hub gives as ETag: SHA-256 for large (LFS) files, git's blob name for small ones."""
    if len(content) > 4096:
        return hashlib.sha256(content).hexdigest()
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


@dataclass
class Hub:
    """Repos, and the ways in which this Hub misbehaves. `with Hub() as hub:` serves at `hub.url`.

    Attributes
    ----------
    status : answer every request with this status instead
    delay : seconds before every answer
    cut : send only this many bytes of each of the next `cuts` downloads, then close the connection
    trickle : send downloads in pieces of so many bytes, a tenth of a second apart
    busy : answer downloads (not questions for what is current) with this status and a Retry-After of an hour
    checksum : what every ETag is instead of a checksum of the content; NAME in it stands for the file's name
    commit_name : what is given as the name of every commit instead of its own
    spoil : change a byte of every download, while the ETag stays that of the true content
    requests : (method, path, headers) of what was asked
    """

    repos: dict[str, dict[str, dict[str, bytes]]] = field(default_factory=dict)  # repo -> commit -> name -> content
    refs: dict[str, dict[str, str]] = field(default_factory=dict)  # repo -> branch or tag -> commit
    private: dict[str, str] = field(default_factory=dict)  # repo -> the token that opens it
    gated: set[str] = field(default_factory=set)  # repos whose owner has to grant access
    kinds: dict[str, str] = field(default_factory=dict)  # repo -> model, space
    variables: dict[str, dict[str, str]] = field(default_factory=dict)  # Space -> name -> value
    status: int = 0
    delay: float = 0.0
    cut: int = 0
    cuts: int = 0
    trickle: int = 0
    busy: int = 0
    checksum: str = ""
    commit_name: str = ""
    spoil: bool = False
    requests: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)

    def add(self, repo: str, files: dict[str, bytes], revision: str = "main") -> str:
        """Commit `files` to a branch or tag of a repo, which is made if need be; returns the commit."""
        commit = commit_name(files)
        self.repos.setdefault(repo, {})[commit] = dict(files)
        self.refs.setdefault(repo, {})[revision] = commit
        return commit

    def __enter__(self) -> Hub:
        handler = type("Handler", (_Handler,), {"hub": self})
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        """Stop listening: from now on connections are refused."""
        if self.server:
            self.server.shutdown()
            self.server.server_close()
            self.server = None


class _Handler(BaseHTTPRequestHandler):
    hub: Hub
    protocol_version = "HTTP/1.1"

    def do_HEAD(self):
        self._serve()

    def do_GET(self):
        self._serve()

    def do_POST(self):
        self._serve()

    def log_message(self, *_):
        pass

    def _serve(self):
        hub, path = self.hub, unquote(urlsplit(self.path).path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        hub.requests.append((self.command, path, dict(self.headers)))
        time.sleep(hub.delay)
        if hub.status:
            return self._answer(hub.status, {"error": "no"})
        if self.command == "POST":
            if not self.headers.get("Authorization"):
                return self._answer(401, {"error": "Log in first"})
            return self._write(path, body)
        if match := re.fullmatch(r"/(?:spaces/)?([^/]+/[^/]+)/resolve/([^/]+)/(.+)", path):
            return self._file(*match.groups())
        if match := re.fullmatch(r"/api/(?:models|spaces)/([^/]+/[^/]+)(?:/revision/([^/]+))?", path):
            return self._info(match[1], match[2] or "main")
        if path == "/api/whoami-v2":
            return self._answer(200, {"name": "someone", "type": "user", "orgs": []})
        self._answer(404, {"error": "not here"})

    def _commit(self, repo: str, revision: str) -> str | None:
        """The commit, or None when an error was answered."""
        token = self.hub.private.get(repo)
        if repo not in self.hub.repos or token and self.headers.get("Authorization") != f"Bearer {token}":
            self._answer(401, {"error": "Repository not found"}, {"X-Error-Code": "RepoNotFound"})
            return None
        if repo in self.hub.gated:
            self._answer(403, {"error": "Access has to be granted"}, {"X-Error-Code": "GatedRepo"})
            return None
        commit = self.hub.refs[repo].get(revision, revision)
        if commit not in self.hub.repos[repo]:
            self._answer(404, {"error": "Revision not found"}, {"X-Error-Code": "RevisionNotFound"})
            return None
        return commit

    def _file(self, repo: str, revision: str, name: str):
        if not (commit := self._commit(repo, revision)):
            return None
        if self.hub.busy and self.command == "GET":
            return self._answer(self.hub.busy, {"error": "later"}, {"Retry-After": "3600"})
        headers = {"X-Repo-Commit": self.hub.commit_name or commit}
        if name not in self.hub.repos[repo][commit]:
            return self._answer(404, {"error": "Entry not found"}, headers | {"X-Error-Code": "EntryNotFound"})
        content = self.hub.repos[repo][commit][name]
        headers |= {"ETag": self.hub.checksum.replace("NAME", name) or f'"{etag(content)}"', "Accept-Ranges": "bytes"}
        if self.hub.spoil:
            content = bytes([content[0] ^ 1]) + content[1:]
        if match := re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", "")):
            start = int(match[1])
            headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
            return self._answer(206, content[start:], headers)
        return self._answer(200, content, headers)

    def _info(self, repo: str, revision: str):
        if commit := self._commit(repo, revision):
            files = [{"rfilename": name} for name in self.hub.repos[repo][commit]]
            self._answer(200, {"id": repo, "sha": commit, "siblings": files, "private": repo in self.hub.private,
                               "tags": [], "downloads": 0, "likes": 0}, {"X-Repo-Commit": commit})

    def _write(self, path: str, body: bytes):
        hub = self.hub
        if path == "/api/repos/create":
            wish = json.loads(body)
            repo = f"{wish.get('organization') or 'someone'}/{wish['name']}"
            kind = wish.get("type") or "model"
            place = {"url": f"{hub.url}/{'spaces/' if kind == 'space' else ''}{repo}"}
            if repo in hub.repos:
                return self._answer(409, place | {"error": "You already created this repo"})
            hub.kinds[repo] = kind
            hub.add(repo, {".gitattributes": b""})
            return self._answer(200, place)
        if match := re.fullmatch(r"/api/(?:models|spaces)/([^/]+/[^/]+)/preupload/[^/]+", path):
            files = json.loads(body)["files"]
            modes = [{"path": file["path"], "uploadMode": "regular", "shouldIgnore": False} for file in files]
            return self._answer(200, {"files": modes})
        if match := re.fullmatch(r"/api/(?:models|spaces)/([^/]+/[^/]+)/commit/([^/]+)", path):
            repo, revision = match.groups()
            files = dict(hub.repos[repo][hub.refs[repo][revision]])
            for line in body.splitlines():
                entry = json.loads(line)
                if entry["key"] == "file":
                    files[entry["value"]["path"]] = base64.b64decode(entry["value"]["content"])
            commit = hub.add(repo, files, revision)
            return self._answer(200, {"success": True, "commitOid": commit, "hookOutput": "",
                                      "commitUrl": f"{hub.url}/{repo}/commit/{commit}"})
        if match := re.fullmatch(r"/api/spaces/([^/]+/[^/]+)/variables", path):
            wish = json.loads(body)
            hub.variables.setdefault(match[1], {})[wish["key"]] = wish["value"]
            return self._answer(200, {})
        if path == "/api/validate-yaml":
            return self._answer(200, {"errors": [], "warnings": []})
        return self._answer(404, {"error": "not here"})

    def _answer(self, status: int, content: bytes | dict, headers: dict[str, str] | None = None):
        content = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command == "HEAD":
            return
        if self.hub.cuts and len(content) > self.hub.cut and "ETag" in (headers or {}):
            self.hub.cuts -= 1
            self.wfile.write(content[: self.hub.cut])
            self.wfile.flush()
            self.close_connection = True
            return
        step = self.hub.trickle if self.hub.trickle and "ETag" in (headers or {}) else len(content) or 1
        try:
            for start in range(0, len(content), step):
                if start:
                    time.sleep(0.1)
                self.wfile.write(content[start:start + step])
                self.wfile.flush()
        except (BrokenPipeError, ConnectionResetError):  # the client had enough of waiting
            self.close_connection = True
