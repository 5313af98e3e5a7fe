"""Pages from templates: escaped, with a policy that allows exactly their own style, and no value left out unseen."""

from base64 import b64encode
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from jinja2 import UndefinedError

from shared.http.rendering import Layouts

STYLE = "h1 > b { color: #123; }"
PAGE = "<style>{{ style }}</style><h1>{{ words }}</h1>{{ day | zh }} {{ day | en }} {{ at | minute }}"
VALUES: dict[str, Any] = {"day": date(2019, 10, 1), "at": datetime(2019, 10, 1, 16, 5, tzinfo=UTC)}


@pytest.fixture
def layouts(tmp_path: Path) -> Layouts:
    (tmp_path / "note.html").write_text(PAGE, encoding="utf-8")
    (tmp_path / "note.css").write_text(STYLE, encoding="utf-8")
    return Layouts(tmp_path)


def test_what_comes_from_people_is_escaped_and_days_are_told_in_both_languages(layouts: Layouts) -> None:
    page = layouts.html("note", words="<script>1</script>", **VALUES)
    assert "&lt;script&gt;" in page
    assert "2019年10月1日 1 October 2019 2019-10-02 00:05" in page


def test_the_policy_allows_the_style_as_it_stands_on_the_page_and_nothing_else(layouts: Layouts) -> None:
    answer = layouts.page("note", words="", **VALUES)
    assert f"<style>{STYLE}</style>".encode() in answer.body
    hashed = b64encode(sha256(STYLE.encode()).digest()).decode()
    policy = answer.headers["content-security-policy"]
    assert policy.startswith(f"default-src 'none'; style-src 'sha256-{hashed}'; form-action 'self'")
    assert answer.headers["cache-control"] == "no-store"


def test_a_value_that_is_missing_is_an_error_and_not_an_empty_place(layouts: Layouts) -> None:
    with pytest.raises(UndefinedError):
        layouts.html("note", **VALUES)
