"""Why a target is not met, with the measurements that show it, for docs/benchmarks.md; by (what, on)."""

WHY = {}
