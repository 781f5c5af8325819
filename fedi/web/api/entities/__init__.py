"""Rows -> JSON of the Mastodon client API, one file per entity. Only here and beside it stand names like `reblogs_count`.

Source: Mastodon documentation, entities.
"""
