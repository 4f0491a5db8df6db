"""`python -m haechi`: the same as the `haechi` command."""

from haechi.cli import main

if __name__ == "__main__":
    main()
