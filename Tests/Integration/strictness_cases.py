"""Messages for the comparison with other parsers: by name, valid ones and one for each rule of
strictness; and a source of changed ones, the same for a seed on every machine."""

import random

BODY = b'{"model":"m"}'
LINE = b"POST /v1/chat/completions HTTP/1.1"
CHUNKS = b"d\r\n" + BODY + b"\r\n0\r\n\r\n"
FIRST_REFUSED = "length and coding"
"""The cases before it are valid, in both lists."""


def request(*fields, line=LINE, body=BODY, host=b"Host: localhost"):
    """A request with a right length, unless some field frames it otherwise."""
    lines = [line, *([host] if host else []), *fields]
    if not any(b"content-length" in f.lower() or b"transfer-enc" in f.lower() for f in fields):
        lines.append(b"Content-Length: %d" % len(body))
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def chunked(coded, *fields, **more):
    return request(b"Transfer-Encoding: chunked", *fields, body=coded, **more)


def requests():
    """Every case by its name."""
    one = b"d\r\n" + BODY + b"\r\n"
    length = b"Content-Length: 13"
    plain = request()
    return {
        "length": plain,
        "chunks": chunked(one + b"0\r\n\r\n"),
        "two chunks": chunked(b"5\r\n" + BODY[:5] + b"\r\n8\r\n" + BODY[5:] + b"\r\n0\r\n\r\n"),
        "chunk extension": chunked(b"d;a=b\r\n" + BODY + b"\r\n0\r\n\r\n"),
        "trailer": chunked(one + b"0\r\nX: y\r\n\r\n"),
        "upper-case chunk size": chunked(b"D\r\n" + BODY + b"\r\n0\r\n\r\n"),
        "chunk size with zeros": chunked(b"000d\r\n" + BODY + b"\r\n00\r\n\r\n"),
        "absolute-form": request(line=b"POST http://localhost/v1/chat/completions HTTP/1.1"),
        "HTTP/1.0": request(line=b"POST /v1/chat/completions HTTP/1.0"),
        "HTTP/1.0 without host": request(line=b"POST /v1/chat/completions HTTP/1.0", host=None),
        "equal lengths": request(length, length),
        "empty line before": b"\r\n" + plain,
        "expect": request(b"Expect: 100-continue"),
        "field with high bytes": request(b"X: \xff\xe9"),
        "empty field": request(b"X:"),
        "tab around a value": request(b"X:\ty\t"),
        "query": request(line=b"POST /v1/chat/completions?a=b HTTP/1.1"),
        "pipelined": plain + plain,
        # What is refused, rule by rule.
        "length and coding": request(length, b"Transfer-Encoding: chunked", body=CHUNKS),
        "differing lengths": request(length, b"Content-Length: 12"),
        "empty length": request(b"Content-Length:"),
        "signed length": request(b"Content-Length: +13"),
        "negative length": request(b"Content-Length: -13"),
        "listed lengths": request(b"Content-Length: 13, 13"),
        "20 digits of length": request(b"Content-Length: 00000000000000000013"),
        "length of 2^64": request(b"Content-Length: 18446744073709551629"),
        "hexadecimal length": request(b"Content-Length: 0xd"),
        "length with a space": request(b"Content-Length: 1 3"),
        "coding gzip, chunked": request(b"Transfer-Encoding: gzip, chunked", body=CHUNKS),
        "coding identity": request(b"Transfer-Encoding: identity"),
        "coding chunked, chunked": request(b"Transfer-Encoding: chunked, chunked", body=CHUNKS),
        "coding twice": chunked(one + b"0\r\n\r\n", b"Transfer-Encoding: chunked"),
        "coding with a tail": request(b"Transfer-Encoding: chunkedx", body=one + b"0\r\n\r\n"),
        "coding in HTTP/1.0": chunked(CHUNKS, line=b"POST /v1/chat/completions HTTP/1.0"),
        "folded line": request(b"X: y\r\n z"),
        "folded coding": request(b"Transfer-Encoding:\r\n chunked", body=one + b"0\r\n\r\n"),
        "space before the first field": plain.replace(b"Host", b" Host", 1),
        "bare LF behind the line": plain.replace(b"1.1\r\n", b"1.1\n", 1),
        "bare LF behind a field": plain.replace(b"Host: localhost\r\n", b"Host: localhost\n", 1),
        "bare LF at the end": plain.replace(b"13\r\n\r\n", b"13\r\n\n", 1),
        "bare CR in a value": request(b"X: a\rb"),
        "bare CR behind the line": plain.replace(b"1.1\r\n", b"1.1\r", 1),
        "space before the colon": request(b"X : y"),
        "tab before the colon": request(b"X\t: y"),
        "NUL in a value": request(b"X: a\0b"),
        "control byte in a value": request(b"X: a\x01b"),
        "DEL in a value": request(b"X: a\x7fb"),
        "empty name": request(b": y"),
        "name with a bracket": request(b"X[]: y"),
        "name with high bytes": request(b"X\xe9: y"),
        "no colon": request(b"X"),
        "no host": request(host=None),
        "empty host": request(host=b"Host:"),
        "two hosts": request(b"Host: b"),
        "host with a path": request(host=b"Host: localhost/b"),
        "host with a user": request(host=b"Host: u@a"),
        "host with a list": request(host=b"Host: localhost, b"),
        "host port out of range": request(host=b"Host: localhost:99999"),
        "host other than the target's": request(line=b"POST http://b/v1/chat/completions HTTP/1.1"),
        "fragment": request(line=b"POST /v1/chat/completions#f HTTP/1.1"),
        "high bytes in the target": request(line=b"POST /v1/chat/completions?\xe9 HTTP/1.1"),
        "space in the target": request(line=b"POST /v1/chat/completions?a b HTTP/1.1"),
        "two spaces in the line": request(line=b"POST  /v1/chat/completions HTTP/1.1"),
        "tab in the line": request(line=b"POST\t/v1/chat/completions HTTP/1.1"),
        "space behind the version": request(line=b"POST /v1/chat/completions HTTP/1.1 "),
        "relative target": request(line=b"POST v1/chat/completions HTTP/1.1"),
        "unknown scheme": request(line=b"POST ftp://a/v1/chat/completions HTTP/1.1"),
        "lower-case version": request(line=b"POST /v1/chat/completions http/1.1"),
        "HTTP/1.2": request(line=b"POST /v1/chat/completions HTTP/1.2"),
        "HTTP/2.0": request(line=b"POST /v1/chat/completions HTTP/2.0"),
        "HTTP/0.9": b"POST /v1/chat/completions\r\n\r\n",
        "method with a bracket": request(line=b"PO[T /v1/chat/completions HTTP/1.1"),
        "unknown method": request(line=b"FETCH /v1/chat/completions HTTP/1.1"),
        "HTTP/2 preface": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "unknown expectation": request(b"Expect: tea"),
        "three empty lines before": b"\r\n\r\n\r\n" + plain,
        "LF before": b"\n" + plain,
        "signed chunk size": chunked(b"+d\r\n" + BODY + b"\r\n0\r\n\r\n"),
        "chunk size with 0x": chunked(b"0xd\r\n" + BODY + b"\r\n0\r\n\r\n"),
        "17 digits of chunk size": chunked(b"0000000000000000d\r\n" + BODY + b"\r\n0\r\n\r\n"),
        "chunk size of 2^64": chunked(b"1000000000000000d\r\n" + BODY + b"\r\n0\r\n\r\n"),
        "empty chunk size": chunked(b"\r\n" + BODY + b"\r\n0\r\n\r\n"),
        "space before the chunk size": chunked(b" d\r\n" + BODY + b"\r\n0\r\n\r\n"),
        "space behind the chunk size": chunked(b"d \r\n" + BODY + b"\r\n0\r\n\r\n"),
        "space before an extension": chunked(b"d ;a=b\r\n" + BODY + b"\r\n0\r\n\r\n"),
        "odd extension": chunked(b"d;=;\"\r\n" + BODY + b"\r\n0\r\n\r\n"),
        "LF behind the chunk size": chunked(b"d\n" + BODY + b"\r\n0\r\n\r\n"),
        "LF behind a chunk": chunked(b"d\r\n" + BODY + b"\n0\r\n\r\n"),
        "CR in an extension": chunked(b"d;a\rb\r\n" + BODY + b"\r\n0\r\n\r\n"),
        "LF in an extension": chunked(b"d;a\nb\r\n" + BODY + b"\r\n0\r\n\r\n"),
        "NUL in an extension": chunked(b"d;a\0b\r\n" + BODY + b"\r\n0\r\n\r\n"),
        "chunk too long": chunked(b"c\r\n" + BODY + b"\r\n0\r\n\r\n"),
        "bare LF at the body's end": chunked(one + b"0\r\n\n"),
        "broken trailer": chunked(one + b"0\r\nX : y\r\n\r\n"),
        "folded trailer": chunked(one + b"0\r\nX: y\r\n z\r\n\r\n"),
    }


