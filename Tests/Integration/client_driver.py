"""Makes a client's calls and prints what came of them, as JSON on standard output.

Run by test_client_matrix.py with the Python of the environment that has the client, as majors of
one package can't be installed together. Standard input is a job:

    {"client": "openai", "model": "m", "urls": ["http://…", "http://…"], "mock": "http://…",
     "statuses": [400, 503]}

Printed is a list with what came of each URL. Without statuses every call is made once:
{call: {"result": …} or {"error": …}}. With statuses, one call is made per status and way:
{status: {"error": …, "attempts": n}}; attempts are counted at the backend, the mock, which is told
by a header which status to answer.
"""

import asyncio
import hashlib
import importlib
import json
import os
import sys
import urllib.request

REQUEST_ID = {"X-Request-ID": "matrix-1"}
"""vLLM makes a completion's id of it; without one the router would give its own."""
QUESTION = [{"role": "user", "content": "Say a few words."}]
FILE = ("a.wav", b"RIFF" + bytes(range(256)) * 64)
PICTURE = ("a.png", b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 64)
FIELDS = ("status_code", "code", "param", "type", "message", "request_id", "body", "error")


def plain(value):
    """A value without the classes that a client gave it."""
    if hasattr(value, "model_dump"):
        # What the API's own types don't list is an extra, and compared as well.
        return plain(value.model_dump())
    if isinstance(value, dict):
        # LangChain names its own run, at random.
        own = value.get("id") if str(value.get("id")).startswith(("lc_run-", "run-")) else None
        return {key: plain(item) for key, item in value.items() if key != "id" or own is None}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, bytes):
        return f"{len(value)} bytes, {hashlib.sha256(value).hexdigest()}"
    return value if isinstance(value, (str, int, float, bool, type(None))) else str(value)


def failure(error):
    """What a program can tell of an exception."""
    found = {"class": f"{type(error).__module__}.{type(error).__name__}", "text": str(error)}
    found.update({name: plain(getattr(error, name)) for name in FIELDS if hasattr(error, name)})
    return found


def outcome(call):
    try:
        return {"result": plain(call())}
    except Exception as error:
        return {"error": failure(error)}


class OpenAI:
    """The official client, whichever major is installed."""

    def __init__(self, url, model):
        import openai

        self.model = model
        options = {"base_url": f"{url}/v1", "api_key": "k", "timeout": 30}
        options["default_headers"] = REQUEST_ID
        self.client = openai.OpenAI(**options)
        self.open_async = lambda: openai.AsyncOpenAI(**options)

    def calls(self):
        c, m = self.client, {"model": self.model}
        chat, edit = {**m, "messages": QUESTION}, {**m, "image": PICTURE, "prompt": "x"}
        found = {
            "chat": lambda: c.chat.completions.create(**chat, max_tokens=9),
            "chat stream": lambda: list(c.chat.completions.create(**chat, stream=True)),
            "chat stream with usage": lambda: list(
                c.chat.completions.create(
                    **chat, stream=True, stream_options={"include_usage": True}
                )
            ),
            "chat raw": lambda: c.chat.completions.with_raw_response.create(**chat).parse(),
            "completion": lambda: c.completions.create(**m, prompt="x"),
            "completion stream": lambda: list(c.completions.create(**m, prompt="x", stream=True)),
            "embeddings": lambda: c.embeddings.create(**m, input=["a", "b"]),
            "embeddings as floats": lambda: c.embeddings.create(
                **m, input="a", encoding_format="float"
            ),
            "response": lambda: c.responses.create(**m, input="x"),
            "response cut short": lambda: c.responses.create(
                **m, input="x", max_output_tokens=2
            ),
            "response stream": lambda: list(c.responses.create(**m, input="x", stream=True)),
            "async chat": lambda: asyncio.run(self.ask_async(chat)),
            "models": lambda: list(c.models.list()),
            "model": lambda: c.models.retrieve(self.model),
            "moderation": lambda: c.moderations.create(**m, input=["a", "b"]),
            "speech": lambda: c.audio.speech.create(**m, input="x", voice="alloy").read(),
            "speech in pieces": self.speak,
            "transcription": lambda: c.audio.transcriptions.create(**m, file=FILE),
            "transcription stream": lambda: list(
                c.audio.transcriptions.create(**m, file=FILE, stream=True)
            ),
            "transcription as text": lambda: c.audio.transcriptions.create(
                **m, file=FILE, response_format="text"
            ),
            "translation": lambda: c.audio.translations.create(**m, file=FILE),
            "image": lambda: c.images.generate(**m, prompt="x"),
            "image edit": lambda: c.images.edit(**edit),
        }
        if hasattr(getattr(c.responses, "input_tokens", None), "count"):
            found["input tokens"] = lambda: c.responses.input_tokens.count(**m, input="x")
        if hasattr(c.images, "create_variation"):
            found["image variation"] = lambda: c.images.create_variation(**m, image=PICTURE)
        stream = {"stream": True, "partial_images": 2}
        found["image stream"] = lambda: list(c.images.generate(**m, prompt="x", **stream))
        found["image edit stream"] = lambda: list(c.images.edit(**edit, **stream))
        return found

    def speak(self):
        speech = self.client.audio.speech.with_streaming_response
        with speech.create(model=self.model, input="x", voice="alloy") as answer:
            return b"".join(answer.iter_bytes())

    async def ask_async(self, chat):
        async with self.open_async() as client:
            whole = await client.chat.completions.create(**chat)
            pieces = await client.chat.completions.create(**chat, stream=True)
            return [whole, [piece async for piece in pieces]]

    def failing(self, headers):
        create = self.client.chat.completions.create
        return {
            "whole": lambda: create(model=self.model, messages=QUESTION, extra_headers=headers),
            "stream": lambda: list(
                create(model=self.model, messages=QUESTION, stream=True, extra_headers=headers)
            ),
        }


