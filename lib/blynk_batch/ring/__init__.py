"""The log: what was acknowledged stays, through power cuts and damage, in bounded space.

Knows frames, sectors and the state that must survive; no filesystem, no network, no Blynk.
"""
