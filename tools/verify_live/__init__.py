"""Sends labelled batches to the real service and shows its answers beside the sandbox's."""
