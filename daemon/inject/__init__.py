"""Puts loopcam into manifests that are not ours, in their text: all around it stays, byte for byte."""
