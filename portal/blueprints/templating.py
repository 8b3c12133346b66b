"""How templates call functions and find their words: what a page does a hundred times costs little each time."""

from __future__ import annotations

from functools import _lru_cache_wrapper, lru_cache
from types import BuiltinFunctionType, FunctionType, MethodType
from typing import Any

from flask import Flask, g, has_request_context, request
from flask import url_for as address_of
from flask_babel import Domain, get_babel
from flask_wtf.csrf import generate_csrf
from jinja2 import Template, pass_eval_context
from jinja2.compiler import CodeGenerator, Frame
from jinja2.environment import create_cache
from jinja2.nodes import EvalContext, Expr
from jinja2.runtime import Context, Macro
from jinja2.utils import _PassArg, internalcode
from markupsafe import (  # type: ignore[attr-defined]  # What escape() does to a text has no public name.
    Markup,
    _escape_inner,
    escape,
)

# A page names a handful of addresses; those of one channel's products and orders make room for others.
ADDRESSES_MAX = 4096
# True is no 1 in an address, so only values of these very types are compared; what is relative or external never is.
SIMPLE = (str, int)

# Of these only a mark on themselves can ask for a context; Jinja looks at their __call__, too, each time.
PLAIN = (FunctionType, MethodType, BuiltinFunctionType, _lru_cache_wrapper)


class PageContext(Context):
    """Calls plain functions and macros without Jinja's questions to everything callable."""

    # The base class has no name for its first argument in keyword form, as templates may pass any.
    @internalcode
    def call(__self, __obj: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: N805  # See above.
        kind = type(__obj)
        if kind is Macro:
            kwargs.pop("_block_vars", None)
            kwargs.pop("_loop_vars", None)
            return __obj(__self.eval_ctx, *args, **kwargs)
        if kind in PLAIN:
            asks = getattr(__obj, "jinja_pass_arg", None)
            if asks is None or asks is _PassArg.eval_context:
                kwargs.pop("_block_vars", None)
                kwargs.pop("_loop_vars", None)
                try:
                    return __obj(*args, **kwargs) if asks is None else __obj(__self.eval_ctx, *args, **kwargs)
                except StopIteration:
                    return __self.environment.undefined("value was undefined because a callable raised StopIteration")
        return super().call(__obj, *args, **kwargs)


class PageTemplate(Template):
    """Imports are the same module for every page: no page brings globals of its own, so none is asked for them."""

    def _get_default_module(self, ctx: Context | None = None) -> Any:  # Jinja hands it over.
        return super()._get_default_module()


def said(value: Any) -> str:
    """A value as it stands on a page. What is marked as safe is not copied to be marked again."""
    kind = type(value)
    if kind is Markup:
        return value  # type: ignore[no-any-return]  # It is one, and so a text.
    # What is joined into a page need not be marked as safe first.
    return _escape_inner(value) if kind is str else escape(value)


class PageCode(CodeGenerator):
    """Templates whose values go through said()."""

    def _output_child_pre(self, node: Expr, frame: Frame, finalize: CodeGenerator._FinalizeInfo) -> None:
        if frame.eval_ctx.autoescape and not frame.eval_ctx.volatile and finalize.src is None:
            self.write("environment.said(")
        else:
            super()._output_child_pre(node, frame, finalize)


class Words(Domain):  # type: ignore[misc]  # Flask-Babel publishes no types.
    """The portal's sentences, asked for once per request as long as its language stays."""

    def __init__(self) -> None:
        super().__init__()
        # {language: {sentence: translation}} of what templates say: sentences written out there, so there is an end.
        self._marked: dict[str, dict[str, Markup]] = {}

    def get_translations(self) -> Any:
        return self._now()[1]

    def marked(self, sentence: str) -> Markup:
        """A sentence of a template in the reader's language, as it stands on pages."""
        here = g._get_current_object()  # noqa: SLF001  # As in _now(), which a page with fifty sentences needs once.
        kept: tuple[str | None, Any, dict[str, Markup]] | None = getattr(here, "words", None)
        if kept is None or kept[0] != getattr(here, "locale", None):
            kept = self._now()
        text = kept[2].get(sentence)
        if text is None:
            found = kept[1].gettext(sentence)
            text = kept[2][sentence] = Markup(found)  # noqa: S704  # Of templates and catalogues, not of people.
        return text

    def _now(self) -> tuple[str | None, Any, dict[str, Markup]]:
        here = g._get_current_object()  # noqa: SLF001  # Werkzeug's public name: one way through its proxy, not five.
        kept: tuple[str | None, Any, dict[str, Markup]] | None = getattr(here, "words", None)
        locale = getattr(here, "locale", None)
        if kept is None or kept[0] != locale:
            found = super().get_translations()  # Works out the language, where nobody has yet.
            locale = getattr(here, "locale", None)
            kept = here.words = (locale, found, self._marked.setdefault(str(locale), {}))
        return kept


_words = Words()


def init_templating(app: Flask) -> None:
    """Make words and every call in templates quick. After Babel is bound to the application."""
    get_babel(app).instance.domain_instance = _words
    app.jinja_env.context_class = PageContext
    app.jinja_env.template_class = PageTemplate
    app.jinja_env.code_generator_class = PageCode
    app.jinja_env.extend(said=said)
    # All templates stay: a dict need not be told with each part of a page that it was asked for.
    app.jinja_env.cache = create_cache(-1)
    app.jinja_env.globals["_"] = translate
    app.jinja_env.globals["url_for"] = url_for
    app.jinja_env.globals["csrf_token"] = csrf_token
    # Pages get Flask-WTF's own from its context processor.
    app.context_processor(lambda: {"csrf_token": csrf_token})


def csrf_token() -> str:
    """The token of this answer's forms. Flask-WTF makes it once, and looks up its settings each time it is asked."""
    made: str | None = getattr(g._get_current_object(), "csrf_token", None)  # noqa: SLF001  # As above.
    return made or generate_csrf()


def url_for(endpoint: str, **values: Any) -> str:
    """Flask's url_for(), which works out each address once per way in which a channel is reached."""
    if endpoint[0] == "." or not has_request_context() or any(type(one) not in SIMPLE for one in values.values()):
        return address_of(endpoint, **values)
    return _address(request.script_root, endpoint, tuple(values.items()))


@lru_cache(maxsize=ADDRESSES_MAX)
def _address(_root: str, endpoint: str, values: tuple[tuple[str, Any], ...]) -> str:
    return address_of(endpoint, **dict(values))


def gettext(sentence: str, **variables: object) -> str:
    """Flask-Babel's gettext() by the short way, for what a page asks dozens of times."""
    said: str = _words.gettext(sentence, **variables)
    return said


@pass_eval_context
def translate(context: EvalContext, sentence: str, /, **variables: object) -> str:
    """A sentence in the reader's language, with its %(name)s filled in; what is filled in is escaped on pages."""
    text: str = _words.marked(sentence) if context.autoescape else _words.get_translations().gettext(sentence)
    return text % variables if "%" in text else text
