"""Which serial port a board is at, and why a port cannot be opened."""

import errno
import os
import sys

from serial.tools import list_ports

from tools.board.errors import PortProblem


def find(port=None):
    """The port's name: `port` if given, else the one USB serial port that is there. Raises PortProblem."""
    if port:
        return port
    found = usb_ports()
    if not found:
        raise PortProblem(
            "No board was found: connect one by a USB cable that carries data, or name its port with PORT=..."
        )
    if len(found) > 1:
        raise PortProblem("Several boards are connected: name one of them with PORT=..., %s." % _listed(found))
    return found[0].device


def usb_ports():
    return sorted((port for port in list_ports.comports() if port.vid is not None), key=lambda port: port.device)


def _listed(ports):
    return " or ".join("%s (%s)" % (port.device, port.description) for port in ports)


def explain(port, error):
    """The PortProblem for an OSError or a tool's own exception on opening `port`."""
    if not sys.platform.startswith("win"):
        if not os.path.exists(port):
            return PortProblem("There is no port %s; %s." % (port, _there()))
        if not os.access(port, os.R_OK | os.W_OK):
            how = "You may not open %s: `sudo usermod -aG %s $USER`, log in again and run this again."
            return PortProblem(how % (port, _group(port)))
        if not _is_serial(port):
            return PortProblem("%s is no serial port; %s." % (port, _there()))
    if _is_in_use(error):
        return PortProblem(
            "%s is in use by another program: close the one that has it open (a serial monitor, Thonny, mpremote) "
            "and run this again." % port
        )
    return PortProblem("%s cannot be opened (%s)." % (port, error))


def _there():
    found = usb_ports()
    return "there is " + _listed(found) if found else "no board is connected by USB"


def _is_serial(port):
    """True also for one that cannot be opened now."""
    try:
        descriptor = os.open(port, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    except OSError as error:
        return error.errno != errno.EISDIR
    try:
        return os.isatty(descriptor)
    finally:
        os.close(descriptor)


def _is_in_use(error):
    """pyserial locks the port for itself; Windows lets only one program open it."""
    in_use = getattr(error, "errno", None) in (errno.EAGAIN, errno.EBUSY, errno.EACCES)
    return in_use or any(word in str(error) for word in ("exclusively lock", "failed to access", "PermissionError"))


def _group(port):
    import grp

    try:
        return grp.getgrgid(os.stat(port).st_gid).gr_name
    except KeyError:
        return "dialout"
