"""A local server that speaks Blynk's timestamped batch upload, keeps every point and misbehaves on request.

Start it with `make sandbox` or `python -m tools.sandbox`; host tests use `tools.sandbox.testing`.
"""
