"""Runs the command for the tests, and checks how it ended.

SPDX-License-Identifier: MIT
"""
import os
import shutil
import subprocess
import tempfile
import unittest

import pictures

COMMAND = os.environ.get("OCELLUS_COMMAND", "ocellus")
GENERATE = os.environ.get("OCELLUS_GENERATE", "generate-pictures")
TIMEOUT = 300

DONE, FAILED, USAGE, PARTLY = 0, 1, 2, 3


def environment(**changes):
    result = dict(os.environ, TERM="xterm", LC_ALL="C.UTF-8")
    result.pop("NO_COLOR", None)
    result.update(changes)
    return result


def ocellus(*arguments, **options):
    options.setdefault("env", environment())
    options.setdefault("stdin", None if "input" in options else subprocess.DEVNULL)
    if options["stdin"] is None:
        del options["stdin"]
    options.setdefault("stdout", subprocess.PIPE)
    result = subprocess.run((COMMAND,) + arguments, stderr=subprocess.PIPE, timeout=TIMEOUT, check=False, **options)
    result.out = (result.stdout or b"").decode("utf-8", "strict")
    result.err = result.stderr.decode("utf-8", "strict")
    return result


class CommandTest(unittest.TestCase):
    """Pictures and one trained model that the tests share, and a folder of each test's own."""

    @classmethod
    def setUpClass(cls):
        cls.shared = tempfile.mkdtemp(prefix="ocellus-cli-")
        cls.addClassCleanup(shutil.rmtree, cls.shared, ignore_errors=True)
        cls.data = os.path.join(cls.shared, "pictures")
        cls.model = os.path.join(cls.shared, "model.ocm")
        pictures.write_folder(cls.data)
        result = ocellus("train", cls.data, "-o", cls.model, "--quiet")
        if result.returncode != DONE:
            raise AssertionError("the model for the tests could not be trained: " + result.err)
        cls.picture = os.path.join(cls.data, "plain", "00.png")

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="case-", dir=self.shared)

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def check(self, result, status, *messages):
        """The exit code, and that standard error has each of the messages (regular expressions)."""
        self.assertEqual(result.returncode, status, result.err)
        for message in messages:
            self.assertRegex(result.err, message)
        if status == USAGE or (status == FAILED and messages):
            self.assertRegex(result.err, r"(?m)^ocellus: ")
        return result
