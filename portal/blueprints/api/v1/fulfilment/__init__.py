"""Parts of orders that a store sends."""
