"""Draws a report from its evidence: the sample table, its views, the pages."""
