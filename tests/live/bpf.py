"""The BPF programs of the tests: in a mount namespace of their own, so that nothing else on the host sees them."""
import ctypes
import os
import subprocess

from support import BUILD

LOADER = os.path.join(BUILD, "bpf", "proctcp-bpf")
PINS = "/sys/fs/bpf/proctcp"
CLONE_NEWNS = 0x00020000


def load(*words):
    return subprocess.run([LOADER, *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def mount_here():
    """Puts the calling process into a mount namespace with a BPF file system of its own. Why that cannot be, or None."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNS):
        return "no mount namespace: %s" % os.strerror(ctypes.get_errno())
    for words in (["mount", "--make-rprivate", "/"], ["mount", "-t", "bpf", "-o", "mode=0755", "bpf", "/sys/fs/bpf"]):
        done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode:
            return done.stdout.strip()
    return None


def hide_here():
    """Where the host has the programs loaded: not for the tests, which name the source that they are about."""
    return mount_here() if os.path.exists(PINS) else None


def load_here():
    """Loads the programs for nobody but root. Why that cannot be, or None."""
    if not os.path.exists(LOADER):
        return "%s is not built" % LOADER
    refused = mount_here()
    if refused:
        return refused
    done = load("load")
    return (done.stdout.strip().splitlines() or ["status %d" % done.returncode])[0] if done.returncode else None
