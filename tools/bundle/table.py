"""Which module goes into which bundle. A bundle holds what a board loads together, and no more: the heap pays for it.

The bundles' names begin with an underscore, so that none hides behind a folder that an older installation left.
"""

# What a board that only logs needs; what opening a ring needs, and one that is new, on raw flash or not as it was left
# needs besides (both are let go of afterwards); what an upload needs, ... `_foreign` is for what few raw media meet,
# something else that is there; `_outcomes` and `_refusals` for what is seldom needed, a reply that accepts nothing;
# `_network` for what is as rare, the time, or a block that fails; `_refused` for points that are refused.
BUNDLES = {
    "__init__": "__init__ client guard point errors clock.wall clock.boots ring.record ring.state "
    "ring.sector ring.pages ring.log rings media.littlefs",
    "_open": "opening arguments ring.recover ring.decode",
    "_read": "ring.course ring.reader ring.parsing",
    "_room": "ring.room ring.books",
    "_found": "media.names ring.torn",
    "_raw": "media.slots media.device media.tails",
    "_foreign": "media.foreign media.fat",
    "_pace": "upload.pace upload.due upload.result",
    "_upload": "blynk ring.fast upload.batch upload.counting upload.window upload.terms "
    "upload.uploader upload.call",
    "_send": "http.requests http.pieces http.reply",
    "_times": "clock.times report",
    "_network": "clock.network upload.date ring.rewrite",
    "_outcomes": "upload.outcomes upload.ranges",
    "_refused": "upload.held upload.settled upload.search",
    "_refusals": "refusals upload.hold upload.secret",
    "_https": "http.https",
    "_tls": "http.tls",
    "_run": "upload.run",
    "_wifi": "wifi",
    "_words": "words",
}
# Where a module goes that the table does not name.
ROOMS = {"": "_more", "clock": "_times", "ring": "_room", "media": "_more", "upload": "_refused", "http": "_https"}
# Who takes a bundle of several modules out of the heap again: whoever is the last to need it.
LET_GO_BY = {
    "_open": "client",
    "_found": "ring.log",
    "_network": "clock.wall",
    "_read": "ring.log",
    "_room": "ring.log client",
    "_times": "client",
    "_outcomes": "upload.result client",
    "_refused": "upload.result",
}


def homes(modules, alone=(), bundles=BUNDLES, rooms=ROOMS):
    """({module: bundle}, [a sentence for each module that the table does not name]).

    `alone`: modules that cannot be joined. A room's own __init__.py holds only its promise and is left out."""
    named = {module: bundle for bundle, members in bundles.items() for module in members.split()}
    found, said = {}, []
    for module in modules:
        if module.endswith(".__init__"):
            continue
        room = module.rpartition(".")[0]
        if module in alone:
            found[module] = "_" + module.replace(".", "_")
        elif module in named:
            found[module] = named[module]
        else:
            found[module] = rooms.get(room.split(".")[0], "_" + module.replace(".", "_"))
            said.append("%s is in no bundle of tools/bundle/table.py: it goes into %s" % (module, found[module]))
    return found, said
