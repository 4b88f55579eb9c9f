"""`tolva queue`: pauses, for everybody and for one tenant."""

from tests.cli.conftest import Shell


def standing(tolva: Shell, tenant: str = "default") -> tuple[str | None, bool]:
    [state] = [
        each for each in tolva("queue", "ls", "--tenant", tenant, "--json").json if each["name"] == "bulk_upload"
    ]
    return state["paused_by"], state["paused_at"] is not None


def test_a_pause_is_for_everybody_unless_a_tenant_is_named(tolva: Shell) -> None:
    assert tolva("queue", "pause", "bulk_upload", "--tenant", "acme").code == 0
    assert (standing(tolva, "acme"), standing(tolva)) == (("tenant", True), (None, False))
    assert "paused for this tenant since" in tolva("queue", "ls", "--tenant", "acme").out
    assert tolva("queue", "pause", "bulk_upload").code == 0
    assert standing(tolva, "acme") == standing(tolva) == ("installation", True)
    assert tolva("queue", "resume", "bulk_upload").code == 0
    assert (standing(tolva, "acme"), standing(tolva)) == (("tenant", True), (None, False))
    assert tolva("queue", "resume", "bulk_upload", "--tenant", "acme").code == 0
    assert standing(tolva, "acme") == (None, False)


def test_a_share_is_noted_in_the_audit_log(tolva: Shell) -> None:
    assert tolva("queue", "share", "bulk_upload", "--weight", "3", "--tenant", "acme").code == 0
    [line] = tolva("audit", "--tenant", "acme", "--json").json
    assert (line["action"], line["target"], line["detail"]["weight"]) == ("queue.share", "bulk_upload", 3)


def test_an_unknown_queue_is_refused(tolva: Shell) -> None:
    for verb in ("pause", "resume", "share"):
        assert "There is no queue 'nowhere'" in tolva("queue", verb, "nowhere").err
