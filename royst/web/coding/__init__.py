"""Coding interviews in the browser. One process serves one sub-study; its files are the only state, beside who is signed in."""
