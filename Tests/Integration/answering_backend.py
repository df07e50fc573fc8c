"""A backend whose GETs are answered as a test says: other paths, other models, later or never."""

import json
import threading

from scripted_backend import ScriptedBackend


class AnsweringBackend(ScriptedBackend):
    """Answers GETs by `answers` (path to value); a path that isn't in there is a 404, and a number
    is a status.

    While `gate` is cleared no GET is answered, as by an engine that has no time for it.
    """

    def __init__(self, models=("m",), answers=None):
        self.answers = dict(answers or {})
        self.gate = threading.Event()
        self.gate.set()
        self.targets = []
        super().__init__(models)
        self.answers.setdefault("/v1/models", json.loads(self._listing))

    def list(self, *models):
        """Has these models from now on."""
        data = [{"id": name, "object": "model", "owned_by": "test"} for name in models]
        self.answers["/v1/models"] = {"object": "list", "data": data}

    def _answer(self, target):
        self.targets.append(target)
        self.gate.wait(60)
        value = self.answers.get(target)
        status = 404 if value is None else 200
        if isinstance(value, int):
            status = value
        body = json.dumps(value if status == 200 else {"error": "no"}).encode()
        head = f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\n"
        return head.encode() + b"Content-Length: %d\r\n\r\n" % len(body) + body
