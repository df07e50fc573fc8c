"""Forms: audio and images travel as multipart bodies, whose `model` is one of the parts."""

import threading

import openai
import pytest

from rawhttp import RawClient

BOUNDARY = "----a.b"
TYPE = f"multipart/form-data; boundary={BOUNDARY}"
JSON_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"


def part(name, content, more=b""):
    head = b'Content-Disposition: form-data; name="%s"%s' % (name.encode(), more)
    return b"--%s\r\n%s\r\n\r\n%s\r\n" % (BOUNDARY.encode(), head, content)


END = b"--%s--\r\n" % BOUNDARY.encode()
# Bytes of a file with the looks of a boundary in it.
FILE = (b"RIFF\r\n--\r\n----a.\r\r\n" + bytes(range(256))) * 400


def answer(backend, body, calls):
    """Answers one call on a thread of its own, as the official client blocks."""

    def work():
        call = backend.next_call()
        calls.append(call.request)
        call.send(JSON_ANSWER % (len(body), body))

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


@pytest.fixture
def pair(start_backend, start_router):
    backends = {name: start_backend(name) for name in ("one", "two")}
    urls = {name: backend.url for name, backend in backends.items()}
    return backends, start_router(urls).wait_ready(2, ["one", "two"])


def transcribe(client):
    return client.audio.transcriptions.create(file=("a.wav", FILE), model="two").text


def translate(client):
    return client.audio.translations.create(file=("a.wav", FILE), model="two").text


def edit(client):
    return client.images.edit(image=("a.png", FILE), prompt="x", model="two").data[0].url


def vary(client):
    return client.images.create_variation(image=("a.png", FILE), model="two").data[0].url


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("call", [transcribe, translate, edit, vary])
def test_the_official_client_s_forms_find_their_backend(pair, call):
    backends, router = pair
    calls = []
    body = b'{"text":"hi","created":1,"data":[{"url":"hi"}]}'
    thread = answer(backends["two"], body, calls)
    base = router.url + "/v1"
    with openai.OpenAI(base_url=base, api_key="k", max_retries=0, timeout=20) as client:
        assert call(client) == "hi"
    thread.join(10)
    (request,) = calls
    assert FILE in request.payload
    assert request.head.get("content-type").startswith("multipart/form-data; boundary=")


@pytest.mark.parametrize("order", ["model first", "model last"])
@pytest.mark.parametrize("framing", ["length", "chunks"])
def test_a_form_arrives_as_it_was_sent(pair, order, framing):
    backends, router = pair
    parts = [part("model", b"two"), part("file", FILE, b'; filename="model"')]
    body = b"".join(parts if order == "model first" else parts[::-1]) + END
    with RawClient(router.address) as client:
        if framing == "length":
            client.request("POST", "/v1/audio/transcriptions", body, [("Content-Type", TYPE)])
        else:
            client.request(
                "POST",
                "/v1/audio/transcriptions",
                b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces(body))
                + b"0\r\n\r\n",
                [("Content-Type", TYPE)],
                framing="Transfer-Encoding: chunked",
            )
        call = backends["two"].next_call()
        assert call.request.payload == body
        call.send(JSON_ANSWER % (2, b"{}"))
        assert client.reader.response().payload == b"{}"


def pieces(body):
    return [body[start : start + 1000] for start in range(0, len(body), 1000)]


def test_a_long_form_streams_on_when_its_model_is_known(pair):
    backends, router = pair
    # Above limits.replay: it isn't held whole.
    body = part("model", b"two") + part("file", FILE * 100) + END
    assert len(body) > 8 << 20
    with RawClient(router.address) as client:
        client.request("POST", "/v1/audio/transcriptions", body, [("Content-Type", TYPE)])
        call = backends["two"].next_call()
        assert call.request.payload == body
        call.send(JSON_ANSWER % (2, b"{}"))
        assert client.reader.response().payload == b"{}"


