"""Reads forms out of pages as a browser does, and fast: the driver shares the processors with what it measures.

Regular expressions on the form's part of the page take a tenth of the time of an HTML parser; they rely on nothing but
quoted attributes.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field
from urllib.parse import urlencode

_TAG_END = r"""((?:[^>"']|"[^"]*"|'[^']*')*)>"""
_FORM = re.compile(rf"<form\b{_TAG_END}(.*?)</form>", re.DOTALL | re.IGNORECASE)
_CONTROL = re.compile(rf"<(input|button|textarea|select|option)\b{_TAG_END}", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"""([^\s"'=<>/]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+)))?""")

Pair = tuple[str, str]


class FormError(Exception):
    """A page has not got the form, field or button that a buyer would look for."""


@dataclass
class Control:
    """A field of a form as the page sent it; `value` and `is_on` change as the buyer fills it in."""

    name: str
    kind: str
    value: str
    is_on: bool = True


@dataclass
class Form:
    """A form that is being filled in."""

    action: str
    method: str
    controls: list[Control] = field(default_factory=list)
    buttons: list[dict[str, str]] = field(default_factory=list)

    def has(self, name: str) -> bool:
        return any(control.name == name for control in self.controls)

    def value(self, name: str) -> str:
        """What a field holds now; of radios the one that is on, and nothing if none is."""
        values = [control.value for control in self.controls if control.name == name and control.is_on]
        return values[0] if values else ""

    def type(self, name: str, value: str) -> None:
        """Type into a field. Raises FormError if it is not there."""
        for control in self.controls:
            if control.name == name and control.kind not in {"radio", "checkbox"}:
                control.value = value
                return
        raise FormError(f"no field {name!r}")

    def choose(self, name: str, value: str) -> None:
        """Choose one of several radios. Raises FormError if it is not offered."""
        radios = [control for control in self.controls if control.name == name and control.kind == "radio"]
        if all(radio.value != value for radio in radios):
            raise FormError(f"no choice {name}={value!r}")
        for radio in radios:
            radio.is_on = radio.value == value

    def tick(self, name: str, *, on: bool = True) -> None:
        """Tick a box, or untick it. Raises FormError if it is not there."""
        boxes = [control for control in self.controls if control.name == name and control.kind == "checkbox"]
        if not boxes:
            raise FormError(f"no box {name!r}")
        for box in boxes:
            box.is_on = on

    def press(self, **wanted: str) -> tuple[str, str]:
        """Where the form goes by the first button with these attributes, and the body that it sends."""
        for button in self.buttons:
            if all(button.get(name) == value for name, value in wanted.items()):
                break
        else:
            raise FormError(f"no button {wanted}")
        pairs: list[Pair] = [(one.name, one.value) for one in self.controls if one.is_on]
        if button.get("name"):
            pairs.append((button["name"], button.get("value", "")))
        return button.get("formaction") or self.action, urlencode(pairs)


def find_form(page: str, **wanted: str) -> Form:
    """The first form of a page with these attributes (`id=`, `action=`). Raises FormError."""
    for match in _FORM.finditer(page):
        attributes = _attributes(match[1])
        if all(attributes.get(name) == value for name, value in wanted.items()):
            form = Form(attributes.get("action", ""), attributes.get("method", "get").lower())
            _read_controls(form, match[2])
            return form
    raise FormError(f"no form {wanted}")


def _attributes(text: str) -> dict[str, str]:
    return {name.lower(): _text(a or b or c) for name, a, b, c in _ATTRIBUTE.findall(text)}


def _text(value: str) -> str:
    return html.unescape(value) if "&" in value else value


def _read_controls(form: Form, inner: str) -> None:
    """Disabled fields stay out, but for those that wait for the script alone: a buyer has one."""
    tags = ((match[1].lower(), _attributes(match[2]), match.end()) for match in _CONTROL.finditer(inner))
    select = ""
    for tag, attributes, end in tags:
        is_off = "disabled" in attributes and "data-needs-script" not in attributes
        name, kind = attributes.get("name", ""), attributes.get("type", "")
        if tag == "select":
            select = "" if is_off else name
        elif tag == "option":
            _read_option(form, select, attributes)
        elif is_off:
            continue
        elif tag == "button" or kind in {"submit", "image"}:
            if kind in {"", "submit", "image"}:
                form.buttons.append(attributes)
        elif not name or kind in {"button", "reset", "file"}:
            continue
        elif tag == "textarea":
            form.controls.append(Control(name, "text", _text(inner[end : inner.index("<", end)])))
        else:
            form.controls.append(_input(name, kind or "text", attributes))


def _input(name: str, kind: str, attributes: dict[str, str]) -> Control:
    if kind in {"radio", "checkbox"}:
        return Control(name, kind, attributes.get("value", "on"), "checked" in attributes)
    return Control(name, kind, attributes.get("value", ""))


def _read_option(form: Form, select: str, attributes: dict[str, str]) -> None:
    """The first option counts until another one is marked as selected."""
    if not select:
        return
    value = attributes.get("value", "")
    known = next((one for one in form.controls if one.name == select and one.kind == "select"), None)
    if known is None:
        form.controls.append(Control(select, "select", value))
    elif "selected" in attributes:
        known.value = value
