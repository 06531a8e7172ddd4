"""Files of mibs/nms that scripts make: where they are, and how they come there."""
import os

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def folder(name):
    return os.path.join(TOP, "mibs", "nms", name)


def write(where, files):
    """files: {name: text}"""
    for name, text in files.items():
        with open(os.path.join(where, name), "w") as file:
            file.write(text)
