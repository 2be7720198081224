"""Acting on a trigger: recorder and collectors over the collection window."""