def response(*fields, line=b"HTTP/1.1 200 OK", body=b"{}"):
    lines = [line, b"Content-Type: application/json", *fields]
    if not any(b"content-length" in f.lower() or b"transfer-enc" in f.lower() for f in fields):
        lines.append(b"Content-Length: %d" % len(body))
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def responses():
    """Every case by its name. The backend closes behind each."""
    coding = b"Transfer-Encoding: chunked"
    return {
        "length": response(),
        "chunks": response(coding, body=b"2\r\n{}\r\n0\r\n\r\n"),
        "chunk extension": response(coding, body=b"2;a=b\r\n{}\r\n0\r\n\r\n"),
        "trailer": response(coding, body=b"2\r\n{}\r\n0\r\nX: y\r\n\r\n"),
        "until the close": response().replace(b"Content-Length: 2\r\n", b""),
        "HTTP/1.0": response(line=b"HTTP/1.0 200 OK"),
        "no reason": response(line=b"HTTP/1.1 200 "),
        "interim answer": b"HTTP/1.1 103 Early Hints\r\n\r\n" + response(),
        "equal lengths": response(b"Content-Length: 2", b"Content-Length: 2"),
        "reason with high bytes": response(line=b"HTTP/1.1 200 \xe9"),
        "no space behind the status": response(line=b"HTTP/1.1 200"),
        # What is refused, rule by rule.
        "length and coding": response(b"Content-Length: 2", coding, body=b"2\r\n{}\r\n0\r\n\r\n"),
        "differing lengths": response(b"Content-Length: 2", b"Content-Length: 1"),
        "empty length": response(b"Content-Length:"),
        "signed length": response(b"Content-Length: +2"),
        "listed lengths": response(b"Content-Length: 2, 2"),
        "length of 2^64": response(b"Content-Length: 18446744073709551618"),
        "coding gzip, chunked": response(b"Transfer-Encoding: gzip, chunked"),
        "coding identity": response(b"Transfer-Encoding: identity"),
        "coding in HTTP/1.0": response(
            coding, line=b"HTTP/1.0 200 OK", body=b"2\r\n{}\r\n0\r\n\r\n"
        ),
        "folded line": response(b"X: y\r\n z"),
        "bare LF behind the line": response().replace(b"OK\r\n", b"OK\n", 1),
        "bare LF behind a field": response(b"X: y").replace(b"y\r\n", b"y\n", 1),
        "bare CR in a value": response(b"X: a\rb"),
        "space before the colon": response(b"X : y"),
        "NUL in a value": response(b"X: a\0b"),
        "control byte in a value": response(b"X: a\x01b"),
        "name with a bracket": response(b"X[]: y"),
        "no colon": response(b"X"),
        "four digits of status": response(line=b"HTTP/1.1 2000 OK"),
        "two digits of status": response(line=b"HTTP/1.1 20 OK"),
        "status 600": response(line=b"HTTP/1.1 600 OK"),
        "status 099": response(line=b"HTTP/1.1 099 OK"),
        "two spaces in the line": response(line=b"HTTP/1.1  200 OK"),
        "lower-case version": response(line=b"http/1.1 200 OK"),
        "HTTP/2.0": response(line=b"HTTP/2.0 200 OK"),
        "HTTP/0.9": b"{}",
        "unasked 101": b"HTTP/1.1 101 Switch\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
        "empty line before": b"\r\n" + response(),
        "signed chunk size": response(coding, body=b"+2\r\n{}\r\n0\r\n\r\n"),
        "chunk size with 0x": response(coding, body=b"0x2\r\n{}\r\n0\r\n\r\n"),
        "chunk size of 2^64": response(coding, body=b"10000000000000002\r\n{}\r\n0\r\n\r\n"),
        "LF behind the chunk size": response(coding, body=b"2\n{}\r\n0\r\n\r\n"),
        "LF behind a chunk": response(coding, body=b"2\r\n{}\n0\r\n\r\n"),
        "cut length": response(b"Content-Length: 9"),
        "cut chunks": response(coding, body=b"2\r\n{}\r\n"),
    }


