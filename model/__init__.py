"""The nouns of loopcam as frozen data: no input or output but (de)serialising."""
