"""Employers are compared the way people mean them, not the way they are typed."""

import re
import unicodedata
from functools import lru_cache

_BETWEEN = re.compile(r"[\W_]+")
_KINDS = re.compile(r"(股份|责任|有限|总)*(公司|责任公司)$")


@lru_cache(10_000)
def employer_key(name: str | None) -> str:
    """The same for `示例建筑（集团）有限公司` and `示例建筑(集团) 有限责任公司`; empty for nobody.

    Width, case, spaces and marks do not count, nor which kind of company it is.
    """
    bare = _BETWEEN.sub("", unicodedata.normalize("NFKC", name or "").casefold())
    return _KINDS.sub("", bare) or bare
