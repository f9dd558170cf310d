"""What is delivered, in what order and when, and what a reply means for it.

Pure policy over a ring and a transport's one method; knows no sockets.
"""
