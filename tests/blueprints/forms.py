"""A page's form as a browser would send it: every field with what stands in it."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any


class _Fields(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[dict[str, list[str]]] = []
        self.select: str | None = None
        self.area: str | None = None
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        has = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append({})
        name = has.get("name")
        if tag == "select":
            self.select = name
        elif tag == "textarea":
            self.area, self.text = name, ""
        elif tag == "option" and self.select and ("selected" in has or self.select not in self._form):
            self._form[self.select] = [has.get("value", "")]
        elif tag == "input" and name and has.get("type") not in {"file", "submit"}:
            if has.get("type") in {"checkbox", "radio"} and "checked" not in has:
                return
            self._form.setdefault(name, []).append(has.get("value", "on"))

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea" and self.area:
            self._form[self.area] = [self.text.removeprefix("\n")]
            self.area = None
        elif tag == "select":
            self.select = None

    @property
    def _form(self) -> dict[str, list[str]]:
        if not self.forms:
            self.forms.append({})
        return self.forms[-1]


def form_with(page: str, field: str, **changes: Any) -> dict[str, Any]:
    """The form of the page that has this field, with some of it typed over."""
    reader = _Fields()
    reader.feed(page)
    found = next(form for form in reader.forms if field in form)
    return {name: values if len(values) > 1 else values[0] for name, values in found.items()} | changes
