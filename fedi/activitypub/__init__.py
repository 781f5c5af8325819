"""The wire: ActivityPub as servers speak it. Knows nothing of the client API or of pages."""
