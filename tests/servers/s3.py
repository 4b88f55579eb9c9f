"""Buckets for the tests, each with a name of its own."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import boto3
import pytest

from tests.servers.aws import Aws, aws
from tolva.settings import Settings, load_settings


@dataclass(frozen=True)
class Place:
    """A bucket that is not there yet, seen by somebody else's client."""

    aws: Aws
    bucket: str
    client: Any
    """Of boto3."""

    @property
    def objects(self) -> dict[str, int]:
        """Size by name."""
        return {
            each["Key"]: each["Size"] for each in self.client.list_objects_v2(Bucket=self.bucket).get("Contents", ())
        }

    @property
    def unfinished(self) -> list[str]:
        """Names of what is being uploaded in parts."""
        return [each["Key"] for each in self.client.list_multipart_uploads(Bucket=self.bucket).get("Uploads", ())]

    @property
    def environment(self) -> dict[str, str]:
        return self.aws.environment | {"S3_BUCKET_NAME": self.bucket}

    def settings(self, **more: Any) -> Settings:
        """Settings that put files there."""
        given = {
            "s3_bucket_name": self.bucket,
            "aws_endpoint_url": self.aws.endpoint,
            "aws_access_key_id": self.aws.access_key,
            "aws_secret_access_key": self.aws.secret_key,
        }
        return load_settings(**given | more)


@pytest.fixture(scope="session")
def aws_server() -> Iterator[Aws]:
    with aws() as found:
        yield found


@pytest.fixture
def place(aws_server: Aws) -> Iterator[Place]:
    client = boto3.client(
        "s3",
        endpoint_url=aws_server.endpoint,
        aws_access_key_id=aws_server.access_key,
        aws_secret_access_key=aws_server.secret_key,
        region_name=aws_server.region,
    )
    with closing(client):
        yield Place(aws_server, f"tolva-test-{uuid4().hex}", client)
