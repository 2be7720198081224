"""May we profile a process, with which sampler, at what cost: facts, their judgement, and one real try."""
