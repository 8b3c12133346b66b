"""Money of the mall as administrators see and decide about it."""
