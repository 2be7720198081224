"""Telling others of reports: once accepted, and again when stored."""
