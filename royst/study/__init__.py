"""The promise: what is asked, of whom, and what will be said of it, written down before any answer is seen."""
