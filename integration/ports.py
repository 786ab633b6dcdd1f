"""Ports of this machine, for programs that must be told theirs: below those that the kernel gives to
outgoing connections, one of which could take a port between the look and the program's own bind."""
import random
import socket


def free_port():
    while True:
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", random.SystemRandom().randrange(10000, 32768)))
                return probe.getsockname()[1]
            except OSError:
                continue
