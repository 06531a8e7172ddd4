"""One end of the demo's connection: pair.py server, or pair.py client PORT. Says its port, or "connected", on stdout."""
import ctypes
import socket
import sys
import time


def serve():
    ctypes.CDLL(None).prctl(15, b"echo-server", 0, 0, 0)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        print(listener.getsockname()[1], flush=True)
        connection, _ = listener.accept()
        with connection:
            while True:
                data = connection.recv(4096)
                if not data:
                    return
                connection.sendall(data)


def talk(port):
    ctypes.CDLL(None).prctl(15, b"echo-client", 0, 0, 0)
    with socket.create_connection(("127.0.0.1", port)) as connection:
        print("connected", flush=True)
        while True:
            connection.sendall(b"hello world!")
            if connection.recv(4096) != b"hello world!":
                sys.exit("the echo is not what was sent")
            time.sleep(1)


if __name__ == "__main__":
    if sys.argv[1] == "server":
        serve()
    else:
        talk(int(sys.argv[2]))
