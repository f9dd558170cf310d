"""What the tools that talk to a board over its serial line share: which port, and running code on the board."""
