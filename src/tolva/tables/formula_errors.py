"""How spreadsheets show the error of a formula: Excel and LibreOffice in six languages."""

FORMULA_ERROR = (
    r"^(?:#(?:N/A|N/D|N/DISP|GETTING_DATA|¡?DIV/0!|¡?(?:REF|BEZUG|RIF)!|[¡¿]?(?:NAME|NOMBRE|NOME|NOM)[?!]"
    r"|¡?(?:VALUE|VALOR|WERT|VALEUR|VALORE)!|¡?(?:N[UÚ]M|ZAHL)!|¡?(?:NULL|NULO|NUL|NULLO)!"
    r"|(?:SPILL|CALC|FIELD|BLOCKED|UNKNOWN|ÜBERLAUF|KALK|PROPAGATION|CALCUL)!|¡(?:DESBORDAMIENTO|CALC)!)|Erro?:\d{3})$"
)
"""Of a whole cell's text, in any kind of file. `Err:502` is how LibreOffice numbers those that have no name."""
MARKED_ERROR = r"^(?:#NV|(?:Fehler|Errore|Erreur|Err)[ \u00a0\u202f]?:(\d{3}))$"
"""What may be a text elsewhere, and is an error where the file says so: `#N/A` in German, and the numbered ones."""
UNKNOWN = "#UNKNOWN!"
"""Stands for an error whose own text tells nothing, such as one in another language."""
NO_RESULT = "#SIN RESULTADO!"
"""Stands for a formula whose result is not in the file, as programs write it that do not calculate."""
