"""Our own short-lived children: what must not burden the daemon runs here."""
