"""`import keep_loaded`, before the rest of the library, where rings are opened by the hundred: what is loaded stays so.

On a board what opening and a drain need once is loaded each time, after a collection, and then let go to give back its
RAM. Compiling it again and again would take four fifths of the time of such a test.
"""

import blynk_batch


def load(module, name=None):
    found = __import__("blynk_batch." + module, None, None, (name or module,))
    return getattr(found, name) if name else found


blynk_batch.load = load
blynk_batch.let_go = lambda name: None
