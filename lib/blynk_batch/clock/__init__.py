"""The time of each point: wall clock, uptime, boots and what ties them together.

Knows the frames and notes that carry time; nothing of the network.
"""
