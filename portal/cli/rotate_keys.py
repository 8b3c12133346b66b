"""Encrypt stored values anew with the current key."""

import os

import click


@click.command()
def rotate_keys() -> None:
    """Encrypt everything that an older key has encrypted with the first key of PORTAL_ENCRYPTION_KEYS.

    The portal goes on working meanwhile. May be stopped at any time and run again: what is done stays done. At its end
    it says which keys may be taken out of the list.
    """
    from functools import partial

    from tqdm import tqdm

    from portal.config import Settings
    from portal.db import atomically, reading
    from portal.process import start
    from portal.services.rotate_keys import encrypted_tables, old_keys_in_use, renew_batch

    settings = Settings.from_environment(os.environ)
    start(settings, name="portal rotate-keys", connections=1)
    with reading() as session:
        waiting = sum(old_keys_in_use(session).values())
    with tqdm(total=waiting, unit=" values", desc="portal: rotate-keys", leave=False) as bar:
        for encrypted in encrypted_tables():
            after = None
            while True:
                renewed, after = atomically(partial(renew_batch, encrypted=encrypted, after=after))
                if after is None:
                    break
                bar.update(renewed)
    with reading() as session:
        left = old_keys_in_use(session)
    *older, base = [key.id for key in settings.encryption_keys]
    click.echo(f"{waiting - sum(left.values())} values are encrypted with {settings.current_encryption_key.id} now.")
    for key_id in older[1:]:
        if not left.get(key_id):
            click.echo(f"{key_id} decrypts nothing any more and may be taken out of the list.")
    if len(settings.encryption_keys) > 1:
        click.echo(f"{base} stays: look-ups by e-mail are built on it.")
    if left:
        raise SystemExit(f"portal: {sum(left.values())} values were written with an older key meanwhile: run it again.")
