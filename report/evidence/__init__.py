"""Evidence, read into the sample table and into looks at all threads."""
