"""Run the command line: ``python -m orchestration --help``."""

from orchestration.command_line.commands import main

if __name__ == "__main__":
    main()
