"""A partner's mini-app: it sells the mall's goods in a shop of its own. See README.md beside this file."""
