"""`python -m fedi` is the `fedi` command."""

from fedi.cli import main

if __name__ == "__main__":
    main()
