"""The database. Nothing outside this package says SELECT; everything that reads a post goes through `visible`."""