SNIPPETS = [
    b"\r\n", b"\n", b"\r", b"\0", b" ", b"\t", b":", b",", b";", b"+", b"-", b"0", b"0x", b"\x0b",
    b"\r\n ", b"\r\n\r\n", b"X : y\r\n", b"Content-Length: 5\r\n", b"Content-Length: 13\r\n",
    b"Transfer-Encoding: chunked\r\n", b"Transfer-Encoding: identity\r\n", b"Host: b\r\n",
    b"Connection: close\r\n", b"\xe9", b"\x7f", b"#", b"f", b"%", b"HTTP/1.1", b"a=b\r\n",
]


def changed(cases, count, seed):
    """So many messages, each a case with one to three changes, mostly of a valid one."""
    chance = random.Random(seed)
    messages = list(cases.values())
    messages += 4 * messages[: list(cases).index(FIRST_REFUSED)]
    for _ in range(count):
        data = bytearray(chance.choice(messages))
        for _ in range(chance.choice([1, 1, 1, 2, 3])):
            place = chance.randrange(len(data) + 1)
            kind = chance.randrange(4)
            if kind == 0:
                del data[place : place + chance.randint(1, 4)]
            elif kind == 1 and place < len(data):
                data[place] = chance.randrange(256)
            else:
                if kind == 3:
                    place = data.rfind(b"\n", 0, place) + 1
                data[place:place] = chance.choice(SNIPPETS)
        yield bytes(data)
