"""Which handler answers a request, and the validation that stands in front of every handler.

Order as on the server: route (404, 405), whether the query's texts can be read, then path, query and
body against their schemas. Only a request that has passed all of it reaches its handler.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from reconciler.sandbox import jsontext
from reconciler.sandbox.context import Context
from reconciler.sandbox.http import ABSENT, JSON, Problem, Request, Response
from reconciler.sandbox.jsontext import Json
from reconciler.sandbox.parameters import check_parameter, read_query
from reconciler.sandbox.schema import Obj, Schema, Schemas, Violation, check

Handler = Callable[..., Response]
Decorator = Callable[[Handler], Handler]


@dataclass(frozen=True, slots=True)
class Route:
    """One method of one path template; `{names}` in it become keyword arguments of the handler."""

    method: str
    template: str
    handler: Handler
    path: Schemas
    query: Schemas
    body: Schema | None

    def checked(self, request: Request, params: Mapping[str, str]) -> Request:
        """The request after validation; raises a Problem for the first thing wrong."""
        args = read_query(self.query, request.query)
        for name, schema in self.path.items():
            check_parameter(name, "path", schema, params[name])
        for name, value in args.items():
            check_parameter(name, "query", self.query[name], value)
        body = _read_body(self.body, request) if self.body is not None else request.body
        return request.checked(args, body)


@dataclass(frozen=True, slots=True)
class Routes:
    """What one resource module answers: its handlers, registered by decorator."""

    routes: list[Route] = field(default_factory=list)

    def get(self, template: str, *, path: Schemas | None = None, query: Schemas | None = None) -> Decorator:
        """Register a read; `path` and `query` hold the schemas of the parameters worth checking."""
        return self._register("GET", template, path, query, None)

    def post(self, template: str, *, path: Schemas | None = None, body: Schema | None = None) -> Decorator:
        """Register a POST; without a body schema the body is ignored."""
        return self._register("POST", template, path, None, body)

    def put(self, template: str, *, path: Schemas | None = None, body: Schema | None = None) -> Decorator:
        """Register a PUT."""
        return self._register("PUT", template, path, None, body)

    def delete(self, template: str, *, path: Schemas | None = None) -> Decorator:
        """Register a DELETE."""
        return self._register("DELETE", template, path, None, None)

    def _register(
        self, method: str, template: str, path: Schemas | None, query: Schemas | None, body: Schema | None
    ) -> Decorator:
        def register(handler: Handler) -> Handler:
            self.routes.append(Route(method, template, handler, path or {}, query or {}, body))
            return handler

        return register


class Router:
    """All routes of the server, found by path first and by method second."""

    def __init__(self, modules: Iterable[Routes]) -> None:
        by_shape: dict[str, dict[str, Route]] = {}
        for route in (route for module in modules for route in module.routes):
            # Two methods of one path may call its parameters by different names.
            by_shape.setdefault(re.sub(r"\{\w+\}", "{}", route.template), {})[route.method] = route
        # A literal segment wins over a parameter: shapes with fewer parameters are tried first.
        ordered = sorted(by_shape, key=lambda shape: shape.count("{}"))
        self._table = [(_compile(shape), by_shape[shape]) for shape in ordered]

    def find(self, method: str, path: str) -> tuple[Route, dict[str, str]]:
        """The route and its path parameters; raises a Problem 404 or 405 without a detail."""
        for pattern, methods in self._table:
            match = pattern.fullmatch(path)
            if match is None:
                continue
            if method not in methods:
                raise Problem(405)
            route = methods[method]
            names = re.findall(r"\{(\w+)\}", route.template)
            return route, dict(zip(names, match.groups(), strict=True))
        raise Problem(404)

    def answer(self, ctx: Context, request: Request) -> Response:
        """Validate and handle one request."""
        route, params = self.find(request.method, request.path)
        return route.handler(ctx, route.checked(request, params), **params)


def _compile(shape: str) -> re.Pattern[str]:
    return re.compile("([^/]+)".join(re.escape(text) for text in shape.split("{}")))


def _read_body(schema: Schema, request: Request) -> Json:
    body = _decode_body(request)
    try:
        check(schema, body)
    except Violation as violation:
        raise Problem(400, _body_detail(schema, violation), by_validator=True) from violation
    return body


def _decode_body(request: Request) -> Json:
    if request.body is not ABSENT:
        return request.body
    if request.content_type.partition(";")[0].strip() != JSON:
        raise _bad_body(f'header Content-Type has unexpected value "{request.content_type}"')
    if not request.raw:
        raise _bad_body("value is required but missing")
    try:
        return jsontext.loads(request.raw)
    except ValueError as error:
        raise _bad_body(f"failed to decode request body: {error}") from error


def _bad_body(reason: str) -> Problem:
    return Problem(400, f"request body has an error: {reason}", by_validator=True)


def _body_detail(schema: Schema, violation: Violation) -> str:
    """One line for a field of the body itself, several with a dump for anything deeper."""
    where = f'Error at "/{"/".join(violation.path)}": ' if violation.path else ""
    if len(violation.path) <= 1:
        name = schema.name if isinstance(schema, Obj) else "body"
        prefix = f"request body has an error: doesn't match schema #/components/schemas/{name}: "
        return f"{prefix}{where}{violation.reason}"
    value = jsontext.pretty(violation.value).replace("\n", "\n  ")
    return f"{where}{violation.reason}\nValue:\n  {value}\n"
