"""Reads callgrind's files: what each function cost itself, and how often it was called."""

import re
from collections import Counter

NAME = re.compile(r"\((\d+)\)(?: (.*))?")


def costs(path):
    """Self cost in instructions by function, summed over one file (one thread)."""
    names, cost = {}, Counter()
    function, is_call = None, False
    with open(path, encoding="utf-8", errors="replace") as lines:
        for line in lines:
            if line.startswith("fn="):
                number, name = NAME.match(line[3:].rstrip()).groups()
                if name:
                    names[number] = name
                function = names[number]
            elif line.startswith("cfn="):
                number, name = NAME.match(line[4:].rstrip()).groups()
                if name:
                    names[number] = name
            elif line.startswith("calls="):
                is_call = True
            elif line[0] in "0123456789+-*" and function is not None:
                # The line after a call has what the callee cost.
                if not is_call:
                    cost[function] += int(line.split()[1])
                is_call = False
    return cost
