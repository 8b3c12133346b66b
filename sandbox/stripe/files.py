"""Files that are uploaded as evidence (docs.stripe.com/file-upload)."""

from sandbox.http import Json, Request
from sandbox.store import new_id
from sandbox.stripe import objects
from sandbox.stripe.errors import ApiError
from sandbox.stripe.reading import show
from sandbox.world import World

PURPOSE = "dispute_evidence"
_MAX_BYTES = 5_000_000
_KINDS = {b"%PDF-": "pdf", b"\xff\xd8": "jpg", b"\x89PNG": "png"}


def create(world: World, request: Request) -> Json:
    """POST /v1/files"""
    content = request.form.get("file")
    if not isinstance(content, bytes) or not content:
        raise ApiError("Missing required param: file.", code="parameter_missing", param="file")
    if request.form.get("purpose") != PURPOSE:
        raise ApiError("Invalid purpose.", param="purpose")
    kind = next((name for magic, name in _KINDS.items() if content.startswith(magic)), None)
    if kind is None or len(content) > _MAX_BYTES:
        raise ApiError("The file is too large, or of a kind that is not taken.", param="file")
    made = {
        "id": new_id("file"),
        "object": "file",
        "created": objects.now(),
        "expires_at": None,
        "filename": f"receipt.{kind}",
        "purpose": PURPOSE,
        "size": len(content),
        "title": None,
        "type": kind,
        "url": None,
    }
    return show(world, world.store.save("files", made))
