"""Templates are compiled when it disturbs nobody."""

from gateway.commands.serve import PAGES
from gateway.web import rendering


def test_what_is_open_all_day_is_compiled_with_all_that_it_names() -> None:
    cache = rendering._TEMPLATES.cache
    assert cache is not None
    cache.clear()  # what pages of other tests left there
    rendering.compile_now(*PAGES)
    compiled = {name for _, name in cache}
    assert {*PAGES, "base_staff.html", "desk_rows.html", "_acts.html"} <= compiled
