"""The application for a WSGI server, from the environment."""

import os
import threading

import structlog
from sqlalchemy.exc import SQLAlchemyError

from portal import create_app
from portal.blueprints.door import Door
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


settings = Settings.from_environment(os.environ)
app = create_app(settings)
app.wsgi_app = Door(app.wsgi_app, settings.web_threads)  # type: ignore[method-assign]  # How Flask takes middleware.
threading.Thread(target=_read_models, name="models", daemon=True).start()
