"""The official client against a real llama.cpp server, with the router between.

Two recording relays stand around the router: one in front of it, one behind. What the client got
has to be what the engine sent, byte for byte, once the chunked framing is taken off.
"""

import asyncio
import time
import uuid

import openai
import pytest

from rawhttp import events

QUESTION = [{"role": "user", "content": "Name three colours."}]
SETTINGS = {"max_tokens": 24, "temperature": 0, "seed": 7}


@pytest.fixture
def wire(llama, start_router, start_tee):
    """A router between two relays, in front of the real engine."""
    back = start_tee(llama.address, "back")
    router = start_router({"llama": back.url}).wait_ready(1, [llama.model])
    front = start_tee(router.address, "front")
    return Wire(front, back, llama.model)


class Wire:
    def __init__(self, front, back, model):
        self.front = front
        self.back = back
        self.model = model
        self.request_id = f"test-{uuid.uuid4()}"
        self._began = time.monotonic()

    def options(self):
        """What every client in here is made with: no retry that would hide a failure."""
        headers = {"X-Request-ID": self.request_id}
        base = self.front.url + "/v1"
        more = {"max_retries": 0, "timeout": 60, "default_headers": headers}
        return {"base_url": base, "api_key": "sk-test", **more}

    def compare(self):
        """Asserts that bodies passed unchanged both ways; returns the response's payload."""
        front_request, front_response = self.front.exchange(self.request_id)
        back_request, back_response = self.back.exchange(self.request_id)
        assert front_request.payload == back_request.payload
        assert front_response.payload == back_response.payload
        assert front_response.status == back_response.status
        assert front_response.head.get("content-type") == back_response.head.get("content-type")
        # The head of a stream that is silent for 5 s goes out before it is known who answers.
        is_late = time.monotonic() - self._began > 5
        named = front_response.head.get("x-oairouter-backend")
        assert named == "llama" or (named is None and is_late)
        return front_response.payload


def test_a_chat(wire):
    with openai.OpenAI(**wire.options()) as client:
        answer = client.chat.completions.create(model=wire.model, messages=QUESTION, **SETTINGS)
    assert answer.choices[0].message.content
    assert answer.usage.completion_tokens > 0
    wire.compare()


def test_a_streamed_chat(wire):
    with openai.OpenAI(**wire.options()) as client:
        stream = client.chat.completions.create(
            model=wire.model,
            messages=QUESTION,
            stream=True,
            stream_options={"include_usage": True},
            **SETTINGS,
        )
        chunks = list(stream)
    text = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
    assert text
    assert chunks[-1].usage.completion_tokens > 0
    assert events(wire.compare())[-1] == b"[DONE]"


def test_a_chat_by_the_asynchronous_client(wire):
    async def ask():
        async with openai.AsyncOpenAI(**wire.options()) as client:
            completions = client.chat.completions
            return await completions.create(model=wire.model, messages=QUESTION, **SETTINGS)

    assert asyncio.run(ask()).choices[0].message.content
    wire.compare()


def test_streamed_chats_by_the_asynchronous_client_at_once(wire, llama):
    async def stream(client, number):
        text = ""
        async for chunk in await client.chat.completions.create(
            model=wire.model,
            messages=[{"role": "user", "content": f"Count from {number}."}],
            stream=True,
            extra_headers={"X-Request-ID": f"{wire.request_id}-{number}"},
            **SETTINGS,
        ):
            text += (chunk.choices and chunk.choices[0].delta.content) or ""
        return text

    async def ask():
        async with openai.AsyncOpenAI(**wire.options()) as client:
            return await asyncio.gather(*(stream(client, number) for number in range(4)))

    assert all(asyncio.run(ask()))
    first = wire.request_id
    for number in range(4):
        wire.request_id = f"{first}-{number}"
        wire.compare()


def test_a_text_completion_stream(wire):
    with openai.OpenAI(**wire.options()) as client:
        stream = client.completions.create(
            model=wire.model, prompt="One, two, three,", stream=True, **SETTINGS
        )
        text = "".join(chunk.choices[0].text for chunk in stream if chunk.choices)
    assert text
    wire.compare()


def test_a_response_stream(wire):
    with openai.OpenAI(**wire.options()) as client:
        stream = client.responses.create(
            model=wire.model, input="Name a colour.", max_output_tokens=12, stream=True
        )
        kinds = [event.type for event in stream]
    assert "response.output_text.delta" in kinds
    assert kinds[-1] in ("response.completed", "response.incomplete")
    wire.compare()


def test_an_error_of_the_engine_reaches_the_client_unchanged(wire):
    too_long = [{"role": "user", "content": "word " * 4000}]
    with openai.OpenAI(**wire.options()) as client:
        with pytest.raises(openai.BadRequestError) as caught:
            client.chat.completions.create(model=wire.model, messages=too_long)
    assert caught.value.type == "exceed_context_size_error"
    wire.compare()


def test_models_are_listed_with_the_engines_own_fields(wire):
    with openai.OpenAI(**wire.options()) as client:
        listed = list(client.models.list())
        one = client.models.retrieve(wire.model)
    assert [model.id for model in listed] == [wire.model]
    assert one.id == wire.model
    assert one.object == "model"
    assert one.to_dict()["meta"]["n_ctx"] == 1024  # 2,048 for two slots


def test_an_unknown_model_is_the_clients_not_found_error(wire):
    with openai.OpenAI(**wire.options()) as client:
        with pytest.raises(openai.NotFoundError) as caught:
            client.chat.completions.create(model="no-such-model", messages=QUESTION)
        with pytest.raises(openai.NotFoundError):
            client.models.retrieve("no-such-model")
    assert caught.value.code == "model_not_found"
