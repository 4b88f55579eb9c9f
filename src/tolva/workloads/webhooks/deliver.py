"""The handler of a delivery: one try."""

import time
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, NoReturn

from psycopg.rows import DictRow

from tolva import __version__
from tolva.connectors.outward import Answer, Outward
from tolva.core.job import Json
from tolva.errors import InvalidInput, Never, TolvaError, TrialFailed, TryLater
from tolva.jobs.context import Context
from tolva.jobs.payload import clean, encode
from tolva.workloads.webhooks.address import host_of
from tolva.workloads.webhooks.delivery import WAITS
from tolva.workloads.webhooks.event import TEST
from tolva.workloads.webhooks.signature import signature
from tolva.workloads.webhooks.sql import SQL
from tolva.workloads.webhooks.verdict import is_taken, may_pass, seconds_asked

SHOWN = 200
"""Characters of an answer that are kept until the delivery is done."""


def deliver(ctx: Context, outward: Outward) -> Json:
    """Tell a webhook of an event.

    Raises TryLater while that may pass, Never when the receiver refuses, InvalidInput for an address that must not be
    called; for a test all of these are a TrialFailed, so that it is one try.
    """
    event = ctx.params["event"]
    with ctx.transaction() as conn:
        to = conn.execute(SQL["addressee"], {"id": ctx.params["webhook"]}).fetchone()
    if to is None or not (to["active"] or event["type"] == TEST):
        return {"skipped": "The webhook was deleted or switched off before its turn came."}
    began = time.monotonic()
    answer = _post(ctx, outward, to, event)
    told = answer.body.decode("utf-8", "replace")
    _keep(ctx, answer.status, round((time.monotonic() - began) * 1000), told)
    _require_taken(ctx, host_of(to["url"]), answer)
    return {"code": answer.status}


def _post(ctx: Context, outward: Outward, to: DictRow, event: Mapping[str, Any]) -> Answer:
    body = encode({**event, "tenant": ctx.tenant_id}).encode()
    headers = {
        "Content-Type": "application/json",
        "User-Agent": f"Tolva/{__version__}",
        "Tolva-Event": event["type"],
        "Tolva-Delivery": ctx.job_id,
        "Tolva-Signature": signature(to["secrets"], int(time.time()), body),
    }
    try:
        return outward.post(to["url"], headers, body)
    except TryLater as error:
        _keep(ctx, None, None, str(error))
        _fail(ctx, TryLater(f"{host_of(to['url'])} does not answer properly.", _wait(ctx)))
    except InvalidInput as error:
        _fail(ctx, error)


def _keep(ctx: Context, code: int | None, ms: int | None, answer: str) -> None:
    """For whoever looks for the reason. Everybody who sees jobs sees their progress, but nobody a checkpoint.

    So that is where a foreign server's words are; the log of deliveries, which is for administrators, shows them.
    """
    with ctx.transaction():
        ctx.progress(code=code, ms=ms)
        ctx.save({"answer": clean(answer, SHOWN)})


def _require_taken(ctx: Context, host: str, answer: Answer) -> None:
    if is_taken(answer.status):
        return
    if may_pass(answer.status):
        wait = max(_wait(ctx), seconds_asked(answer.retry_after))
        _fail(ctx, TryLater(f"{host} answered {answer.status}.", wait))
    if answer.status == HTTPStatus.GONE:
        _switch_off(ctx, host)
    hint = " Redirects are not followed: give the webhook its new address." if answer.status < 400 else ""
    _fail(ctx, Never(f"{host} answered {answer.status}.{hint}"))


def _fail(ctx: Context, error: TolvaError) -> NoReturn:
    """End the try with this error, and a test with it for good.

    Whoever asked for a test waits to see what is wrong: that is not tried for hours, nor left to be replayed.
    """
    if ctx.params["event"]["type"] == TEST:
        raise TrialFailed(str(error)) from error
    raise error


def _switch_off(ctx: Context, host: str) -> None:
    """Whoever answers 410 wants to hear no more."""
    with ctx.transaction() as conn:
        conn.execute(SQL["switch_off"], {"id": ctx.params["webhook"], "because": f"{host} answered 410 (Gone)."})


def _wait(ctx: Context) -> float:
    return float(WAITS[min(ctx.failures, len(WAITS) - 1)])
