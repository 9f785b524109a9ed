"""What the canary tries inside the jail: the sources of its probes, each a function that says what it got."""

NETWORK = """
import socket, os
def probe(port):
    got = []
    for family, kind, where in (
        (socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", port)),
        (socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", port)),
        (socket.AF_INET6, socket.SOCK_STREAM, ("::1", port)), (socket.AF_UNIX, socket.SOCK_STREAM, "/run/docker.sock"),
        (socket.AF_UNIX, socket.SOCK_STREAM, "/var/run/dbus/system_bus_socket"),
    ):
        try:
            with socket.socket(family, kind) as pipe:
                pipe.settimeout(2)
                pipe.connect(where)
                pipe.send(b"x")
                got.append(str(where))
        except Exception:
            pass
    try:
        socket.getaddrinfo("example.org", 80); got.append("names")
    except Exception:
        pass
    return got
"""
SECRET = """
import os
def probe(path):
    name, found = os.path.basename(path), []
    for place in (path, "/proc/1/root" + path, "/proc/self/root" + path, f"/proc/{os.getppid()}/root" + path):
        try:
            found.append(open(place).read())
        except OSError:
            pass
    for where, below, names in os.walk("/"):
        below[:] = [each for each in below if each not in ("proc", "sys", "site-packages", "lib", "share", "python3")]
        if name in names:
            found.append(where)
    return found
"""
SEES = """
import os
def probe(word):
    seen = [word for key, value in os.environ.items() if word in value]
    for pid in os.listdir("/proc"):
        if pid.isdigit():
            for file in ("environ", "cmdline"):
                try:
                    if word.encode() in open(f"/proc/{pid}/{file}", "rb").read():
                        seen.append(pid)
                except OSError:
                    pass
    return [seen, sum(pid.isdigit() for pid in os.listdir("/proc")), os.listdir(os.path.expanduser("~"))]
"""
WRITES = """
import os
def probe(places):
    done = []
    for place in places:
        try:
            with open(os.path.join(place, "canary-was-here"), "w") as file:
                file.write("x")
            done.append(place)
        except OSError:
            pass
    return done
"""
CALLS = """
import ctypes, os
def probe(_):
    libc = ctypes.CDLL(None, use_errno=True)
    done = []
    if libc.unshare(0x10000000) == 0: done.append("unshare a user namespace")
    if libc.unshare(0x00020000) == 0: done.append("unshare a mount namespace")
    if libc.mount(b"none", b"/tmp", b"tmpfs", 0, 0) == 0: done.append("mount")
    if libc.ptrace(16, os.getppid(), 0, 0) == 0: done.append("ptrace its parent")
    for call in (os.setuid, os.setgid):
        try:
            call(0); done.append(call.__name__ + " 0")
        except OSError:
            pass
    return done
"""
MEMORY = """
def probe(_):
    kept = []
    while True:
        kept.append(bytearray(64_000_000))
"""
MEMORY_OF_MANY = """
import os, time
def probe(_):
    for _ in range(8):
        if os.fork() == 0:
            kept = [bytearray(50_000_000) for _ in range(8)]
            time.sleep(60)
    time.sleep(60)
"""
PROCESSES = """
import os, time
def probe(most):
    made = 0
    while made < most:
        try:
            if os.fork() == 0:
                time.sleep(60)
            made += 1
        except OSError:
            break
    return made
"""
DISK = """
import os
def probe(places):
    written = 0
    for place in places:
        for number in range(64):
            try:
                with open(f"{place}/{number}", "wb") as file:
                    for _ in range(8):
                        file.write(bytes(1_000_000)); written += 1
            except OSError:
                break
    return written
"""
ENDLESS = """
import signal
for number in range(1, 65):
    try:
        signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError):
        pass
def probe(_):
    while True:
        pass
"""
OUTLIVES = """
import os
def probe(mark):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.execv("/bin/sleep", ["sleep", mark])
        os._exit(0)
    return True
"""
