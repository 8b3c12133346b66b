"""Programs of others, as they would be written: they use the public API and its webhooks, and nothing of the portal."""
