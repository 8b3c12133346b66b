"""How changes come through to each channel, and what to do where they do not."""
