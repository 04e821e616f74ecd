"""Makes docs/errors.md: texts and figures from recorded runs, their meaning from meanings.toml."""
