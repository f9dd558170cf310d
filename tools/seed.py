"""The seed of what tests and power cuts draw at random: a new one each day, or the number in BLYNK_BATCH_SEED."""

import os
import time

SETTING = "BLYNK_BATCH_SEED"


def seed():
    """ValueError for a setting that is no number."""
    text = os.environ.get(SETTING) or time.strftime("%Y%m%d", time.gmtime())
    if not text.isdigit():
        raise ValueError("%s=%s: a seed is a number, such as 20261128" % (SETTING, text))
    return int(text)
