"""JSON for staff and partner systems under /api/v1; the description under /api/docs."""

from fastapi import APIRouter

from gateway.api import account, calls, contacts, docs, relief, reports, requests, tasks, warnings

_v1 = APIRouter(prefix="/api/v1")
for _part in (requests, tasks, contacts, calls, account, relief, reports, warnings):
    _v1.include_router(_part.router)

routers: tuple[APIRouter, ...] = (_v1, docs.router)
