"""The application for a WSGI server, from the environment."""

import os

from portal import create_app
from portal.config import Settings
from portal.process import settle

app = create_app(Settings.from_environment(os.environ))
settle()
