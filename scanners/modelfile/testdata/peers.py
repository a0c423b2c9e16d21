# SPDX-License-Identifier: Apache-2.0
"""Runs the command line of one peer over many files in one process.

Usage: python peers.py TOOL[,ARG...] FILE...
Prints "EXIT SECONDS FILE" for each. Static scans only: nothing is loaded.
"""
import contextlib
import importlib.metadata
import io
import sys
import time

tool, *extra = sys.argv[1].split(",")
entry = next(e for e in importlib.metadata.distribution(tool).entry_points if e.group == "console_scripts" and e.name == tool).load()
for name in sys.argv[2:]:
    out, sys.argv = io.StringIO(), [tool, *extra, name]
    start = time.perf_counter()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        try:
            code = entry() or 0
        except SystemExit as e:
            code = e.code if isinstance(e.code, int) else (0 if e.code is None else 1)
        except ImportError:
            raise
        except Exception:
            code = 99  # the command line ends with a traceback and exit code 1
    print(code, f"{time.perf_counter() - start:.6f}", name, flush=True)
