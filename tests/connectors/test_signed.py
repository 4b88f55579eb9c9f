"""Requests that obstore has no call for are signed so that S3 takes them: as AWS's own library would sign them."""

from urllib.parse import parse_qsl, quote, urlsplit

import pytest
from botocore.auth import S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tolva.connectors.s3.bucket import Bucket, Login, Method

KEY, SECRET, REGION = "AKIDEXAMPLE", "wJalr/XUtnFEMI+K7MDENG", "eu-west-1"
SAFE = "-_.~"


def signature(method: str, url: str) -> tuple[str, str]:
    """The one in the address, and the one that belongs there."""
    parts = urlsplit(url)
    query = parse_qsl(parts.query, keep_blank_values=True)
    told = dict(query)["X-Amz-Signature"]
    pairs = sorted((quote(k, SAFE), quote(v, SAFE)) for k, v in query if k != "X-Amz-Signature")
    asked = "&".join(f"{name}={value}" for name, value in pairs)
    canonical = "\n".join([method, parts.path, asked, f"host:{parts.netloc}", "", "host", "UNSIGNED-PAYLOAD"])
    signer = S3SigV4QueryAuth(Credentials(KEY, SECRET), "s3", REGION)
    request = AWSRequest(method, url)
    request.context["timestamp"] = dict(query)["X-Amz-Date"]
    return told, signer.signature(signer.string_to_sign(request, canonical), request)


@pytest.mark.parametrize("endpoint", [None, "http://127.0.0.1:9000", "https://s3.example.com/"])
@pytest.mark.parametrize(
    ("method", "place", "query"),
    [
        ("PUT", "", {}),
        ("HEAD", "", {}),
        ("GET", "", {"uploads": ""}),
        ("DELETE", "ab/key", {"uploadId": "a/b+c=="}),
        ("GET", "ab/key", {"response-content-disposition": "attachment; filename*=utf-8''%C3%B1and%C3%BA%201.csv"}),
    ],
)
def test_an_address_is_signed_whole(endpoint: str | None, method: Method, place: str, query: dict[str, str]) -> None:
    told, due = signature(method, Bucket("sheets", endpoint, Login(REGION, KEY, SECRET)).signed(method, place, query))
    assert told == due


def test_the_region_and_the_bucket_are_in_the_address_of_aws() -> None:
    address = Bucket("sheets", None, Login(REGION, KEY, SECRET)).signed("GET", "ab/key")
    assert address.startswith("https://s3.eu-west-1.amazonaws.com/sheets/ab/key?")
