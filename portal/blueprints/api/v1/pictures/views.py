"""Pictures of a store's products: kept first, then named by products (CAT-01)."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import Field

from portal.blueprints.access import NotFoundError
from portal.blueprints.api.files import BODY_BYTES_MAX, EXAMPLE, UNFIT, FileIn, read_attachments
from portal.blueprints.api.keys import api_actor
from portal.blueprints.api.operations import Reply, operation
from portal.blueprints.api.own_store import own_store
from portal.blueprints.api.schemas import In, Out, Text
from portal.blueprints.api.v1.catalogue.views import picture_address
from portal.db import atomically, reading
from portal.kit import clock
from portal.kit.file_kinds import FILES_MAX, PICTURES
from portal.rules.permissions import Permission
from portal.services.accounts.throttle import TooOftenError
from portal.services.catalogue.edit_product import keep_photos
from portal.services.catalogue.errors import CatalogueForbiddenError

_ID = "photo-0193a7c2-5d1e-7c7e-9f3a-0b6f3f1d2a4b"


class PicturesIn(In):
    """Pictures that are to be kept."""

    store: Text = Field(default="", description="The store's address name, where the person works for several.")
    pictures: Annotated[list[FileIn], Field(min_length=1, max_length=FILES_MAX)]


class KeptPicture(Out):
    """A picture that products may name."""

    key: str = Field(description="For `pictures` of a product and `picture` of its variants.")
    url: str | None = Field(description="Where it is, relative to the host.")


class KeptPictures(Out):
    """The pictures in the order in which they were sent."""

    items: list[KeptPicture]


@operation(
    "POST",
    "/store/pictures",
    tag="Products",
    summary="Keep pictures for products",
    description=(
        "JPEG, PNG or WebP. They are drawn anew, without the place and the camera. Name their keys in a product; a "
        "picture that no product names is seen by nobody."
    ),
    permission=Permission.PRODUCT_EDIT,
    body=PicturesIn,
    body_example={"pictures": [EXAMPLE]},
    body_bytes_max=BODY_BYTES_MAX,
    answer=KeptPictures,
    status=201,
    answer_text="They are kept.",
    example={"items": [{"key": _ID, "url": "/photos/0193a7c2-5d1e-7c7e-9f3a-0b6f3f1d2a4b"}]},
    refusals=(NotFoundError, CatalogueForbiddenError, *UNFIT, TooOftenError(timedelta(minutes=30))),
)
def keep_product_pictures(body: PicturesIn) -> Reply:
    actor, now = api_actor(), clock.now()
    with reading() as session:
        store_id = own_store(session, body.store, NotFoundError)
    files = read_attachments(body.pictures, taken=PICTURES)
    keys = atomically(lambda s: keep_photos(s, store_id=store_id, files=files, actor=actor, now=now))
    return Reply(KeptPictures(items=[KeptPicture(key=key, url=picture_address(key)) for key in keys]), 201)
