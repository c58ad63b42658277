#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes an assembler file that puts a file's bytes into the library: embed.py FILE OUT.S SYMBOL"""
import os
import sys

path, out, symbol = os.path.abspath(sys.argv[1]), sys.argv[2], sys.argv[3]
with open(out, "w") as f:
    f.write(f"""    .section .rodata
    .balign 64
    .hidden {symbol}_begin
    .globl {symbol}_begin
{symbol}_begin:
    .incbin "{path}"
    .hidden {symbol}_end
    .globl {symbol}_end
{symbol}_end:
    .byte 0
    .section .note.GNU-stack,"",%progbits
""")
