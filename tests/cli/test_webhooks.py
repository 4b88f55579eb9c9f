"""`tolva webhook`: who is told when jobs end."""

import hashlib
import hmac
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from tests.cli.conftest import Shell
from tests.conftest import Fresh
from tests.webhooks.receiver import receiving
from tolva.cli import webhooks
from tolva.cli.watch import see_through

URL = "https://shop.example.com/hooks/T0P"
PRIVATE = {"TOLVA_WEBHOOKS_PRIVATE": "1"}


def test_a_webhook_is_made_with_a_secret_that_is_told_once_listed_and_deleted(tolva: Shell) -> None:
    assert "No webhooks of tenant 'acme' yet" in tolva("webhook", "ls", "--tenant", "acme").out
    only = "--event", "job.failed", "--kind", "bulk_upload", "--queue", "bulk_upload"
    made = tolva("webhook", "add", URL, *only, "--description", "Shop", "--json").json
    assert made["secret"].startswith("whsec_")
    assert (made["events"], made["kinds"], made["queues"]) == (["job.failed"], ["bulk_upload"], ["bulk_upload"])
    listed = tolva("webhook", "ls")
    assert URL in listed.out and "job.failed: bulk_upload, queue bulk_upload" in listed.out
    assert "whsec_" not in listed.out + tolva("webhook", "ls", "--json").out
    assert tolva("webhook", "rm", made["id"]).code == 0
    assert tolva("webhook", "ls", "--json").json == []
    noted = [line["action"] for line in tolva("audit", "--json").json]
    assert noted == ["webhook.drop", "webhook.create"]


def test_the_secret_comes_first_and_alone(tolva: Shell) -> None:
    told = tolva("webhook", "add", URL).out.splitlines()
    assert told[0].startswith("whsec_") and " " not in told[0]
    assert "it is not shown again" in told[1] and "tolva webhook test " in told[2]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("add", "http://127.0.0.1:8080/hook"), "not of the public Internet"),
        (("add", "ftp://shop.example.com"), "begins with https:// or http://"),
        (("add", URL, "--event", "job.done"), "There is no event 'job.done'"),
        (
            ("add", URL, "--kind", "bulk_uplaod"),
            """There is no kind of jobs 'bulk_uplaod' for webhooks. Did you mean "bul""",
        ),
        (("add", URL, "--queue", "bulk-upload"), 'Did you mean "bulk_upload"? There are: bulk_upload.'),
        (("rm", str(uuid4())), "There is no webhook"),
        (("test", str(uuid4())), "There is no webhook"),
        (("test", "x"), "Invalid value for 'WEBHOOK'"),
    ],
)
def test_what_the_api_refuses_is_refused_here_too(tolva: Shell, words: tuple[str, ...], said: str) -> None:
    ran = tolva("webhook", *words)
    assert (ran.code, said in " ".join(ran.err.split())) == (2, True), ran.err


def test_a_test_tells_how_it_went_without_any_worker_and_leaves_no_dead_letter(tolva: Shell) -> None:
    with receiving() as receiver:
        made = tolva("webhook", "add", receiver.url, "--json", **PRIVATE).json
        went = tolva("webhook", "test", made["id"], **PRIVATE)
        receiver.answers(404)
        failed = tolva("webhook", "test", made["id"], **PRIVATE)
    assert (went.code, "Delivered: 200" in went.out) == (0, True), went.err
    assert (failed.code, "Not delivered. 127.0.0.1 answered 404." in failed.err) == (1, True)
    assert "told" in failed.err, "what its server said"
    assert failed.err.splitlines()[-3:-2] == ["It came to nothing."]
    assert tolva("dead", "ls", "--json").json == []
    stamp, signed = (part.partition("=")[2] for part in receiver.got[0].headers["tolva-signature"].split(","))
    body = stamp.encode() + b"." + receiver.got[0].body
    assert hmac.new(made["secret"].encode(), body, hashlib.sha256).hexdigest() == signed


def test_a_test_of_a_webhook_that_is_deleted_before_its_turn_says_so_and_went_badly(
    tolva: Shell, fresh: Fresh, monkeypatch: pytest.MonkeyPatch
) -> None:
    def deleted_first(*given: Any, **more: Any) -> Any:
        with psycopg.connect(fresh.admin_dsn) as conn:
            conn.execute("DELETE FROM tolva.webhooks")
        return see_through(*given, **more)

    made = tolva("webhook", "add", URL, "--json").json
    monkeypatch.setattr(webhooks, "see_through", deleted_first)
    went = tolva("webhook", "test", made["id"])
    assert (went.code, went.out, went.err.splitlines()[-1]) == (
        1,
        "",
        "Not delivered. The webhook was deleted or switched off before its turn came.",
    )
