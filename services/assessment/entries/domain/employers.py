"""When two names mean the same employer: one spelling for candidates and for the holders of cards."""

from unicodedata import normalize

_SAME_FORM = (("有限责任公司", "有限公司"),)


def employer_key(name: str | None) -> str:
    """An employer's name without width, case, spaces, brackets and spelling of its form; empty where there is none."""
    plain = "".join(sign for sign in normalize("NFKC", name or "").casefold() if sign.isalnum())
    for long, short in _SAME_FORM:
        plain = plain.replace(long, short)
    return plain
