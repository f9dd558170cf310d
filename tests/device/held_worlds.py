"""Worlds in which a server refuses some points: what was asked of a pin, days that pass, points that went twice."""

from delivery import DAY_S, World


def filled(count, bad=(), pins=(1, 2), **options):
    """A World with `count` groups; those of V1 whose number is in `bad` are refused."""
    world = World(**options)
    for number in range(count):
        world.log(*pins, bad=(1,) if number in bad else ())
    return world


def of(pin, requests):
    return [request for request in requests if request[0] == pin]


def days(world, count):
    """Requests of each of the next days."""
    found = []
    for _ in range(count):
        world.wait(DAY_S)
        found.append(len(world.drain()))
        world.check()
    return found


def twice(world):
    return [point for point in world.got if world.got[point] > 1]
