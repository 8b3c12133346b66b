"""Outgoing webhooks: endpoints, messages, and what became of them (API-02)."""
