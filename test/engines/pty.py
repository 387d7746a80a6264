"""pty.py COMMAND...: runs it on a terminal of 24 by 80. Reads steps from standard input, one JSON list a line: ["until", TEXT], ["send", TEXT],
["size", ROWS, COLUMNS]. Prints what the terminal showed, and ends with the command's exit code."""
import fcntl
import json
import os
import struct
import sys
import termios

# This file has the name of the module that it needs.
sys.path.pop(0)
import pty


def size(terminal, rows, columns):
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def main():
    steps = [json.loads(line) for line in sys.stdin]
    child, terminal = pty.fork()
    if child == 0:
        os.execvp(sys.argv[1], sys.argv[1:])
    size(terminal, 24, 80)
    shown = seen = b""

    def more():
        try:
            return os.read(terminal, 4096)
        except OSError:
            return b""

    for kind, *what in steps:
        if kind == "size":
            size(terminal, *what)
        elif kind == "send":
            os.write(terminal, what[0].encode())
        else:
            while what[0].encode() not in seen:
                chunk = more()
                if not chunk:
                    break
                shown += chunk
                seen += chunk
            # What came before is not waited for again.
            seen = seen.partition(what[0].encode())[2]
    while chunk := more():
        shown += chunk
    sys.stdout.write(shown.decode(errors="replace"))
    sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))


main()
