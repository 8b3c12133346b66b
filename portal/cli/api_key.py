"""Make, list, exchange and revoke API keys."""

import os
import uuid
from datetime import timedelta

import click

from portal.config import ConfigurationError, Settings
from portal.process import start


def _start() -> Settings:
    settings = Settings.from_environment(os.environ)
    start(settings, name="portal api-key", connections=1)
    return settings


@click.group(name="api-key")
def api_key() -> None:
    """Make, list, exchange and revoke the keys with which programs use the API at /api/v1.

    A key acts for one account on one channel, with at most the account's own permissions.
    """


@api_key.command()
@click.option("--user", "email", required=True, help="E-mail of the account for which the key acts.")
@click.option("--channel", "channel_code", required=True, help="Code of the channel on which it works, such as kr.")
@click.option("--name", required=True, help="What uses it, for the list.")
@click.option(
    "--permission", "names", multiple=True, help="Give only this one (repeat it); all of the account without."
)
@click.option("--days", type=click.IntRange(1, 3650), help="Let it expire after so many days.")
def make(*, email: str, channel_code: str, name: str, names: tuple[str, ...], days: int | None) -> None:
    """Make a key and print it. It is shown this once: only its hash is kept."""
    from portal.db import transaction
    from portal.kit import clock
    from portal.kit.errors import PortalError
    from portal.rules.permissions import SYSTEM, Permission
    from portal.services.accounts.make_api_client import make_api_client

    settings, now = _start(), clock.now()
    unknown = [one for one in names if one not in set(Permission)]
    if unknown:
        raise ConfigurationError(f"There is no permission {unknown[0]!r}.")
    try:
        with transaction() as session:
            made = make_api_client(
                session,
                actor=SYSTEM,
                user_id=_user_id(email),
                channel_id=_channel_id(channel_code),
                name=name,
                permissions=[Permission(one) for one in names] or None,
                expires_at=now + timedelta(days=days) if days else None,
                is_live=settings.is_production,
                now=now,
            )
    except PortalError as refusal:
        raise ConfigurationError(str(refusal)) from None
    click.echo(f"portal: key {made.id} may {', '.join(made.permissions)}", err=True)
    click.echo("portal: this is the key; it is not shown again", err=True)
    click.echo(made.key)


@api_key.command(name="list")
@click.option("--user", "email", help="Only the keys of this account.")
def list_(*, email: str | None) -> None:
    """List keys, the newest first: id, channel, the key's last characters, state, name."""
    from portal.db import reading
    from portal.kit import clock
    from portal.queries.api_clients import list_clients
    from portal.queries.channels import channel_directory

    _start()
    now = clock.now()
    with reading() as session:
        clients = list_clients(session, user_id=_user_id(email) if email else None)
    for client in clients:
        state = "revoked" if client.revoked_at else "expired" if client.has_expired(now) else "good"
        channel = channel_directory().by_id(client.channel_id).code
        used = f"{client.last_used_at:%Y-%m-%d %H:%M}Z" if client.last_used_at else "never used"
        click.echo(f"{client.id}  {channel:<6} …{client.hint}  {state:<8} {used:<18} {client.name}")


@api_key.command()
@click.argument("client_id", type=click.UUID)
@click.option("--overlap-hours", type=click.IntRange(0, 168), default=24, help="How long the old key stays good.")
def rotate(*, client_id: uuid.UUID, overlap_hours: int) -> None:
    """Exchange the key with this id and print the new one. It is shown this once."""
    from portal.db import transaction
    from portal.kit import clock
    from portal.kit.errors import PortalError
    from portal.rules.permissions import SYSTEM
    from portal.services.accounts.rotate_api_client import rotate_api_client

    settings, now, overlap = _start(), clock.now(), timedelta(hours=overlap_hours)
    try:
        with transaction() as session:
            made = rotate_api_client(
                session,
                actor=SYSTEM,
                client_id=client_id,
                overlap=overlap,
                is_live=settings.is_production,
                now=now,
            )
    except PortalError as refusal:
        raise ConfigurationError(str(refusal)) from None
    until = f"stays good until {now + overlap:%Y-%m-%d %H:%M}Z" if overlap else "is not good any more"
    click.echo(f"portal: this is the key; it is not shown again. The old one {until}", err=True)
    click.echo(made.key)


@api_key.command()
@click.argument("client_id", type=click.UUID)
def revoke(client_id: uuid.UUID) -> None:
    """Revoke the key with this id: the next request with it is refused."""
    from portal.db import transaction
    from portal.kit import clock
    from portal.kit.errors import PortalError
    from portal.rules.permissions import SYSTEM
    from portal.services.accounts.revoke_api_client import revoke_api_client

    _start()
    try:
        with transaction() as session:
            is_new = revoke_api_client(session, actor=SYSTEM, client_id=client_id, now=clock.now())
    except PortalError as refusal:
        raise ConfigurationError(str(refusal)) from None
    click.echo("portal: the key is revoked" if is_new else "portal: the key was revoked before", err=True)


def _user_id(email: str) -> uuid.UUID:
    from portal.crypto import email_index
    from portal.db import reading
    from portal.queries.api_clients import find_user_id
    from portal.services.accounts.emails import EmailUnfitError, normalise_email

    try:
        index = email_index(normalise_email(email))
    except EmailUnfitError as refusal:
        raise ConfigurationError(str(refusal)) from None
    with reading() as session:
        found = find_user_id(session, email_index=index)
    if found is None:
        raise ConfigurationError(f"There is no account with the e-mail {email}.")
    return found


def _channel_id(code: str) -> int:
    from portal.queries.channels import channel_directory

    directory = channel_directory()
    if code not in directory.codes:
        raise ConfigurationError(f"There is no channel {code!r}; there are {', '.join(sorted(directory.codes))}.")
    return directory[code].id
