"""PostgreSQL forgets a claim, or its answer gets lost on the way: the job runs all the same, and once."""

from tests.chaos import census
from tests.chaos.crew import plan_for, run_crew
from tests.chaos.handlers import QUICK, STEADY, catalogue
from tests.chaos.postgres import Postgres
from tests.chaos.proxy import run_proxy
from tests.chaos.waiting import until
from tolva.core.job import JobId, NewJob
from tolva.engines.postgres import PostgresEngine
from tolva.jobs.work import Jobs

LEASE = 3.0
STATE = "SELECT state FROM tolva.jobs WHERE id = %(id)s"
EFFECTS = "SELECT step FROM ledger WHERE job_id = %(id)s ORDER BY at"
STARTED = "SELECT 1 FROM tolva.job_events WHERE job_id = %(id)s AND type = 'started'"


def ask_for(postgres: Postgres, job: NewJob) -> JobId:
    with Jobs(postgres.db, PostgresEngine(postgres.db), catalogue()).work("norte") as work:
        [made] = work.enqueue(job)
    return made.id


def await_completion(postgres: Postgres, id: JobId, seconds: float) -> None:
    until(lambda: postgres.one(STATE, {"id": id}) == "completed", "the job is completed", seconds)


def test_a_job_runs_once_though_postgresql_died_right_after_its_claim(postgres: Postgres) -> None:
    """Each step is one effect; a claim that was never on the disk must not let two attempts share one fence."""
    with run_crew(plan_for(postgres.dsn, [QUICK, STEADY], LEASE, processes=1)):
        witness = ask_for(postgres, NewJob("short"))  # until it is done, nobody may be there to claim
        await_completion(postgres, witness, 30)
        for _ in range(2):
            struck = ask_for(postgres, NewJob("ponder", {"seconds": 3}))
            until(lambda id=struck: postgres.ask(STARTED, {"id": id}), "the job starts", look=0.001)
            [postmaster] = census.postmasters(postgres.place.data_dir)
            census.kill(postmaster)
            await_completion(postgres, struck, 60)
            assert [row["step"] for row in postgres.ask(EFFECTS, {"id": struck})] == [0, 1]


def test_a_job_runs_soon_though_the_answer_to_its_claim_was_lost(postgres: Postgres) -> None:
    """The claim is committed, so the job counts as running; the worker lives, but knows nothing of it."""
    job = ask_for(postgres, NewJob("short"))
    with (
        run_proxy(postgres.dsn, lose_answer_to=b"tolva.claim(") as proxy,
        run_crew(plan_for(proxy.dsn, [QUICK], LEASE, processes=1)),
    ):
        until(lambda: proxy.lost, "an answer is lost")
        await_completion(postgres, job, LEASE + 10)
    assert len(postgres.ask(EFFECTS, {"id": job})) == 1
