"""`config.toml` as typed settings, and where files live."""
