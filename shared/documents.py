"""By what a person is found: the number of a document, and of which kind the document is."""

import unicodedata

RESIDENT_ID = "resident_id"
"""The kind of document whose numbers stand for themselves, also where no kind is named."""


def document_key(id_number: str, id_type: str = RESIDENT_ID) -> str:
    """The text a person is indexed by; a number of one kind of document never equals that of another."""
    if id_type == RESIDENT_ID:
        return id_number
    number = unicodedata.normalize("NFKC", id_number)
    return f"{id_type}:{''.join(number.split()).upper()}"
