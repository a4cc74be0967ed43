"""The description of the interface as a page of our own: no outside address, no script."""

from html import escape
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, PlainTextResponse, Response

router = APIRouter(include_in_schema=False)


@router.get("/api/docs")
def docs(request: Request) -> Response:
    """Every path with what it takes and answers; 404 where the description is not served."""
    if request.app.openapi_url is None:
        return PlainTextResponse("The description is not served here.\n", 404)
    description = request.app.openapi()
    schemas = description.get("components", {}).get("schemas", {})
    blocks = [
        _operation(method, path, operation, schemas)
        for path, methods in description["paths"].items()
        for method, operation in methods.items()
    ]
    link = escape(request.app.openapi_url)
    return HTMLResponse(
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(description['info']['title'])} API</title>"
        '<link rel="icon" href="data:,"><link rel="stylesheet" href="/static/huiyin.css">'
        f"</head><body><main><h1>{escape(description['info']['title'])} API</h1>"
        f'<p>Machine-readable: <a href="{link}">{link}</a>. Staff call with the session cookie and '
        "X-CSRF-Token (see /api/v1/me), partner systems with a bearer token.</p>"
        f"{''.join(blocks)}</main></body></html>"
    )


def _operation(method: str, path: str, operation: dict[str, Any], schemas: dict[str, Any]) -> str:
    says = escape(operation.get("description", "")).replace("\n", " ")
    rows = [
        f"<li><code>{escape(one['name'])}</code> ({escape(one['in'])}) "
        f"{escape(_kind(one.get('schema', {})))}</li>"
        for one in operation.get("parameters", [])
    ]
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    schema = _resolved(body.get("schema", {}), schemas)
    needed = set(schema.get("required", []))
    rows += [
        f"<li><code>{escape(name)}</code>{' (required)' if name in needed else ''} "
        f"{escape(_kind(_resolved(one, schemas)))}</li>"
        for name, one in schema.get("properties", {}).items()
    ]
    listed = f"<ul>{''.join(rows)}</ul>" if rows else ""
    title = f"<h2><code>{method.upper()} {escape(path)}</code></h2>"
    return f"<section>{title}<p>{says}</p>{listed}</section>"


def _resolved(schema: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    for one in schema.get("anyOf", []):
        if "$ref" in one:
            schema = one
    name = schema.get("$ref", "").rsplit("/", 1)[-1]
    found: dict[str, Any] = schemas.get(name, schema)
    return found


def _kind(schema: dict[str, Any]) -> str:
    if "enum" in schema:
        return " | ".join(str(one) for one in schema["enum"])
    if "const" in schema:
        return str(schema["const"])
    if "anyOf" in schema:
        return " | ".join(_kind(one) for one in schema["anyOf"] if one.get("type") != "null")
    kind = str(schema.get("type", schema.get("$ref", "").rsplit("/", 1)[-1]))
    return f"{kind}, {schema['format']}" if "format" in schema else kind
