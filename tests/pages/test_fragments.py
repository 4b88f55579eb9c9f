"""The live part of a job's page: an error while it is rendered does not break the answer off, which has begun."""

import asyncio
from collections.abc import Iterator

import pytest

from tolva.errors import DatabaseUnavailable, NotFound, TolvaError
from tolva.web.live.message import Message
from tolva.web.live.sse import HEARTBEAT
from tolva.web.pages import fragments
from tolva.web.pages.fragments import END, Fragments, unnamed

MOVED = [Message(1, b"", "")]


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fragments, "PAUSE", 0)


def rendering(*results: tuple[str, bool] | TolvaError) -> Fragments:
    """What is rendered one time after the other."""
    left: Iterator[tuple[str, bool] | TolvaError] = iter(results)

    def render() -> tuple[str, bool]:
        result = next(left)
        if isinstance(result, TolvaError):
            raise result
        return result

    return Fragments(render)


def told(live: Fragments, *batches: list[Message]) -> list[bytes]:
    async def tell() -> list[bytes]:
        return [await live(batch) for batch in batches]

    return asyncio.run(tell())


def test_it_is_rendered_when_the_job_has_moved_and_never_else() -> None:
    live = rendering(("1", False), ("2", True))
    assert told(live, [], MOVED, [], MOVED) == [HEARTBEAT, unnamed("1"), HEARTBEAT, unnamed("2") + END]


def test_what_the_database_could_not_answer_comes_with_the_next_heartbeat(caplog: pytest.LogCaptureFixture) -> None:
    live = rendering(DatabaseUnavailable("away"), ("1", False))
    assert told(live, MOVED, [], []) == [HEARTBEAT, unnamed("1"), HEARTBEAT]
    assert "away" in caplog.text


def test_the_page_of_a_job_that_is_deleted_comes_to_its_end() -> None:
    assert told(rendering(NotFound("gone")), MOVED) == [END]
