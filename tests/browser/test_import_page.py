"""A list of another body in a real browser: looked at, the good rows read in, taken back."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from gateway.state import State
from tests.browser.conftest import DESK, Visitor
from tests.browser.test_bureau_pages import SMALL, at_work

pytestmark = [pytest.mark.browser, pytest.mark.thorough]

LIST = (
    "类型,来源,姓名,电话,数值,期间\n"
    "水电气暖连续欠费,供电公司,甲某,19900007777,2,2026-08\n"
    "天气,供电公司,乙某,19900007778,2,2026-08\n"
    "水电气暖连续欠费,供电公司,丙某,19900007779,两个月,2026-08\n"
    f"水电气暖连续欠费,供电公司,{'阿卜杜热依木·' * 7}买买提,19900007780,2,2026-08\n"
)


@pytest.mark.parametrize("size", [DESK, SMALL], ids=["desk", "phone"])
def test_a_list_is_looked_at_read_in_and_taken_back(
    visit: Callable[..., Visitor], site_state: State, size: dict[str, int]
) -> None:
    name = "desk" if size is DESK else "phone"
    visitor = visit(size)
    page = visitor.page
    at_work(visitor, site_state, "super01")
    page.goto("/imports")
    page.get_by_label("导入什么").select_option("监测预警名单")
    page.get_by_label("表格文件").set_input_files(
        {"name": "a.csv", "mimeType": "text/csv", "buffer": (LIST + name + "\n").encode()}
    )
    page.get_by_role("button", name="上传并预览").click()
    expect(page.get_by_text("没有这种名单")).to_be_visible()
    expect(page.get_by_text("这里只填数字")).to_be_visible()
    visitor.look(f"import-preview-{name}")
    assert visitor.unfit() == []
    assert visitor.overflow() <= 0
    page.get_by_role("button", name="只导入正确的 2 行").click()
    expect(page.get_by_text("2 行成了预警")).to_be_visible()
    visitor.look(f"import-done-{name}")
    page.get_by_role("button", name="撤销本批").click()
    expect(page.get_by_text("本批已撤销")).to_be_visible()
    visitor.look(f"import-undone-{name}")
    assert visitor.unfit() == []
