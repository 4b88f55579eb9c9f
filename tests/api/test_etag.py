"""Whoever asks again and again is sent what changed, and nothing else."""

import pytest

from tests.jobs.workshop import until
from tests.service import Service, working

UPLOAD = "/api/v1/catalog/items/bulk-upload"
CSV = b"codigo,nombre,precio,certificado_sanitario,tiempo_entrega_dias\n001,Guantes,1.50,CS-1,3\n"


@pytest.mark.parametrize("path", ["/api/v1/jobs/{}", "/api/v1/uploads/{}", "/api/catalog/bulk-upload/status/{}"])
def test_a_status_is_sent_again_only_when_it_has_changed(service: Service, path: str) -> None:
    sent = service.client.post(UPLOAD, params={"proveedor_id": "P"}, files={"file": ("a.csv", CSV)}).json()
    address = path.format(sent["task_id"])
    tag = service.client.get(address).headers["etag"]
    known = {"If-None-Match": f'"other", {tag}'}
    again = service.client.get(address, headers=known)
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    with working(service):
        until(lambda: service.client.get(address, headers=known).status_code == 200)
    assert service.client.get(address).headers["etag"] != tag
