#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""How long one picture takes, from a JPEG and decoded, in each precision and with 1 and 2 threads: medians.

    PYTHONPATH=bindings/python OCELLUS_LIBRARY=build/src/libocellus.so python3 tests/bench/latency.py MODEL PICTURE..."""
import statistics
import sys
import time

import ocellus


def milliseconds(predictor, picture):
    began = time.perf_counter()
    predictor.predict(picture)
    return 1000 * (time.perf_counter() - began)


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    files = []
    for path in sys.argv[2:]:
        with open(path, "rb") as file:
            files.append(file.read())
    for n_threads in (1, 2):
        context = ocellus.Context(n_threads=n_threads)
        model = ocellus.load(sys.argv[1], context=context)
        decoded = [ocellus.Picture(data, context=context) for data in files]
        for precision in ("fp32", "bf16", "int8"):
            predictor = model.predictor(precision=precision)
            for picture in decoded[:3]:
                predictor.predict(picture)
            encoded_times, decoded_times = ([milliseconds(predictor, one) for one in these] for these in (files, decoded))
            print(f"{n_threads} thread{'s' if n_threads > 1 else ' '} {precision}: {statistics.median(encoded_times):5.1f} ms from a file, "
                  f"{statistics.median(decoded_times):5.1f} ms decoded ({model.properties['input']})", flush=True)


if __name__ == "__main__":
    main()
