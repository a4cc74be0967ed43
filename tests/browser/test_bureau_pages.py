"""A bureau's day in a real browser: signs several, contacts, answers, asks for more time, prints."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select
from sqlmodel import col

from gateway import accounts
from gateway.acts import ACTS, perform
from gateway.state import State
from models.requests import HelpRequest
from models.transaction import acting
from models.vocabulary import Role
from referral.casework import Actor
from tests.browser.conftest import DESK, Visitor
from tests.gateway.people import PASSWORD, kept_password

pytestmark = pytest.mark.browser

Visit = Callable[..., Visitor]
SMALL = {"width": 390, "height": 844}
LONG_NAME = ("阿卜杜热依木·" * 8)[:50]
OFFICER = "education.1"
WORDS = "孩子上学要交的钱凑不出来，想申请教育救助，住在柳湾镇柳湾村"


def sign_in(visitor: Visitor, state: State, login: str) -> None:
    """A member of staff comes to work."""
    with acting(state.database, state.mint) as tx:
        accounts.set_password(tx, login, kept_password(), state.now())
    visitor.page.goto("/sign-in")
    visitor.page.get_by_label("账号（工号）").fill(login)
    visitor.page.get_by_label("密码").fill(PASSWORD)
    visitor.page.get_by_role("button", name="登录").click()
    expect(visitor.page).not_to_have_url(re.compile("sign-in"))
