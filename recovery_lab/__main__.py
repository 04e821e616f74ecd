"""Run the command line: `recovery-lab`."""

from recovery_lab.cli import main

main()
