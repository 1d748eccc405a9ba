"""Routes requests to handlers, without any web framework."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote

_CONVERTERS: dict[str, tuple[str, Callable[[str], Any]]] = {
    "int": (r"[0-9]+", int),
    "str": (r"[^/]+", unquote),
    "path": (r".+", unquote),
}
_PLACEHOLDER = re.compile(r"<(?:(?P<kind>[a-z]+):)?(?P<name>[a-z_]+)>")


@dataclass
class Request:
    """A request as the handlers see it; header names are in lower case."""

    method: str
    target: str
    headers: dict[str, str] = field(default_factory=dict)
    body: str = ""
    params: dict[str, Any] = field(default_factory=dict)

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    def query(self, name: str, default: str = "") -> str:
        """Return the last value of a query parameter."""
        values = parse_qs(self.target.partition("?")[2], keep_blank_values=True)
        return values.get(name, [default])[-1]

    def json(self) -> Any:
        """Return the decoded body."""
        if self.headers.get("content-type", "").split(";")[0] != "application/json":
            raise HttpError(415, "send JSON")
        try:
            return json.loads(self.body)
        except ValueError:
            raise HttpError(400, "the body is not JSON") from None


@dataclass
class Response:
    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


class HttpError(Exception):
    """Ends the handling of a request with an error response."""

    def __init__(self, status: int, message: str, **headers: str):
        super().__init__(message)
        self.status = status
        self.headers = headers


Handler = Callable[[Request], Any]
Middleware = Callable[[Request, Handler], Any]


class Router:
    """A table of routes, tried in the order in which they were added."""

    def __init__(self) -> None:
        self._routes: list[tuple[str, re.Pattern, dict[str, Callable], Handler]] = []
        self._middleware: list[Middleware] = []

    def route(self, method: str, pattern: str) -> Callable[[Handler], Handler]:
        """Decorate a handler: ``@router.route("GET", "/projects/<int:id>")``."""
        converters: dict[str, Callable] = {}
        expression = ""
        position = 0
        for match in _PLACEHOLDER.finditer(pattern):
            form, converter = _CONVERTERS[match["kind"] or "str"]
            converters[match["name"]] = converter
            expression += re.escape(pattern[position : match.start()])
            expression += f"(?P<{match['name']}>{form})"
            position = match.end()
        expression += re.escape(pattern[position:])

        def register(handler: Handler) -> Handler:
            self._routes.append((method, re.compile(expression), converters, handler))
            return handler

        return register

    def use(self, middleware: Middleware) -> None:
        """Wrap all handlers; what is added first is called first."""
        self._middleware.append(middleware)

    def dispatch(self, request: Request) -> Response:
        """Answer one request. A handler may return a Response, a body, or (status, body)."""
        try:
            handler = self._find(request)
            for middleware in reversed(self._middleware):
                handler = _wrapped(middleware, handler)
            return _to_response(handler(request))
        except HttpError as error:
            return Response(error.status, {"error": str(error)}, error.headers)

    def _find(self, request: Request) -> Handler:
        allowed = []
        for method, expression, converters, handler in self._routes:
            match = expression.fullmatch(request.path)
            if match is None:
                continue
            if method != request.method:
                allowed.append(method)
                continue
            request.params = {
                name: converters[name](text) for name, text in match.groupdict().items()
            }
            return handler
        if allowed:
            raise HttpError(405, "method not allowed", allow=", ".join(sorted(set(allowed))))
        raise HttpError(404, f"no such page: {request.path}")


def _wrapped(middleware: Middleware, handler: Handler) -> Handler:
    return lambda request: middleware(request, handler)


def _to_response(result: Any) -> Response:
    if isinstance(result, Response):
        return result
    if isinstance(result, tuple):
        return Response(*result)
    return Response(204 if result is None else 200, result)


def require_token(tokens: dict[str, str]) -> Middleware:
    """Let only requests with a known token through, and note whose it is."""

    def middleware(request: Request, handler: Handler) -> Any:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or token not in tokens:
            raise HttpError(401, "sign in first")
        request.params["user"] = tokens[token]
        return handler(request)

    return middleware
