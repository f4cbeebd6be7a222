"""The part of flask-smorest that is used here; the package ships no types."""

from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from apispec import APISpec
from flask import Blueprint as FlaskBlueprint
from flask import Flask
from marshmallow import Schema
from webargs.flaskparser import FlaskParser

P = ParamSpec("P")
R = TypeVar("R")
View = Callable[[Callable[P, R]], Callable[P, R]]

class Api:
    spec: APISpec
    ERROR_SCHEMA: type[Schema]
    _app: Flask
    def __init__(self, app: Flask | None = None) -> None: ...
    def register_blueprint(self, blp: Blueprint, **options: Any) -> None: ...

class Blueprint(FlaskBlueprint):
    ARGUMENTS_PARSER: FlaskParser
    def __init__(self, name: str, import_name: str, *, description: str = "", **options: Any) -> None: ...
    def arguments(
        self, schema: type[Schema], *, location: str = "json"
    ) -> Callable[[Callable[..., R]], Callable[..., R]]: ...
    def response(
        self, status_code: int, schema: type[Schema] | dict[str, Any] | None = None, *, content_type: str | None = None
    ) -> Callable[[Callable[..., Any]], Callable[..., Any]]: ...
    def doc(self, **operation: Any) -> Callable[[Callable[..., R]], Callable[..., R]]: ...
