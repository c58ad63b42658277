#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compares what the library exports with the symbol list and the header: exports.py LIBRARY MAP HEADER"""
import re
import subprocess
import sys

library, symbol_map, header = sys.argv[1:]
listing = subprocess.run(["nm", "-D", "--defined-only", library], check=True, capture_output=True, text=True).stdout
exported = {line.split()[-1].split("@")[0] for line in listing.splitlines() if " A " not in line}
listed = set(re.findall(r"^\s+(oc_\w+);", open(symbol_map, encoding="utf-8").read(), re.M))
declared = set(re.findall(r"^OC_API [^;(]*?\b(oc_\w+)\(", open(header, encoding="utf-8").read(), re.M))
faults = [f"{name}: exported, not in the symbol list" for name in sorted(exported - listed)]
faults += [f"{name}: in the symbol list, not exported" for name in sorted(listed - exported)]
faults += [f"{name}: declared, not in the symbol list" for name in sorted(declared - listed)]
faults += [f"{name}: in the symbol list, not declared" for name in sorted(listed - declared)]
print("\n".join(faults + [f"{len(exported)} symbols exported, {len(faults)} faults"]))
sys.exit(1 if faults or not exported else 0)
