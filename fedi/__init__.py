"""fedi: a federated ActivityPub server that one person can own."""

__version__ = "0.1.0"
