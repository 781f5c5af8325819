"""Every endpoint of Mastodon's client API, asked of a running instance with data: `python -m tests.coverage`, `make coverage-api`."""
