"""Where exchange rates come from: one port, two providers of the European Central Bank's table."""
