"""The catalog as its contract runs it, over SQS and S3, and a client that knows nothing but the contract."""

import json
import subprocess
from contextlib import closing
from pathlib import Path
from uuid import uuid4

import boto3

from tests.cli.conftest import Shell, tolva
from tests.jobs.workshop import until
from tests.servers.s3 import Place, aws_server, place
from tests.web.house import HEADER, house

__all__ = ["aws_server", "place", "tolva"]

CLIENT = Path(__file__).with_name("client.sh")
BAD_ROW = 25


def products(path: Path) -> Path:
    rows = [f"{n:04},Guantes,1.50,{'' if n == BAD_ROW else 'CS-1'},3" for n in range(2, 302)]
    path.write_text("\n".join([HEADER, *rows]))
    return path


def test_a_clients_script_uploads_polls_and_waits(tolva: Shell, place: Place, tmp_path: Path) -> None:
    queue = f"tolva-test-{uuid4().hex}"
    given = place.environment | {"TOLVA_ENGINE": "sqs", "SQS_QUEUE_NAME": queue}
    with house(tolva, tmp_path, **given) as home:
        api, _ = home.api()
        home.worker()
        command = [str(CLIENT), str(api.base_url).rstrip("/"), str(products(tmp_path / "productos.csv")), "PROV001"]
        said = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
        accepted, ended = [json.loads(line) for line in said.splitlines()]
        assert (accepted["message"], accepted["status"]) == (
            "Archivo recibido y encolado para procesamiento",
            "pending",
        )
        assert (
            ended["result"]["resumen"] | {"total": 300, "exitosos": 299, "rechazados": 1} == ended["result"]["resumen"]
        )
        assert ended["result"]["errores"] == [
            {"fila": BAD_ROW, "error": "Campos obligatorios vacíos: certificado_sanitario"}
        ]
        assert len(place.objects) == 1
        check_queue(place, queue)
        assert api.get("/health").json()["status"] == "ok"
        home.end()


def check_queue(place: Place, prefix: str) -> None:
    """It was made as the contract says, and holds nothing once the work is done."""
    login = {"aws_access_key_id": place.aws.access_key, "aws_secret_access_key": place.aws.secret_key}
    with closing(boto3.client("sqs", endpoint_url=place.aws.endpoint, region_name=place.aws.region, **login)) as sqs:

        def attributes(url: str) -> dict[str, str]:
            return sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]

        urls = sqs.list_queues(QueueNamePrefix=prefix)["QueueUrls"]
        made = attributes(next(url for url in urls if url.endswith("/" + prefix)))
        wanted = {"VisibilityTimeout": "300", "MessageRetentionPeriod": "86400", "ReceiveMessageWaitTimeSeconds": "20"}
        assert made.items() >= wanted.items()
        kinds = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")
        until(lambda: all(attributes(url)[kind] == "0" for url in urls for kind in kinds), 30)
