"""The harness itself: what the other tests rest on, tried without a router."""

import uuid

import openai
import pytest

from rawhttp import MessageReader, RawClient, Truncated, chat, content_of, events
from scripted_backend import HEAD, chat_event, chunk
from test_disconnect import CASES, depart
from waiting import Timeout, wait_until

OK = b"HTTP/1.1 200 OK\r\n"


def reader(*pieces):
    left = iter(pieces)
    return MessageReader(lambda: next(left, b""))


def test_a_chunked_body_is_read_at_any_split():
    whole = OK + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nT: 1\r\n\r\n"
    for split in range(len(whole)):
        message = reader(whole[:split], whole[split:] + OK).response() if split else None
        assert message is None or message.payload == b"abcde"
    message = reader(whole).response()
    assert message.raw_body == whole[whole.index(b"3\r\n") :]


def test_a_cut_body_is_truncated_and_keeps_what_came():
    head = OK + b"Transfer-Encoding: chunked\r\n\r\n"
    for cut in (b"3\r\nabc\r\n", b"3\r\nab", b"3\r\nabc\r\n0\r\n"):
        with pytest.raises(Truncated) as caught:
            reader(head + cut).response()
        assert caught.value.payload == cut[3:6].rstrip(b"\r\n")
    with pytest.raises(Truncated) as caught:
        reader(OK + b"Content-Length: 4\r\n\r\nabc").response()
    assert caught.value.payload == b"abc"
    with pytest.raises(Truncated):
        reader(OK).response()


def test_interim_responses_and_bodiless_ones_are_told_apart():
    two = reader(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 None\r\n\r\n" + OK + b"\r\nrest")
    assert two.response().status == 204
    assert two.response().payload == b"rest"
    assert two.at_end()


def test_events_and_their_content():
    payload = b": comment\n\n" + chat_event({"content": "a"}) + b"data: [DONE]\r\n\r\n"
    assert [content_of(event) for event in events(payload)] == ["a", ""]
    assert events(payload)[-1] == b"[DONE]"


def test_waiting_gives_up_with_what_was_seen_last():
    with pytest.raises(Timeout, match="waited 0 s for the impossible; last seen: 0"):
        wait_until(lambda: 0, "the impossible", seconds=0)


@pytest.mark.parametrize("leave", ["close", "reset"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_a_backend_sees_a_departure_without_a_router_between(start_backend, case, leave):
    class Direct:
        """Stands where the router stands."""

        def __init__(self, backend):
            self.client = lambda: RawClient(backend.address)

    backend = start_backend("m")
    assert depart(Direct(backend), backend, case, lambda client: getattr(client, leave)()) < 1


def test_the_relay_records_both_directions_and_passes_cuts_on(start_backend, start_tee, tmp_path):
    backend = start_backend("m")
    tee = start_tee(backend.address, "relay")
    with RawClient(tee.address) as client:
        client.post_json("/v1/chat/completions", chat("m"), [("X-Request-ID", "one")])
        call = backend.next_call()
        call.send(HEAD + chunk(b"data: x\n\n") + b"0\r\n\r\n")
        answer = client.reader.response()
        request, response = tee.exchange("one")
        assert response.payload == answer.payload == b"data: x\n\n"
        assert request.payload == call.request.payload
        client.close()
        assert call.wait_end(5) is not None
    recorded = (tmp_path / "relay" / "0000.answered").read_bytes()
    assert recorded == HEAD + chunk(b"data: x\n\n") + b"0\r\n\r\n"


def test_a_recorded_stream_counts_once_its_terminator_has_passed(start_backend, start_tee):
    backend = start_backend("m")
    tee = start_tee(backend.address, "relay")
    with RawClient(tee.address) as client:
        client.post_json("/v1/chat/completions", chat("m"), [("X-Request-ID", "one")])
        call = backend.next_call()
        call.send(HEAD + chunk(b"data: x\n\n"))
        assert client.reader.head().status == 200
        assert next(client.reader.chunks())[1] == b"data: x\n\n"
        assert not list(tee.recordings[0].exchanges())
        call.send(chunk(b"data: [DONE]\n\n"))
        _, response = tee.exchange("one")
    assert response.payload == b"data: x\n\ndata: [DONE]\n\n"


def test_the_official_client_speaks_to_the_engine_through_the_relay(llama, start_tee):
    tee = start_tee(llama.address, "direct")
    request_id = str(uuid.uuid4())
    options = {"base_url": tee.url + "/v1", "api_key": "sk-test", "max_retries": 0}
    with openai.OpenAI(default_headers={"X-Request-ID": request_id}, **options) as client:
        stream = client.chat.completions.create(
            model=llama.model,
            messages=[{"role": "user", "content": "Say hello."}],
            max_tokens=8,
            stream=True,
        )
        text = "".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices)
    _, response = tee.exchange(request_id)
    recorded = events(response.payload)
    assert recorded[-1] == b"[DONE]"
    assert "".join(map(content_of, recorded)) == text != ""