class Anthropic:
    def __init__(self, url, model):
        import anthropic

        self.model = model
        options = {"base_url": url, "api_key": "k", "timeout": 30, "default_headers": REQUEST_ID}
        self.client = anthropic.Anthropic(**options)
        self.open_async = lambda: anthropic.AsyncAnthropic(**options)

    def calls(self):
        messages = self.client.messages
        ask = {"model": self.model, "messages": QUESTION, "max_tokens": 9}
        return {
            "message": lambda: messages.create(**ask),
            "message stream": lambda: list(messages.create(**ask, stream=True)),
            "message collected": lambda: self.collect(ask),
            "async message": lambda: asyncio.run(self.ask_async(ask)),
            "token count": lambda: messages.count_tokens(model=self.model, messages=QUESTION),
        }

    def collect(self, ask):
        with self.client.messages.stream(**ask) as stream:
            return [[event.type for event in stream], stream.get_final_message()]

    async def ask_async(self, ask):
        async with self.open_async() as client:
            return await client.messages.create(**ask)

    def failing(self, headers):
        ask = {"model": self.model, "messages": QUESTION, "max_tokens": 9}
        create = self.client.messages.create
        return {
            "whole": lambda: create(**ask, extra_headers=headers),
            "stream": lambda: list(create(**ask, stream=True, extra_headers=headers)),
        }


class Ollama:
    def __init__(self, url, model):
        import ollama

        self.url, self.model = url, model
        self.open = lambda **more: ollama.Client(host=url, timeout=30, **more)
        self.open_async = lambda: ollama.AsyncClient(host=url, timeout=30)

    def calls(self):
        c, m = self.open(), {"model": self.model}
        chat, text = {**m, "messages": QUESTION}, {**m, "prompt": "x"}
        return {
            "chat": lambda: c.chat(**chat),
            "chat stream": lambda: list(c.chat(**chat, stream=True)),
            "generate": lambda: c.generate(**text, options={"num_predict": 2}),
            "generate stream": lambda: list(c.generate(**text, stream=True)),
            "embed": lambda: c.embed(**m, input=["a", "b"]),
            "embeddings": lambda: c.embeddings(**text),
            "show": lambda: c.show(self.model),
            "list": c.list,
            "ps": c.ps,
            "async chat": lambda: asyncio.run(self.ask_async(chat)),
            "unknown model": lambda: c.chat(model="nosuch", messages=QUESTION),
        }

    async def ask_async(self, chat):
        return await self.open_async().chat(**chat)

    def failing(self, headers):
        client = self.open(headers=headers)
        ask = {"model": self.model, "messages": QUESTION}
        return {
            "whole": lambda: client.chat(**ask),
            "stream": lambda: list(client.chat(**ask, stream=True)),
        }


class LangChain:
    def __init__(self, url, model):
        os.environ["LANGSMITH_TRACING"] = "false"
        import langchain_openai

        self.package = langchain_openai
        self.options = {"base_url": f"{url}/v1", "api_key": "k", "model": model}

    def calls(self):
        chat = self.package.ChatOpenAI(**self.options)
        responses = self.package.ChatOpenAI(**self.options, use_responses_api=True)
        text = self.package.OpenAI(**self.options)
        # Otherwise it fetches a tokenizer.
        vectors = self.package.OpenAIEmbeddings(**self.options, check_embedding_ctx_length=False)
        return {
            "chat": lambda: chat.invoke("x"),
            "chat stream": lambda: list(chat.stream("x")),
            "async chat": lambda: asyncio.run(chat.ainvoke("x")),
            "response": lambda: responses.invoke("x"),
            "response stream": lambda: list(responses.stream("x")),
            "completion": lambda: text.invoke("x"),
            "completion stream": lambda: list(text.stream("x")),
            "embeddings": lambda: vectors.embed_documents(["a", "b"]),
        }

    def failing(self, headers):
        chat = self.package.ChatOpenAI(**self.options, default_headers=headers)
        return {"whole": lambda: chat.invoke("x"), "stream": lambda: list(chat.stream("x"))}


CLIENTS = {"openai": OpenAI, "anthropic": Anthropic, "ollama": Ollama, "langchain": LangChain}


def shorten_waits():
    """The clients' own pauses before they try again: their number counts here, not their length."""
    for name in ("openai._base_client", "anthropic._base_client"):
        try:
            module = importlib.import_module(name)
        except ImportError:
            continue
        for constant in ("INITIAL_RETRY_DELAY", "MAX_RETRY_DELAY"):
            assert hasattr(module, constant), f"{name} has no {constant} any more"
            setattr(module, constant, 0.01)


def counted(url):
    with urllib.request.urlopen(f"{url}/mock/statistics", timeout=10) as answer:
        return json.load(answer)["inference_requests"]


def errors(client, job):
    found = {}
    for status in job["statuses"]:
        for way, call in client.failing({"X-Mock-Fault": f"status={status}"}).items():
            before = counted(job["mock"])
            result = outcome(call)
            result["attempts"] = counted(job["mock"]) - before
            found[f"{status} {way}"] = result
    return found


def main():
    job = json.load(sys.stdin)
    clients = [CLIENTS[job["client"]](url, job["model"]) for url in job["urls"]]
    if job["statuses"]:
        shorten_waits()
        found = [errors(client, job) for client in clients]
    else:
        found = [
            {name: outcome(call) for name, call in client.calls().items()} for client in clients
        ]
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
