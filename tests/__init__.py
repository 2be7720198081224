"""Tests. A package, so that its modules never stand in for ours of the same name (`daemon`)."""
