"""The spool: where reports wait on disk until every sink has them."""
