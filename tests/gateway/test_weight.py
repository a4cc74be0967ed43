"""What a browser loads before a page works: little enough for an old machine and a thin line."""

import re

import pytest

from channels import ChannelSettings
from channels.web import WebChannel
from tests.fakes import RecordingChannel
from tests.gateway.people import FOOD, QUESTION, application, said, signed_in
from tests.journeys.county import County

MOST_BYTES = 120_000
LOADED = re.compile(
    r'<link rel="stylesheet" href="([^"]+)"|<script src="([^"]+)"|data-worker="([^"]+)"'
)
PUBLIC = ("/help", "/status", "/sign-in")
STAFF = {
    "op01": (
        "/desk",
        "/desk/{food}",
        "/desk/enter",
        "/relief",
        "/events",
        "/households",
        "/account",
    ),
    "civil_affairs.1": ("/inbox", "/inbox/{question}"),
    "grid_w010101": ("/field",),
    "super01": ("/board", "/board/list?figure=waiting", "/discovery", "/relief/report", "/audit"),
    "admin01": ("/admin", "/admin/units", "/admin/users", "/admin/clocks", "/admin/calendar"),
}


@pytest.fixture
def channels():
    """The citizens' form too."""
    form = WebChannel(ChannelSettings("https://hotline.example", "", {"SECRET_KEY": "test" * 12}))
    return {"web": form, "recording": RecordingChannel()}


def weight(caller, page: str) -> int:
    """The bytes of all script and style that a page names."""
    found = {"".join(one) for one in LOADED.findall(page)}
    assert found, "a page without any style is no page of ours"
    sizes = {}
    for address in found:
        answer = caller.get(address)
        assert answer.status_code == 200, address
        sizes[address] = len(answer.content)
    return sum(sizes.values())


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_script_and_style_of_every_page_weigh_less_than_120_kb(state, now):
    app, county = application(state), County(state, now)
    made = {
        "food": said(state, "food", FOOD).number,
        "question": said(state, "question", QUESTION, "+8613900004321").number,
    }
    county.do("dispatch01", "confirm", made["question"])
    logins = {one.login for one in state.offices.current().directory.officers}
    heavy, counted = {}, 0
    for login, paths in {"": PUBLIC, **STAFF}.items():
        assert not login or login in logins, login
        caller = signed_in(state, app, login or "op01")
        if not login:
            caller.http.cookies.clear()
        for path in paths:
            answer = caller.get(path.format(**made))
            assert answer.status_code == 200, f"{login} {path}"
            counted += 1
            if (weighs := weight(caller, answer.text)) >= MOST_BYTES:
                heavy[path] = weighs
    assert counted == len(PUBLIC) + sum(map(len, STAFF.values()))
    assert heavy == {}
