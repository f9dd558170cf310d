"""Verified TLS on MicroPython 1.20 and 1.21, which have a function for it instead of a context. Loaded there alone."""


class Context:
    """What secure.context() gives."""

    def __init__(self, module, root):
        self._module, self._root = module, root

    def wrap_socket(self, sock, server_hostname, do_handshake_on_connect):
        module = self._module
        return module.wrap_socket(
            sock,
            server_hostname=server_hostname,
            cert_reqs=module.CERT_REQUIRED,
            cadata=self._root,
            do_handshake=do_handshake_on_connect,
        )
