"""Words for what administrators do about people."""

from __future__ import annotations

from collections.abc import Mapping

from portal.kit.text import N_

PEOPLE_ACTIONS: Mapping[str, str] = {
    "user:blocked": N_("Sign-in blocked"),
    "user:unblocked": N_("Sign-in unblocked"),
    "user:roles-changed": N_("Roles changed"),
    "user:factors-reset": N_("Second proofs removed"),
    "user:password-link-sent": N_("Link for a new password sent"),
    "user:noted": N_("Note written"),
}
# As `user_note.act` holds them.
ACTS: Mapping[str, str] = {
    "note": N_("Note"),
    "blocked": N_("Sign-in blocked"),
    "unblocked": N_("Sign-in unblocked"),
    "signed_out": N_("Signed out everywhere"),
    "password_link": N_("Link for a new password sent"),
    "factors_reset": N_("Second proofs removed"),
    "roles": N_("Roles changed"),
}
