"""A backend that counts how many requests it has at a time, and answers when a test lets it."""

import json
import threading

from threaded_server import ThreadedServer

ANSWER = {
    "id": "c",
    "object": "chat.completion",
    "created": 1,
    "model": "m",
    "choices": [
        {"index": 0, "message": {"role": "assistant", "content": "x"}, "finish_reason": "stop"}
    ],
}


class CountingBackend(ThreadedServer):
    """Lists `models`; each POST waits for `release`, or no longer than `seconds`."""

    def __init__(self, models=("m",), seconds=None, status="200 OK"):
        self._listing = {"object": "list", "data": [{"id": m, "object": "model"} for m in models]}
        self.seconds = seconds
        self._status = status
        self._permits = threading.Semaphore(0)
        self._lock = threading.Lock()
        self.working = 0
        self.peak = 0
        self.bodies = []
        """What was asked for, in the order of its coming."""
        super().__init__()

    @property
    def count(self):
        """How many requests have come."""
        return len(self.bodies)

    def release(self, count=1):
        """Lets so many requests be answered."""
        for _ in range(count):
            self._permits.release()

    def serve(self, connection, reader):
        while not reader.at_end():
            request = reader.request()
            if request.head.start_line.startswith("POST"):
                connection.sendall(self._work(request.json()))
            elif request.head.target == "/v1/models":
                connection.sendall(answer("200 OK", self._listing))
            else:
                connection.sendall(answer("200 OK", {"status": "ok"}))

    def _work(self, body):
        with self._lock:
            self.working += 1
            self.peak = max(self.peak, self.working)
            self.bodies.append(body)
        self._permits.acquire(timeout=self.seconds)
        with self._lock:
            self.working -= 1
        return answer(self._status, ANSWER)


def answer(status, value):
    body = json.dumps(value).encode()
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\n"
    return head.encode() + b"Content-Length: %d\r\n\r\n" % len(body) + body
