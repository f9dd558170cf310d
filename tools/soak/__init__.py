"""make soak: a simulated month of everything that can go wrong, and a ledger that must add up."""
