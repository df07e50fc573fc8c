"""Other APIs' official clients: Anthropic's against the real engine, Ollama's as its API is."""

import threading

import anthropic
import ollama
import pytest

from cutting_backend import ollama_line as line
from scripted_backend import chunk

QUESTION = [{"role": "user", "content": "Name three colours."}]


@pytest.fixture
def base(llama, start_router):
    return start_router({"llama": llama.url}).wait_ready(1, [llama.model]).url


class TestAnthropic:
    """llama.cpp speaks the API itself; each call goes to it directly, too, for comparison."""

    SETTINGS = {"max_tokens": 16, "extra_body": {"temperature": 0, "seed": 7}}

    def client(self, url):
        return anthropic.Anthropic(base_url=url, api_key="k", max_retries=0, timeout=60)

    def test_a_message(self, base, llama):
        def ask(url):
            with self.client(url) as client:
                answer = client.messages.create(
                    model=llama.model, messages=QUESTION, **self.SETTINGS
                )
            return answer.content[0].text, answer.stop_reason, answer.usage.output_tokens

        assert ask(base) == ask(llama.url)
        assert ask(base)[0]

    def test_a_streamed_message(self, base, llama):
        def ask(url):
            with self.client(url) as client:
                with client.messages.stream(
                    model=llama.model, messages=QUESTION, **self.SETTINGS
                ) as stream:
                    return [event.type for event in stream], stream.get_final_text()

        through, direct = ask(base), ask(llama.url)
        assert through == direct
        assert through[0][-1] == "message_stop" and through[1]

    def test_tokens_are_counted(self, base, llama):
        def ask(url):
            with self.client(url) as client:
                return client.messages.count_tokens(model=llama.model, messages=QUESTION)

        assert ask(base).input_tokens == ask(llama.url).input_tokens > 0

    def test_an_unknown_model_is_its_own_error(self, base):
        with self.client(base) as client, pytest.raises(anthropic.NotFoundError) as error:
            client.messages.create(model="nosuch", messages=QUESTION, **self.SETTINGS)
        assert error.value.body["error"]["type"] == "not_found_error"


class TestOllama:
    """No Ollama runs here: its answers are as its documentation has them."""

    STREAM = b"HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\n"

    @pytest.fixture
    def pair(self, start_backend, start_router):
        backend = start_backend("llama3.2:latest")
        router = start_router({"b": backend.url}).wait_ready(1, ["llama3.2:latest"])
        return backend, ollama.Client(host=router.url, timeout=20)

    def answer(self, backend, data):
        def work():
            call = backend.next_call()
            call.send(data)

        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        return thread

    def test_a_streamed_chat(self, pair):
        backend, client = pair
        lines = [line("a"), line("b"), line("", done=True)]
        body = b"".join(map(chunk, lines)) + b"0\r\n\r\n"
        thread = self.answer(backend, self.STREAM + b"Transfer-Encoding: chunked\r\n\r\n" + body)
        parts = list(client.chat(model="llama3.2", messages=QUESTION, stream=True))
        thread.join(10)
        assert [part.message.content for part in parts] == ["a", "b", ""]
        assert [part.done for part in parts] == [False, False, True]

    def test_a_chat_in_one_piece(self, pair):
        backend, client = pair
        body = line("hi", done=True)
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
        self.answer(backend, head + b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        assert client.chat(model="llama3.2", messages=QUESTION).message.content == "hi"

    def test_embeddings(self, pair):
        backend, client = pair
        body = b'{"model":"llama3.2","embeddings":[[0.5,0.25]]}'
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
        self.answer(backend, head + b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        assert client.embed(model="llama3.2", input="x").embeddings == [[0.5, 0.25]]

    def test_a_cut_stream_raises(self, pair):
        backend, client = pair

        def work():
            call = backend.next_call()
            head = self.STREAM + b"Transfer-Encoding: chunked\r\n\r\n"
            call.send(head + chunk(line("a")))
            call.finish()

        threading.Thread(target=work, daemon=True).start()
        seen = []
        with pytest.raises(ollama.ResponseError) as error:
            for part in client.chat(model="llama3.2", messages=QUESTION, stream=True):
                seen.append(part.message.content)
        assert seen == ["a"]
        assert "lost" in str(error.value)

    def test_models_are_listed(self, pair):
        _, client = pair
        assert [model.model for model in client.list().models] == ["llama3.2:latest"]

    def test_an_unknown_model_is_an_error_with_its_text(self, pair):
        _, client = pair
        with pytest.raises(ollama.ResponseError) as error:
            client.chat(model="nosuch", messages=QUESTION)
        assert error.value.status_code == 404
        assert "'nosuch'" in error.value.error
