"""`python -m bisector` is the command `bisector`."""

from bisector.cli.main import main

if __name__ == "__main__":
    main()
