from tests.servers.s3 import aws_server, place

__all__ = ["aws_server", "place"]
