"""The application for a WSGI server, from the environment."""

import os
import threading

import structlog
from sqlalchemy.exc import SQLAlchemyError

from portal import create_app
from portal.config import Settings
from portal.db import reading
from portal.services.fraud.score_models import get_ready


def _read_models() -> None:
    """Make the models that score now ready; without a database the first decision does it."""
    try:
        with reading() as session:
            get_ready(session)
    except SQLAlchemyError as error:
        structlog.get_logger().warning("models_not_read", error=str(error))


app = create_app(Settings.from_environment(os.environ))
threading.Thread(target=_read_models, name="models", daemon=True).start()
