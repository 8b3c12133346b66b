"""The account's forms: they look at the shape only; services decide."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from babel.support import NullTranslations, Translations
from flask_babel import gettext, lazy_gettext, lazy_pgettext
from flask_wtf import FlaskForm
from wtforms import BooleanField, EmailField, HiddenField, PasswordField, SelectField, StringField, TelField
from wtforms.fields.choices import SelectChoice
from wtforms.i18n import messages_path
from wtforms.validators import InputRequired

from portal.blueprints.identity import current_locale
from portal.kit.errors import PortalError, Rejection, fill
from portal.rules.addresses import AddressUnfitError


class PortalForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF publishes no types.
    """A form that can show what a service refused."""

    class Meta(FlaskForm.Meta):  # type: ignore[misc]  # Flask-WTF publishes no types.
        def get_translations(self, form: object) -> NullTranslations:
            """The library's own sentences, read once for each language; Flask-WTF reads them with every request."""
            return _library_words(current_locale())

    def refuse(self, fault: PortalError | Rejection) -> None:
        """Show the sentence at the field that the fault names, else above the form."""
        self.show(getattr(fault, "field", None), fill(gettext(fault.sentence), fault.params))

    def refuse_fields(self, fault: AddressUnfitError) -> None:
        for name, rejection in fault.faults.items():
            self.show(name, fill(gettext(rejection.sentence), rejection.params))

    def show(self, name: str | None, sentence: str) -> None:
        if name in self._fields:
            self._fields[name].errors = [sentence]
        else:
            self.form_errors.append(sentence)


@cache
def _library_words(locale: str) -> NullTranslations:
    return Translations.load(messages_path(), [locale], domain="wtforms")


class SignInForm(PortalForm):
    email = EmailField(lazy_gettext("E-mail"), [InputRequired(lazy_gettext("Enter your e-mail address."))])
    password = PasswordField(lazy_gettext("Password"), [InputRequired(lazy_gettext("Enter your password."))])
    next = HiddenField()


class SignUpForm(PortalForm):
    name = StringField(lazy_gettext("Name"), [InputRequired(lazy_gettext("Enter your name."))])
    email = EmailField(lazy_gettext("E-mail"), [InputRequired(lazy_gettext("Enter your e-mail address."))])
    password = PasswordField(lazy_gettext("Password"), [InputRequired(lazy_gettext("Choose a password."))])
    next = HiddenField()


class ResetRequestForm(PortalForm):
    email = EmailField(lazy_gettext("E-mail"), [InputRequired(lazy_gettext("Enter your e-mail address."))])


class NewPasswordForm(PortalForm):
    password = PasswordField(lazy_gettext("New password"), [InputRequired(lazy_gettext("Choose a password."))])


class NameForm(PortalForm):
    name = StringField(lazy_gettext("Name"), [InputRequired(lazy_gettext("Enter your name."))])


class AddressForm(PortalForm):
    """Both shapes in one form; which fields are needed depends on the country and is said by the rules."""

    name = StringField(lazy_gettext("Recipient"))
    phone = TelField(lazy_gettext("Phone"))
    country = SelectField(
        lazy_gettext("Country"),
        choices=[SelectChoice("KR", lazy_gettext("South Korea")), SelectChoice("US", lazy_gettext("United States"))],
    )
    postcode = StringField(lazy_gettext("Postcode"))
    line1 = StringField(lazy_gettext("Street and number"))
    line2 = StringField(lazy_gettext("Floor, unit, building"))
    city = StringField(lazy_gettext("City"))
    region = StringField(lazy_pgettext("address", "State"))
    is_default = BooleanField(lazy_gettext("Use this address first"))

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        # Only for the words beside the label: the rules say what is missing. City and state depend on the country.
        for name in ("name", "phone", "country", "postcode", "line1"):
            self._fields[name].flags.required = True

    def fields(self) -> Mapping[str, str | None]:
        """What was typed, for the service."""
        names = ("name", "phone", "country", "postcode", "line1", "line2", "city", "region")
        return {name: self._fields[name].data for name in names}
