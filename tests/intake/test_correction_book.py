"""The workbook to correct and send again: which cells it marks, and what it says of them."""

import io
import json
import re
import zipfile
from html import unescape

from tests.intake.test_uploads import ended, upload
from tests.service import Service

COMMA = 'codigo,nombre,"Precio, neto",certificado_sanitario,tiempo_entrega_dias\n001,Guantes,1.5O,CS-1,3\n'


def test_a_header_with_a_comma_is_one_header(service: Service) -> None:
    load = ended(service, upload(service, COMMA, mapping=json.dumps({"Precio, neto": "precio"})))
    book = service.client.get(f"/api/v1/jobs/{load['id']}/errors", params={"format": "xlsx"})
    with zipfile.ZipFile(io.BytesIO(book.content)) as parts:
        sheet = parts.read("xl/worksheets/sheet1.xml").decode()
    assert re.search(r'<c r="C2" s="\d+"', sheet), "the cell is marked"
    assert not re.search(r'<c r="B2" s="\d+"', sheet), "its neighbour is not"
    assert '(columna "Precio, neto")' in unescape(sheet)
