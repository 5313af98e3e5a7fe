"""The generated documents are as the code would write them now, and the check says which are not."""

from pathlib import Path

import pytest

from infra.docs.__main__ import ROOT, docs, documents, outdated
from shared.events.catalogue import EVENTS


@pytest.fixture(scope="module")
def made() -> dict[str, str]:
    return documents()


def test_the_documents_in_the_repository_are_up_to_date(made: dict[str, str]) -> None:
    assert outdated(ROOT, made) == []


def test_the_check_names_what_is_out_of_date_missing_or_left_over(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert docs(root=tmp_path) == 0
    (tmp_path / "docs/asyncapi/registry.json").write_text("{}", encoding="utf-8")
    (tmp_path / "docs/openapi/evaluation.json").unlink()
    (tmp_path / "docs/openapi/nobody.json").write_text("{}", encoding="utf-8")
    capsys.readouterr()

    assert docs(check=True, root=tmp_path) == 1
    told = capsys.readouterr().out
    wrong = ["docs/asyncapi/registry.json", "docs/openapi/evaluation.json", "docs/openapi/nobody.json"]
    assert [line.removeprefix("out of date: ") for line in told.splitlines()[:-1]] == wrong

    assert docs(root=tmp_path) == 0
    assert docs(check=True, root=tmp_path) == 0
    assert not (tmp_path / "docs/openapi/nobody.json").exists()


def test_the_page_of_events_has_a_row_and_a_section_for_each_event(made: dict[str, str]) -> None:
    lines = made["docs/events.md"].splitlines()
    for event_type in EVENTS:
        assert lines.count(f"### {event_type}") == 1
        assert sum(line.startswith(f"| [{event_type.rpartition('.')[0]}](#") for line in lines) == 1


def test_nothing_of_this_machine_or_of_a_running_system_is_written(made: dict[str, str]) -> None:
    for path, text in made.items():
        assert str(ROOT) not in text, path
        assert "nowhere.invalid" not in text, path
