"""`make bench`: what a durable reading costs, beside the ways that programs commonly take."""
