"""What a power cut can still take from a FileRing on FAT: docs/power-cuts.md says what these tests show.

The ring's own blocks survive every cut (tests/host/test_powercut.py). FAT's tables and folders are written once, when
the ring is made, and then only by close(), which notes the time; a card that leaves garbage in such a block loses them.
"""

import sys

sys.path.append(sys.argv[2] + "/tools/powercut")

WASM = False
HEAP = "16m"


def own_changes(workload):
    """(recording, the numbers of its changes to FAT's tables and folders)."""
    from media import in_a_file
    from recording import Recording

    recording = Recording("ring", "fat", workload)
    image = recording.first
    return recording, [n for n, change in enumerate(recording.journal) if not in_a_file(image, change)]


def outcome(recording, index, mode):
    """None if that cut did no harm, else the exception."""
    import engine

    change = recording.journal[index]
    try:
        engine.replay(recording, engine.Cut(index, 0 if mode == "random" else len(change[2]), mode))
    except Exception as error:
        return error


def test_a_ring_that_is_there_writes_no_table_and_no_folder_until_it_is_closed():
    for workload in ("singles", "acks", "clears", "turn", "lap"):
        recording, own = own_changes(workload)
        assert recording.journal and not own, (workload, own)


def test_close_writes_one_block_of_the_folder():
    recording, own = own_changes("boots")
    boots = [name for name, _ in recording.workload.steps].count("boot")
    assert 0 < len(own) <= boots, (len(own), boots)


def test_only_garbage_in_fats_own_blocks_can_take_the_ring():
    for workload in ("first", "boots"):
        recording, own = own_changes(workload)
        own = own[:20]
        whole = [outcome(recording, index, "prefix") for index in own]
        assert not any(whole), whole
        # Only up to the first: MicroPython's own FAT ends in a segmentation fault over some garbage, one in hundreds.
        lost = None
        for index in own:
            if outcome(recording, index, "random"):
                lost = index
                break
        print(workload, "change", lost, "takes the ring if it leaves garbage; FAT's own are", own)
        assert lost is not None, "FAT withstands more than the docs say"
