"""The parts of the ledger that decide what counts as lost."""

from infra.chaos.ledger import RESULTS, unnoticed, untold

FEED = [
    {"id": "e1", "position": 1, "type": "registry.plan.filed.v1"},
    {"id": "e2", "position": 2, "type": RESULTS},
    {"id": "e3", "position": 3, "type": RESULTS},
]


def test_each_publicised_result_needs_a_notice() -> None:
    assert unnoticed(FEED, {2: 1}) == ["e3"]
    assert unnoticed(FEED, {2: 1, 3: 1}) == []


def test_what_a_replay_covers_comes_twice_and_the_rest_need_not() -> None:
    done = {"state": "done", "until_position": 2}
    assert untold(done, FEED, {"e1": 2, "e2": 3, "e3": 1}) == []
    assert untold(done, FEED, {"e1": 2, "e2": 1}) == ["e2: not sent again"]
    assert untold({**done, "state": "running"}, FEED, {"e1": 2, "e2": 2}) == ["the replay did not end"]
