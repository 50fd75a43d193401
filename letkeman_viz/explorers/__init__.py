"""Explorables: science and widgets wired together, one module a chapter. Notebooks call these."""
