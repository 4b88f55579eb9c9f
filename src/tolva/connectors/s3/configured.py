"""Buckets by the login of the settings."""

from tolva.connectors.s3.bucket import DEFAULT_REGION, Bucket, Login
from tolva.settings import Settings


def configured_bucket(settings: Settings, name: str) -> Bucket:
    """The bucket of that name, where AWS_ENDPOINT_URL says, or at Amazon."""
    secrets = settings.aws_access_key_id, settings.aws_secret_access_key, settings.aws_session_token
    login = Login(settings.aws_region or DEFAULT_REGION, *secrets)
    return Bucket(name, settings.aws_endpoint_url, login)
