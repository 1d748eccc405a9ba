"""A client for the tracker's REST API, over any transport."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode


@dataclass
class Response:
    """What the transport returns; header names are in lower case."""

    status: int
    body: str = ""
    headers: dict[str, str] = field(default_factory=dict)


Transport = Callable[[str, str, dict[str, str], str], Response]


class ApiError(Exception):
    """The API refused a request."""

    def __init__(self, status: int, message: str):
        super().__init__(f"{status}: {message}")
        self.status = status


class NotFound(ApiError):
    """There is no such thing, or it is not for us to see."""


class ServerDown(ApiError):
    """The API did not work, even after some attempts."""


@dataclass
class Client:
    """Sends requests as one user."""

    transport: Transport
    token: str
    sleep: Callable[[float], None]
    base: str = "https://tracker.example.test/api"
    attempts: int = 3
    page_size: int = 50
    _cache: dict[str, tuple[str, Any]] = field(default_factory=dict)

    def get(self, path: str, **params: Any) -> Any:
        """Return decoded data. Data that did not change on the server is not sent again."""
        url = self._url(path, params)
        etag, cached = self._cache.get(url, ("", None))
        response = self._send("GET", url, {"if-none-match": etag} if etag else {})
        if response.status == 304:
            return cached
        data = json.loads(response.body)
        if "etag" in response.headers:
            self._cache[url] = (response.headers["etag"], data)
        return data

    def each(self, path: str, **params: Any) -> Iterator[Any]:
        """Yield the items of a list, page by page."""
        page = 1
        while True:
            items = self.get(path, **params, page=page, per_page=self.page_size)
            yield from items
            if len(items) < self.page_size:
                return
            page += 1

    def post(self, path: str, data: dict[str, Any]) -> Any:
        """Create something and return it."""
        response = self._send("POST", self._url(path, {}), {}, json.dumps(data, sort_keys=True))
        return json.loads(response.body)

    def delete(self, path: str) -> bool:
        """Delete something; return whether it was there."""
        try:
            self._send("DELETE", self._url(path, {}), {})
        except NotFound:
            return False
        return True

    def _url(self, path: str, params: dict[str, Any]) -> str:
        pairs: list[tuple[str, str]] = []
        for name, value in sorted(params.items()):
            if isinstance(value, (list, tuple)):
                pairs += [(f"{name}[]", str(item)) for item in value]
            elif isinstance(value, bool):
                pairs.append((name, str(value).lower()))
            elif value is not None:
                pairs.append((name, str(value)))
        query = urlencode(pairs, safe="[]", quote_via=quote)
        return f"{self.base}/{path}" + (f"?{query}" if query else "")

    def _send(self, method: str, url: str, headers: dict[str, str], body: str = "") -> Response:
        headers = {"authorization": f"Bearer {self.token}", **headers}
        if body:
            headers["content-type"] = "application/json"
        delay = 1.0
        for attempt in range(1, self.attempts + 1):
            response = self.transport(method, url, headers, body)
            if response.status < 400:
                return response
            is_repeatable = response.status == 429 or (response.status >= 500 and method != "POST")
            if not is_repeatable:
                raise _error(response)
            if attempt < self.attempts:
                self.sleep(float(response.headers.get("retry-after", delay)))
                delay *= 2
        raise ServerDown(response.status, f"gave up after {self.attempts} attempts")


def _error(response: Response) -> ApiError:
    try:
        message = json.loads(response.body)["message"]
    except (ValueError, KeyError, TypeError):
        message = response.body.strip() or "no message"
    if isinstance(message, dict):
        message = "; ".join(f"{name} {', '.join(texts)}" for name, texts in message.items())
    kind = NotFound if response.status == 404 else ApiError
    return kind(response.status, message)


@dataclass
class Issues:
    """The issues of one project."""

    client: Client
    project: str

    @property
    def path(self) -> str:
        return f"projects/{quote(self.project, safe='')}/issues"

    def titles(self, **filters: Any) -> list[str]:
        """Return the titles of all issues that the filters let through."""
        return [issue["title"] for issue in self.client.each(self.path, **filters)]

    def create(self, title: str, labels: tuple[str, ...] = ()) -> int:
        """Open an issue and return its number."""
        return self.client.post(self.path, {"title": title, "labels": ",".join(labels)})["iid"]

    def close_all(self, iids: list[int]) -> list[int]:
        """Delete issues; return the numbers of those that were there."""
        return [iid for iid in iids if self.client.delete(f"{self.path}/{iid}")]
