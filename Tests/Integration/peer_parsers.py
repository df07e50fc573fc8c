"""What two other parsers make of a message: Python's h11, and llhttp (Node's) through httptools."""

import dataclasses

import h11
import httptools

PAUSES = (h11.NEED_DATA, h11.PAUSED)


@dataclasses.dataclass(frozen=True)
class Verdict:
    """What became of a message: `accepted`, `refused` (and why) or `incomplete`."""

    kind: str
    why: str = ""
    method: str = ""
    target: str = ""
    status: int = 0
    body: bytes = b""


def incomplete():
    return Verdict("incomplete")


def refused(why):
    return Verdict("refused", why=str(why))


def h11_request(data):
    return _h11(h11.Connection(h11.SERVER, max_incomplete_event_size=1 << 20), data)


def h11_response(data):
    connection = h11.Connection(h11.CLIENT, max_incomplete_event_size=1 << 20)
    connection.send(h11.Request(method="POST", target="/", headers=[("Host", "a")]))
    connection.send(h11.EndOfMessage())
    return _h11(connection, data, ends=True)


def _h11(connection, data, ends=False):
    head, body = None, b""
    try:
        for piece in [data, b""] if ends else [data]:
            connection.receive_data(piece)
            while True:
                event = connection.next_event()
                if isinstance(event, (h11.Request, h11.Response)):
                    head = event
                elif isinstance(event, h11.Data):
                    body += bytes(event.data)
                elif isinstance(event, h11.EndOfMessage):
                    return _accepted_by_h11(head, body)
                elif isinstance(event, h11.ConnectionClosed) or event in PAUSES:
                    break
    except h11.RemoteProtocolError as error:
        # The name of the rule, without the bytes that broke it.
        return refused(str(error).split(":")[0].split("(")[0].split(" b'")[0].strip())
    return incomplete()


def _accepted_by_h11(head, body):
    if isinstance(head, h11.Request):
        method, target = head.method.decode(), head.target.decode("latin-1")
        return Verdict("accepted", method=method, target=target, body=body)
    return Verdict("accepted", status=head.status_code, body=body)


class _Events:
    """What llhttp reports of the first message that is no interim answer."""

    def __init__(self):
        self.parser = None
        self.target = b""
        self.body = b""
        self.is_done = False
        self.status = 0
        self.method = ""

    def on_url(self, part):
        if not self.is_done:
            self.target += part

    def on_headers_complete(self):
        if not self.is_done and hasattr(self.parser, "get_status_code"):
            self.status = self.parser.get_status_code()
        elif not self.is_done:
            self.method = self.parser.get_method().decode()

    def on_body(self, part):
        if not self.is_done:
            self.body += part

    def on_message_complete(self):
        if self.status == 0 or self.status >= 200:
            self.is_done = True


def llhttp_request(data):
    events = _Events()
    events.parser = httptools.HttpRequestParser(events)
    return _llhttp(events, data)


def llhttp_response(data):
    events = _Events()
    events.parser = httptools.HttpResponseParser(events)
    verdict = _llhttp(events, data)
    # A body that ends with its connection: llhttp waits for more, and the end is there.
    head = data.partition(b"\r\n\r\n")[0].lower()
    is_framed = b"\r\ncontent-length:" in head or b"\r\ntransfer-encoding:" in head
    if verdict.kind == "incomplete" and events.status and not is_framed:
        return Verdict("accepted", status=events.status, body=events.body)
    return verdict


def _llhttp(events, data):
    try:
        events.parser.feed_data(data)
    except httptools.HttpParserUpgrade:
        events.is_done = True
    except httptools.HttpParserError as error:
        # What follows a whole message is judged on its own.
        if not events.is_done:
            return refused(error)
    if not events.is_done:
        return incomplete()
    return Verdict(
        "accepted",
        method=events.method,
        target=events.target.decode("latin-1"),
        status=events.status,
        body=events.body,
    )
