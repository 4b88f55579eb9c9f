"""How spreadsheets show the error of a formula: Excel and LibreOffice in English, Spanish and Portuguese."""

FORMULA_ERROR = (
    r"^(?:#(?:N/A|N/D|N/DISP|GETTING_DATA|¡?(?:DIV/0|REF)!|[¡¿]?(?:NAME|NOMBRE|NOME)[?!]|¡?(?:VALUE|VALOR)!"
    r"|¡?N[UÚ]M!|¡?(?:NULL|NULO)!|(?:SPILL|CALC|FIELD|BLOCKED|UNKNOWN)!|¡(?:DESBORDAMIENTO|CALC)!)|Erro?:\d{3})$"
)
"""Of a whole cell's text. `Err:502` is how LibreOffice numbers those that have no name."""
UNKNOWN = "#UNKNOWN!"
"""Stands for an error whose own text tells nothing, such as one in another language."""
