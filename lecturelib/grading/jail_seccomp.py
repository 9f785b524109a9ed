"""System calls that an answer has no use for, refused by the kernel (seccomp): sockets, mounts, ptrace and others.

The filter is written here as classic BPF, so that no library is needed. It is set by the process itself, before any
code of a student runs, and holds for all its children; it cannot be taken back.
"""

from __future__ import annotations

import ctypes
import errno
import platform
import struct

# number on x86-64, number on aarch64 (None: not there). From 424 on, all architectures have the same numbers.
REFUSED = {
    "socket": (41, 198), "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271),
    "kcmp": (312, 272), "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41), "chroot": (161, 51),
    "setns": (308, 268), "unshare": (272, 97), "keyctl": (250, 219), "add_key": (248, 217), "request_key": (249, 218),
    "bpf": (321, 280), "perf_event_open": (298, 241), "userfaultfd": (323, 282), "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426), "io_uring_register": (427, 427), "kexec_load": (246, 104),
    "kexec_file_load": (320, 294), "init_module": (175, 105), "finit_module": (313, 273), "delete_module": (176, 106),
    "open_by_handle_at": (304, 265), "name_to_handle_at": (303, 264), "quotactl": (179, 60), "swapon": (167, 224),
    "swapoff": (168, 225), "reboot": (169, 142), "acct": (163, 89), "settimeofday": (164, 170),
    "clock_settime": (227, 112), "adjtimex": (159, 171), "clock_adjtime": (305, 266), "iopl": (172, None),
    "ioperm": (173, None), "memfd_create": (319, 279), "memfd_secret": (447, 447), "shmget": (29, 194),
    "shmat": (30, 196), "msgget": (68, 186), "semget": (64, 190), "mq_open": (240, 180), "pidfd_getfd": (438, 438),
    "open_tree": (428, 428), "move_mount": (429, 429), "fsopen": (430, 430), "fsconfig": (431, 431),
    "fsmount": (432, 432), "fspick": (433, 433), "mount_setattr": (442, 442), "fanotify_init": (300, 262),
    "syslog": (103, 116), "personality": (135, 92),
}  # fmt: skip
CLONE = {"x86_64": 56, "aarch64": 220}
CLONE3 = 435
AUDIT = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
NEW_NAMESPACES = 0x7E020080  # user, pid, net, mount, uts, ipc, cgroup, time
KILL, REFUSE, ALLOW = 0x80000000, 0x00050000, 0x7FFF0000
LOAD, EQUAL, AT_LEAST, ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
SET_NO_NEW_PRIVILEGES, SET_SECCOMP, FILTER = 38, 22, 2


def program(machine: str) -> bytes:
    """The filter for `x86_64` or `aarch64`, as the kernel reads it: 8 bytes an instruction.

    A refused call fails with EPERM; `clone3` with ENOSYS, so that libraries take `clone`, whose flags can be looked
    at.

    >>> len(program("x86_64")) % 8
    0
    """
    refused = REFUSE | errno.EPERM
    lines = [(LOAD, 0, 0, 4), (EQUAL, 1, 0, AUDIT[machine]), (RETURN, 0, 0, KILL), (LOAD, 0, 0, 0)]
    if machine == "x86_64":  # the x32 numbers would pass by all rules below
        lines += [(AT_LEAST, 0, 1, 0x40000000), (RETURN, 0, 0, refused)]
    for numbers in REFUSED.values():
        number = numbers[0 if machine == "x86_64" else 1]
        if number is not None:
            lines += [(EQUAL, 0, 1, number), (RETURN, 0, 0, refused)]
    lines += [(EQUAL, 0, 1, CLONE3), (RETURN, 0, 0, REFUSE | errno.ENOSYS)]
    lines += [(EQUAL, 0, 3, CLONE[machine]), (LOAD, 0, 0, 16), (ANY_BIT, 0, 1, NEW_NAMESPACES)]
    lines += [(RETURN, 0, 0, refused), (RETURN, 0, 0, ALLOW)]
    return b"".join(struct.pack("<HBBI", *line) for line in lines)


def no_new_privileges() -> None:
    """From here on no program that is started gains a privilege (a set-uid program does not)."""
    if ctypes.CDLL(None, use_errno=True).prctl(SET_NO_NEW_PRIVILEGES, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl(no_new_privs)")


def refuse_system_calls() -> bool:
    """Set the filter on this process for good; False where the kernel or the machine has none."""
    machine = platform.machine()
    if machine not in AUDIT:
        return False
    code = ctypes.create_string_buffer(program(machine))

    class Program(ctypes.Structure):
        _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))

    whole = Program(len(code.raw) // 8, ctypes.cast(code, ctypes.c_void_p))
    libc = ctypes.CDLL(None, use_errno=True)
    return libc.prctl(SET_SECCOMP, FILTER, ctypes.byref(whole), 0, 0) == 0
