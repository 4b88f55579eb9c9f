"""What a line of the log tells."""

import json
import logging
import threading
from collections.abc import Generator
from datetime import datetime

import pika
import pytest

from tolva.logs import log_context, set_up_logs

log = logging.getLogger("some.library")


@pytest.fixture(autouse=True)
def as_before() -> Generator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    root.handlers = []
    yield
    root.handlers, root.level = handlers, level


def lines(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return capsys.readouterr().err.splitlines()


def test_a_line_of_json_tells_its_record_and_what_it_was_written_for(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logs("INFO", "json")
    with log_context(request_id="r1"), log_context(job="j1", tenant="ñandú"):
        log.info("read %s rows\nof two", 3, extra={"fields": {"rows": 3}})
    log.warning("outside")
    first, second = map(json.loads, lines(capsys))
    assert datetime.fromisoformat(first["time"]).utcoffset() is not None
    assert first | {"time": "", "process": 0} == {
        "time": "",
        "level": "INFO",
        "logger": "some.library",
        "message": "read 3 rows\nof two",
        "process": 0,
        "request_id": "r1",
        "job": "j1",
        "tenant": "ñandú",
        "rows": 3,
    }
    assert {"request_id", "job"}.isdisjoint(second)


def test_an_exception_is_text_in_its_line_of_json(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logs("INFO", "json")
    log.error("failed", exc_info=ValueError("bad"))
    (line,) = lines(capsys)
    assert json.loads(line)["exception"].endswith("ValueError: bad")


def test_a_line_of_text_ends_with_what_it_was_written_for(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logs("INFO")
    with log_context(job="j1", attempt=2):
        log.info("working")
    log.info("idle")
    working, idle = lines(capsys)
    assert working.endswith("some.library: working [job=j1 attempt=2]")
    assert idle.endswith("some.library: idle")


def test_threads_do_not_see_each_others_context(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logs("INFO")
    with log_context(job="j1"):
        thread = threading.Thread(target=log.info, args=("elsewhere",))
        thread.start()
        thread.join()
    assert lines(capsys)[0].endswith(": elsewhere")


def test_what_is_less_severe_than_the_level_is_not_told(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logs("WARNING", "json")
    log.info("quiet")
    assert lines(capsys) == []


def test_addresses_of_calls_to_others_are_not_logged(capsys) -> None:
    set_up_logs("DEBUG")
    logging.getLogger("httpx").info("HTTP Request: GET https://bucket/?X-Amz-Signature=secret")
    logging.getLogger("httpx").warning("something went wrong")
    said = capsys.readouterr().err
    assert "secret" not in said
    assert "something went wrong" in said


def test_what_a_library_logs_and_raises_is_left_to_whoever_catches_it(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logs("INFO")
    with pytest.raises(pika.exceptions.AMQPConnectionError):
        pika.BlockingConnection(pika.URLParameters("amqp://127.0.0.1:1"))
    assert lines(capsys) == []
