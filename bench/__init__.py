"""What the installed server does per second of its processor: `make bench`."""
