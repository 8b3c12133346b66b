"""The end of a channel: what it leaves is saved, handed over and ended (CHN-02)."""
