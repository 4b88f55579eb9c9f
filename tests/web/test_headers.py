"""What browsers are told with every answer."""

import httpx
import pytest

from tests.service import Service
from tests.web.test_access import CSV, make_key

WANTED = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "cache-control": "no-store",
}


def answers(service: Service) -> list[httpx.Response]:
    """One of each kind: well, unknown, wrong, a file, a page, refused, too large."""
    get, post = service.client.get, service.client.post
    found = [
        get("/health"),
        get("/nowhere"),
        get("/api/v1/uploads/xyz"),
        get("/api/v1/schemas/products/template"),
        get("/docs"),
        service.client.put("/health"),
        post("/api/v1/uploads", params={"params": '{"proveedor_id": "P"}'}, files={"file": ("a.csv", CSV)}),
        post("/api/v1/keys", content=b"x" * 2**21),
    ]
    make_key(service)
    return [*found, get("/api/v1/me")]


def test_every_answer_has_the_security_headers(service: Service) -> None:
    found = answers(service)
    assert [answer.status_code for answer in found] == [200, 404, 422, 200, 200, 405, 202, 413, 401]
    for answer in found:
        assert {name: answer.headers.get(name) for name in WANTED} == WANTED
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'; ")
        assert policy.endswith("; frame-ancestors 'none'")
        assert "unsafe" not in policy
        assert "strict-transport-security" not in answer.headers
        assert all(len(answer.headers.get_list(name)) == 1 for name in (*WANTED, "content-security-policy"))


def test_https_is_to_stay_https(service: Service) -> None:
    """As a proxy on this machine says it; see docs/security.md."""
    answer = service.client.get("/health", headers={"X-Forwarded-Proto": "https"})
    assert answer.headers["strict-transport-security"] == "max-age=31536000"


def test_static_files_may_be_kept(service: Service) -> None:
    page = service.client.get("/docs").text
    script = page.split('script src="')[1].split('"')[0]
    answer = service.client.get(script)
    assert answer.status_code == 200
    assert "max-age" in answer.headers["cache-control"]


@pytest.mark.parametrize("path", ["../docs.py", "%2e%2e/docs.py", "vendor/..%2f..%2fdocs.py"])
def test_static_files_are_those_of_their_folder(service: Service, path: str) -> None:
    page = service.client.get("/docs").text
    folder = page.split('script src="')[1].split("/zone.js")[0]
    assert service.client.get(f"{folder}/{path}").status_code == 404
