"""What the `fedi` command asks of an instance: verbs, and the Unix socket by which a running server is asked.

`verbs.VERBS` maps a name to `async (instance, args) -> JSON-able`; `server.Doorway` answers on the socket; `wire` is both ends' form.
"""
