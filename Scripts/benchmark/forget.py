"""forget.py LLVM_PROFDATA PROFILE NAME: takes the counts of one function out of a profile.

LLVM's own tool can't. What the compiler knows of a function it finds by a hash of its branches:
with another hash the function is compiled as if it had never been counted.
"""

import pathlib
import re
import subprocess
import sys

tool, path, name = sys.argv[1:]
said = subprocess.run(
    [tool, "show", "--all-functions", path], capture_output=True, text=True, check=True
).stdout
hashes = re.findall(rf"^  \S*{re.escape(name)}\S*:\n    Hash: (0x[0-9a-f]+)", said, re.M)
data = bytearray(pathlib.Path(path).read_bytes())
places = [data.find(int(each, 16).to_bytes(8, "little")) for each in hashes]
if not hashes or any(data.count(int(each, 16).to_bytes(8, "little")) != 1 for each in hashes):
    sys.exit(f"{name} isn't in {path}, or can't be told apart: {hashes}")
for place in places:
    data[place] ^= 0xFF
pathlib.Path(path).write_bytes(data)