@pytest.mark.parametrize(
    "type, body, status, code",
    [
        ("multipart/form-data", part("model", b"two") + END, 400, "invalid_form"),
        (TYPE, b"no form at all", 400, "invalid_form"),
        (TYPE, b"", 400, "invalid_form"),
        (TYPE, part("model", b"two") + part("model", b"one") + END, 400, "duplicate_model_field"),
        (TYPE, part("model", b"two") + part("Model", b"one") + END, 400, "duplicate_model_field"),
        (TYPE, part("Model", b"two") + END, 400, "missing_required_parameter"),
        (TYPE + "; boundary=b", part("model", b"two") + END, 400, "invalid_form"),
        (TYPE, b"preamble\r\n" + part("model", b"two") + END, 400, "invalid_form"),
        (TYPE, part("model", b"x" * 513) + END, 400, "invalid_model_field"),
        (TYPE, part("file", b"x") + END, 400, "missing_required_parameter"),
        (TYPE, part("model", b"three") + END, 404, "model_not_found"),
    ],
)
def test_a_form_that_can_t_be_routed_says_why(pair, type, body, status, code):
    _, router = pair
    with RawClient(router.address) as client:
        client.request("POST", "/v1/audio/transcriptions", body, [("Content-Type", type)])
        answer = client.reader.response()
    assert (answer.status, answer.error["code"]) == (status, code)


JSON_FIRST = b'{"model":"one","messages":[]}\r\n' + part("model", b"two") + END


@pytest.mark.parametrize("path", ["/api/chat", "/v1/chat/completions", "/v1/audio/translations"])
def test_json_before_a_form_reaches_nobody(pair, path):
    """A backend that doesn't heed the Content-Type reads the JSON, and another model."""
    backends, router = pair
    with RawClient(router.address) as client:
        client.request("POST", path, JSON_FIRST, [("Content-Type", TYPE)])
        answer = client.reader.response()
    assert answer.status == 400
    assert b"multipart form" in answer.payload
    assert all(backend.is_idle for backend in backends.values())


# Sound JSON, whose string isn't looked into; and a form, if what is before it is passed over.
JSON_AROUND = b'{"model":"two","x":"\r\n' + part("model", b"one").replace(b'"', b"") + END + b'"}'


@pytest.mark.parametrize("types", [(TYPE, "application/json"), ("application/json", TYPE)])
@pytest.mark.parametrize("body", [JSON_AROUND, part("model", b"two") + END])
def test_a_form_that_is_also_something_else_reaches_nobody(pair, types, body):
    backends, router = pair
    fields = [("Content-Type", type) for type in types]
    with RawClient(router.address) as client:
        client.request("POST", "/v1/audio/transcriptions", body, fields)
        answer = client.reader.response()
    assert (answer.status, answer.error["code"]) == (400, "invalid_form")
    assert "more than one Content-Type" in answer.error["message"]
    assert all(backend.is_idle for backend in backends.values())


HEADS = [
    b'form-data; name="x"; name="model"',
    b"form-data; name*=utf-8''model",
    b'form-data; x="; name=model; "; name="y"',
    b'form-data; name="mod\\el"',
    b'form-data;\r\n name="model"',
    b'form-data; name="model"; filename="x"',
    b'form-data; name="y"\r\nContent-Disposition: form-data; name="model"',
]


@pytest.mark.parametrize("head", HEADS)
def test_a_part_that_backends_read_differently_reaches_nobody(pair, head):
    backends, router = pair
    other = b"--%s\r\nContent-Disposition: %s\r\n\r\none\r\n" % (BOUNDARY.encode(), head)
    with RawClient(router.address) as client:
        body = part("model", b"two") + other + END
        client.request("POST", "/v1/audio/transcriptions", body, [("Content-Type", TYPE)])
        answer = client.reader.response()
    assert (answer.status, answer.error["code"]) == (400, "invalid_form")
    assert f"byte {len(part('model', b'two')) + len(BOUNDARY) + 4}" in answer.error["message"]
    assert all(backend.is_idle for backend in backends.values())
