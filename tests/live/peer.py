"""An SNMPv2c agent that answers as a test wishes, wrongly above all. Knows as much of BER as that takes."""
import socket
import threading

GET, GETNEXT, RESPONSE, GETBULK = 0xA0, 0xA1, 0xA2, 0xA5
INTEGER, TEXT, NULL, GAUGE, COUNTER64, ADDRESS = 0x02, 0x04, 0x05, 0x42, 0x46, 0x40
NO_SUCH_OBJECT, NO_SUCH_INSTANCE, END_OF_VIEW = 0x80, 0x81, 0x82


def tlv(tag, content):
    length = len(content)
    head = bytes([length]) if length < 128 else b"\x82" + length.to_bytes(2, "big")
    return bytes([tag]) + head + content


def number(value, tag=INTEGER):
    return tlv(tag, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def oid(parts):
    content = bytes([parts[0] * 40 + parts[1]])
    for part in parts[2:]:
        seven = [part & 127]
        while part > 127:
            part >>= 7
            seven.insert(0, part & 127 | 128)
        content += bytes(seven)
    return tlv(0x06, content)


def split(data):
    """[(tag, content)]"""
    found = []
    while data:
        tag, length, begin = data[0], data[1], 2
        if length > 127:
            begin = 2 + (length & 127)
            length = int.from_bytes(data[2:begin], "big")
        found.append((tag, data[begin:begin + length]))
        data = data[begin + length:]
    return found


def parts_of(content):
    parts, value = [content[0] // 40, content[0] % 40], 0
    for byte in content[1:]:
        value = value << 7 | byte & 127
        if byte < 128:
            parts.append(value)
            value = 0
    return tuple(parts)


class Peer:
    """answer(kind, names) gives the variables, [(name, encoded value)], or an error status, or bytes to be sent as they are, or
    None for nothing."""

    def __init__(self, test, answer):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.answer = answer
        self.asked = 0
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()
        test.addCleanup(self.end)

    def end(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"", ("127.0.0.1", self.port))
        self.thread.join(10)
        self.socket.close()

    def serve(self):
        while True:
            data, sender = self.socket.recvfrom(65536)
            if not data:
                return
            self.asked += 1
            (_, version), (_, community), (kind, pdu) = split(split(data)[0][1])
            (_, request), _, _, (_, variables) = split(pdu)
            names = [parts_of(split(variable)[0][1]) for _, variable in split(variables)]
            answer = self.answer(kind, names)
            for message in answer if isinstance(answer, list) and answer and isinstance(answer[0], bytes) else [answer]:
                if message is None:
                    continue
                if not isinstance(message, bytes):
                    status = message if isinstance(message, int) else 0
                    filled = [] if status else message
                    body = b"".join(tlv(0x30, oid(name) + value) for name, value in filled)
                    pdu = tlv(RESPONSE, tlv(INTEGER, request) + number(status) + number(0) + tlv(0x30, body))
                    message = tlv(0x30, tlv(INTEGER, version) + tlv(TEXT, community) + pdu)
                self.socket.sendto(message, sender)
