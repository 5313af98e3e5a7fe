"""Templates become pages of HTML: everything is escaped, and the browser is told to load and run nothing else."""

import calendar
import hashlib
from base64 import b64encode
from datetime import date, datetime
from pathlib import Path
from typing import Any

from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from shared.clock import SHANGHAI


class Layouts:
    """The templates of a folder, each `<name>.html` with its `<name>.css`, read once.

    A style may begin with `{% include "page.css" %}`, what the public's pages have in common (beside this file).
    A template puts `style` into its one style element, and has the filters `zh` and `en` for days, `minute` for
    instants (Asia/Shanghai). A value it uses and is not given is an error.
    """

    def __init__(self, folder: Path) -> None:
        self._layouts = Environment(
            loader=FileSystemLoader([folder, Path(__file__).parent]),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
        )
        self._layouts.filters |= {"zh": _zh, "en": _en, "minute": _minute}

    def html(self, name: str, **values: Any) -> str:
        """One page as text."""
        style = Markup(self._style(name))  # noqa: S704 - our own file
        return self._layouts.get_template(f"{name}.html").render(style=style, **values)

    def page(self, name: str, status: int = 200, **values: Any) -> HTMLResponse:
        """One page as an answer that is never kept; its policy allows its own style and forms to us."""
        hashed = b64encode(hashlib.sha256(self._style(name).encode()).digest()).decode()
        policy = [
            "default-src 'none'",
            f"style-src 'sha256-{hashed}'",
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        ]
        headers = {
            "Content-Security-Policy": "; ".join(policy),
            "Cache-Control": "no-store",
            "Referrer-Policy": "no-referrer",  # the address may hold a check code
            "X-Content-Type-Options": "nosniff",
        }
        return HTMLResponse(self.html(name, **values), status, headers)

    def _style(self, name: str) -> str:
        return self._layouts.get_template(f"{name}.css").render()


def _zh(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


def _en(day: date) -> str:
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def _minute(instant: datetime) -> str:
    return f"{instant.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"


_MONTHS = tuple(calendar.month_name)[1:]
