"""Answers that come while the official client still uploads reach it as what they are.

`--uploads N` sets how many uploads each case makes.
"""

import threading

import openai
import pytest

CONTENT = "x" * 40_000_000
EARLY = (
    b"HTTP/1.1 %d Early\r\nContent-Type: application/json\r\nContent-Length: %d\r\n"
    b"Connection: close\r\n\r\n%s"
)
BODY = b'{"error":{"message":"early","type":"invalid_request_error","param":null,"code":"early"}}'


def upload(router):
    """The exception that a chat of 40 MB ends with. Nothing is tried again: a loss would show."""
    base = f"{router.url}/v1"
    with openai.OpenAI(base_url=base, api_key="k", max_retries=0, timeout=60) as client:
        with pytest.raises(openai.OpenAIError) as caught:
            messages = [{"role": "user", "content": CONTENT}]
            client.chat.completions.create(model="m", messages=messages)
    return caught.value


def kinds(errors):
    return {(type(error).__name__, getattr(error, "status_code", None)) for error in errors}


def test_a_body_over_the_limit_is_a_status_error(start_mock, start_router, uploads):
    router = start_router({"b": start_mock("b", "m").url}, "--limits.body", "16MiB")
    router.wait_ready(1, ["m"])
    errors = [upload(router) for _ in range(uploads)]
    assert kinds(errors) == {("APIStatusError", 413)}
    assert {error.code for error in errors} == {"request_too_large"}


@pytest.mark.parametrize("status, name", [(401, "AuthenticationError"), (400, "BadRequestError")])
def test_a_backend_s_early_answer_is_a_status_error(
    start_backend, start_router, uploads, status, name
):
    backend = start_backend("m", is_eager=True)
    router = start_router({"b": backend.url}).wait_ready(1, ["m"])

    def refuse():
        for _ in range(uploads):
            call = backend.next_call(60)
            call.send(EARLY % (status, len(BODY), BODY))
            call.let_go.set()  # closed with megabytes unread: a RST

    refusing = threading.Thread(target=refuse, daemon=True)
    refusing.start()
    errors = [upload(router) for _ in range(uploads)]
    refusing.join(10)
    assert kinds(errors) == {(name, status)}
    assert {error.code for error in errors} == {"early"}
