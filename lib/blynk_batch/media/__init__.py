"""Where sectors live: files on littlefs, one file on FAT, erase blocks, cards. Knows what a torn write leaves on each;
nothing of what the bytes mean.

A medium keeps sectors, numbered by a sequence that only grows, and promises this to the ring above it:

    sector_bytes  bytes of a sector             slots    sectors that it holds at once
    unit          frames start at multiples of  burst    bytes of one append() that a cut can leave torn
    skips         raw: a sector whose begin() or append() fails is left out, less than so many in a row; else False.
                  With a unit of 1 bytes can be programmed to 0x00 in place there, also what a torn append left
    place, remedy where it is, and what ends a refusal, in words

    read(sequence, offset, view)    fill `view`. What was never written reads as 0xFF, as does a missing sector
    append(sequence, offset, data)  durable on return. `offset` is where the bytes before end; 0 begins the sector,
                                    which counts from then on. A cut leaves a part of `data`, of whose last burst
                                    any bits; what lies before `offset` stays as it was. Where `skips` is False a cut
                                    leaves all of it or none
    begin(sequence)                 make the place ready: what was there is gone
    end(sequence)                   bytes of the newest sector that can be in use, at most
    seal(sequence, offset)          the sector is full and takes no more
    drop(sequence)                  it is not needed; also for one that is not there
    slot(sequence)                  its place as a number that goes into the checks, the same for as long as it lives
    free_from(sequence)             the first from there on that can be begun: names can be taken by others' files
    oldest_from(sequence, newest)   the first from there on that is there: what was dropped may not be noted yet
    prepare(sequence)               begin() ahead of time, where `skips`
    overwrites(sequence)            True if its bytes can be written over, which a cut could tear; where `skips`, of a
                                    sector that was begun and has no byte yet
    give_spare()                    free blocks kept for a full disk; False if there are none
    close()                         let go of files; the medium goes on at the next call

What finds the newest sector gives a span, (oldest, newest) sequence, or None where no ring is: Slots.open() and
foreign.find(), Files.span(). `oldest` may be too low; the ring's own state says what was dropped.

Errors: OSError with the filesystem's or the driver's number. 28: the disk is full, the ring makes room and calls again.
Any other: nothing of the call counts as stored, what was stored before still does. WrongDevice, only while a ring is
looked for: others' data or another format, and nothing was changed.
"""
