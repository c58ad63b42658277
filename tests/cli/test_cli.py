"""The `ocellus` command from end to end: what it prints, what it writes, and how it ends.

The environment names the programs: OCELLUS_COMMAND, and OCELLUS_GENERATE for pictures of parts. Nothing but the standard
library is needed.

SPDX-License-Identifier: MIT
"""
import csv
import json
import os
import pty
import re
import select
import shutil
import signal
import subprocess
import sys
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import pictures  # noqa: E402
import service  # noqa: E402
from harness import (COMMAND, DONE, FAILED, GENERATE, PARTLY, TIMEOUT, USAGE, CommandTest,  # noqa: E402
                     environment, ocellus)


class Base(CommandTest):
    NETWORKS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "golden", "onnx")

    def setUp(self):
        super().setUp()
        self.env = environment(OCELLUS_BASE_PATH=self.path("bases"))

    def run_base(self, *arguments):
        return ocellus("base", *arguments, env=self.env)

    def import_plain(self, *arguments):
        result = self.run_base("import", os.path.join(self.NETWORKS, "plain.onnx"), "--mean", "127.5", "--std", "64", *arguments)
        if "built without ONNX" in result.err:
            self.skipTest("built without ONNX")
        return result

    def test_import_train_verify_remove(self):
        self.check(self.import_plain("--licence", "none"), DONE)
        facts = json.loads(self.run_base("info", "plain", "--json").out)
        self.assertEqual(facts["features"], 12)
        self.assertEqual(facts["properties"]["licence"], "none")
        names = [base["name"] for base in json.loads(self.run_base("list", "--json").out)["bases"]]
        self.assertEqual(names, ["compact", "plain"])
        result = ocellus("train", self.data, "-o", self.path("m.ocm"), "--base", "plain", "--json", "--quiet", env=self.env)
        self.check(result, DONE)
        properties = json.loads(result.out)["properties"]
        self.assertEqual((properties["base"], properties["base_sha256"]), ("plain", facts["properties"]["sha256"]))
        self.check(self.import_plain(), FAILED, "already", "--force")
        self.check(self.import_plain("--force"), DONE)
        self.assertEqual(self.check(self.run_base("verify"), DONE).out, "compact: good\nplain: good\n")
        with open(self.path("bases", "plain.ocm"), "ab") as file:
            file.write(b"x")
        self.assertIn("plain: damaged", self.check(self.run_base("verify", "plain"), FAILED, "the file was changed").out)
        self.check(ocellus("train", self.data, "-o", self.path("m.ocm"), "--base", "plain", env=self.env), FAILED, "was changed")
        self.check(self.run_base("remove", "plain"), DONE)
        self.check(self.run_base("remove", "plain"), FAILED, "there is no base network 'plain'")
        self.check(self.run_base("remove", "compact"), FAILED, "is built into the library")

    def test_domains(self):
        domains = json.loads(self.check(self.run_base("domains", "--json"), DONE).out)["domains"]
        compact = [one for one in domains if one["name"] == "General (compact)" and one["task"] == "classification"]
        self.assertEqual([one["settings"] for one in compact], ["base=compact"])
        self.assertIn(compact[0]["id"], self.check(self.run_base("domains"), DONE).out)
        result = ocellus("train", self.data, "-o", self.path("m.ocm"), "--domain", "Foot", env=self.env)
        self.check(result, FAILED, "there is no domain 'Foot' for classification; there are: General, ")
        project = self.path("project")
        self.check(ocellus("project", "create", project, "--domain", "Logo"), FAILED, "there is no domain 'Logo' for classification")
        self.assertFalse(os.path.exists(project))
        self.check(ocellus("project", "create", project, "--domain", compact[0]["id"], "-q"), DONE)
        self.check(ocellus("project", "add", project, self.data, "-q"), DONE)
        self.check(ocellus("project", "train", project, "-q"), DONE)
        listed = json.loads(ocellus("project", "iterations", project, "--json").out)["iterations"]
        settings = json.loads(listed[0]["settings"])
        self.assertEqual((settings["domain"], settings["base"]), ("General (compact)", "compact"))

    def test_features(self):
        self.check(self.import_plain("-o", self.path("b.ocm"), "--quiet"), DONE)
        out = self.path("f.f32")
        facts = json.loads(self.check(ocellus("features", self.path("b.ocm"), self.data, "-o", out, "--json", "-q"), DONE).out)
        self.assertEqual(facts["features"], 12)
        self.assertEqual(os.path.getsize(out), 4 * 12 * facts["pictures"])
        self.check(ocellus("features", self.model, self.data, "-o", out), FAILED, "is a trained model, not a base network")

    def test_misuse(self):
        self.check(self.run_base(), USAGE, "list, info, import, remove, verify or domains")
        self.check(self.run_base("domains", "x"), USAGE, "base domains takes no arguments")
        self.check(self.run_base("mend"), USAGE, "'mend' is nothing that base does")
        self.check(self.run_base("info"), USAGE, "takes one name")
        self.check(self.run_base("import", "x.onnx", "--size", "0"), USAGE, "--size is '0'")
        self.check(self.run_base("import", "x.onnx", "--layout", "hwcn"), USAGE, "nchw or nhwc")
        self.check(self.run_base("import", self.path("none.onnx")), FAILED, "none.onnx")
        self.check(self.run_base("verify", "nothing"), FAILED, "do not exist")
        self.check(ocellus("features", "compact", self.data), USAGE, "-o FILE")


class Project(CommandTest):
    def setUp(self):
        super().setUp()
        self.project = self.path("project")
        self.check(ocellus("project", "create", self.project, "-q"), DONE)

    def run_project(self, verb, *arguments):
        return ocellus("project", verb, self.project, *arguments)

    def facts(self, verb, *arguments):
        return json.loads(self.check(self.run_project(verb, *arguments, "--json", "-q"), DONE).out)

    def names(self, *arguments):
        return [os.path.basename(picture["name"]) for picture in self.facts("list", *arguments)["pictures"]]

    def test_add_list_train(self):
        n = sum(len(os.listdir(os.path.join(self.data, tag))) for tag in os.listdir(self.data))
        self.assertEqual(self.facts("add", self.data), {"project": self.project, "added": n, "duplicates": 0, "skipped": 0})
        self.assertEqual(self.facts("add", self.data, "--metadata", "k=v")["duplicates"], n)
        facts = self.facts("info")
        self.assertEqual((facts["kind"], facts["pictures"], facts["untagged"]), ("multiclass", n, 0))
        self.assertEqual([tag["name"] for tag in self.facts("tags")["tags"]], sorted(os.listdir(self.data)))
        page = self.facts("list", "--limit", "2", "--offset", "1", "--sort", "name")
        self.assertEqual((page["n_pictures"], len(page["pictures"])), (n, 2))
        self.assertEqual(page["pictures"][0]["metadata"], {"k": "v"})
        self.assertRegex(self.run_project("list", "--limit", "2").err, "note: 2 of %d; --offset 2 shows the next" % n)
        model = self.path("m.ocm")
        result = ocellus("train", self.project, "-o", model, "--json", "-q")
        self.check(result, DONE)
        self.assertEqual(json.loads(result.out)["report"]["n_pictures"], n)
        self.check(ocellus("evaluate", model, self.project, "--split", "test"), FAILED, "no picture has the split 'test'", "project split")

    def test_tags_metadata_and_splits(self):
        files = [os.path.join(self.data, "plain", name) for name in sorted(os.listdir(os.path.join(self.data, "plain")))[:3]]
        self.check(self.run_project("add", *files, "--tag", "new", "-m", "side=left", "--split", "train"), DONE)
        one, two, three = (picture["id"] for picture in self.facts("list")["pictures"])
        self.assertEqual(self.facts("show", one[:8])["pictures"][0]["metadata"], {"side": "left"})
        self.assertIn("note: made the tag 'other'", self.check(self.run_project("tag", "other", one, "--only"), DONE).err)
        self.check(self.run_project("tag", "other", two), FAILED, "cannot be together: in a multiclass project")
        self.check(self.run_project("metadata", "side=right", one, two), DONE)
        self.assertEqual(self.facts("split", "none", "--where", "side ne 'left'")["pictures"], 2)
        self.assertEqual([picture["split"] for picture in self.facts("list")["pictures"]], [None, None, "train"])
        self.assertEqual(self.facts("list", "--where", "side eq 'left' or side eq 'x'")["n_pictures"], 1)
        self.assertEqual(self.run_project("list", "--tag", "other", "--tag", "new", "--count").out, "3\n")
        self.check(self.run_project("tag-set", "other", "--name", "renamed", "--colour", "#00ff00"), DONE)
        self.check(self.run_project("tag-merge", "renamed", "new"), DONE)
        self.assertEqual([(tag["name"], tag["pictures"]) for tag in self.facts("tags")["tags"]], [("new", 3)])
        self.check(self.run_project("untag", "new", three), DONE)
        self.assertEqual(self.facts("list", "--untagged")["n_pictures"], 1)
        self.check(self.run_project("tag-create", "nothing", "--type", "negative"), DONE)
        self.check(self.run_project("tag-create", "none", "--type", "negative"), FAILED, "negative tag already")
        self.check(self.run_project("tag-delete", "new"), DONE)
        self.check(self.run_project("set", "--kind", "multilabel", "--name", "Name"), DONE)
        self.assertEqual(self.facts("info")["kind"], "multilabel")
        self.check(self.run_project("remove", "--tagged"), DONE)
        self.check(self.run_project("remove", one, two), DONE)
        self.assertEqual(self.facts("info")["pictures"], 1)

    def test_files(self):
        self.check(self.run_project("add", self.picture), DONE)
        picture = self.facts("list")["pictures"][0]
        out = self.path("out.png")
        self.check(self.run_project("export-picture", picture["id"], "-o", out), DONE)
        with open(out, "rb") as written, open(self.picture, "rb") as original:
            self.assertEqual(written.read(), original.read())
        self.check(self.run_project("export-picture", picture["id"], "-o", out), FAILED, "out.png")
        self.assertEqual(self.check(self.run_project("verify", "-q"), DONE).out, "")
        os.remove(picture["path"])
        self.assertIn("is not there", self.check(self.run_project("verify"), FAILED, "1 problem is left", "--repair").out)
        problems = self.facts("verify", "--repair", "--forget")["problems"]
        self.assertEqual([(one["problem"], one["repaired"]) for one in problems], [("missing", True)])
        self.check(self.run_project("add", self.picture, self.path("nothing.jpg")), PARTLY, "nothing.jpg")
        again = self.facts("list")["pictures"][0]["id"]
        self.check(self.run_project("replace", again, os.path.join(self.data, "plain", "01.png")), DONE)
        self.assertNotEqual(self.facts("list")["pictures"][0]["sha256"], picture["sha256"])
        self.assertEqual(self.facts("list")["pictures"][0]["id"], again)

    def test_misuse(self):
        self.check(ocellus("project"), USAGE, "project does what")
        self.check(ocellus("project", "verfy", self.project), USAGE, "did you mean 'verify'")
        self.check(ocellus("project", "info"), USAGE, "which project")
        self.check(ocellus("project", "info", self.path("nowhere")), FAILED, "nowhere", "project create")
        self.check(self.run_project("info", "x"), USAGE, "one argument too many")
        self.check(ocellus("project", "create", self.project), FAILED, "already")
        self.check(self.run_project("set"), USAGE, "say what to set")
        self.check(self.run_project("set", "--kind", "boxes"), USAGE, "--kind is 'boxes'")
        self.check(self.run_project("tag", "a"), USAGE, "which pictures")
        self.check(self.run_project("tag", "a", "x", "--untagged"), USAGE, "not both")
        self.check(self.run_project("metadata", "a", "--untagged"), USAGE, "KEY=VALUE")
        self.check(self.run_project("add", self.picture, "-m", "a"), USAGE, "KEY=VALUE")
        self.check(self.run_project("list", "--where", "a is 'b'"), FAILED, "goes wrong at character 3")
        self.check(self.run_project("list", "--sort", "size"), USAGE, "oldest, newest or name")
        self.check(self.run_project("list", "--tagged", "--untagged"), USAGE, "both")
        self.check(self.run_project("verify", "--forget"), USAGE, "--repair")
        self.check(self.run_project("show", "abcdef12"), FAILED, "there is no picture")
        self.check(self.run_project("export-picture", "abcdef12"), USAGE, "-o FILE")

    def test_iterations(self):
        self.check(self.run_project("add", self.data), DONE)
        self.assertIn("nothing has been trained yet", self.run_project("iterations").err)
        first = self.facts("train", "--seed", "1")["iterations"][0]
        self.assertEqual((first["name"], first["new"], first["method"]), ("Iteration 1", True, "cross-validation"))
        self.assertEqual(json.loads(first["settings"])["seed"], "1")
        again = self.check(self.run_project("train", "--seed", "1"), DONE, "nothing has changed since 'Iteration 1'")
        self.assertIn("Iteration 1", again.out)
        second = self.facts("train", "--seed", "1", "--test-share", "0.4", "--name", "held out")["iterations"][0]
        self.assertEqual((second["name"], second["method"], second["version"]), ("held out", "test-set", first["version"]))
        compared = self.facts("compare", "Iteration 1", "held out")
        self.assertEqual((compared["same_data"], compared["same_settings"]), (True, False))
        self.assertIn("The data are the same, the settings different.", self.run_project("compare", "Iteration 1", "held out").out)
        self.check(self.run_project("publish", "Iteration 1", "production"), DONE)
        self.check(self.run_project("default", "held out"), DONE)
        self.assertIn("published as production", self.run_project("iterations").out)
        for model in (self.project, self.project + "@production", self.project + "@Iteration 1"):
            answer = self.check(ocellus("predict", model, self.picture, "--json"), DONE).out
            self.assertIn("predictions", json.loads(answer))
        self.check(ocellus("predict", self.project + "@nothing", self.picture), FAILED, "no iteration 'nothing'", "project iterations")
        self.check(ocellus("evaluate", self.project, self.data, "-q"), DONE)
        self.assertIn("option.seed", ocellus("info", self.project).out)
        self.check(self.run_project("export-model", "production", "-o", self.path("m.ocm")), DONE)
        self.assertEqual(os.path.getsize(self.path("m.ocm")), first["bytes"])
        self.check(self.run_project("export-model"), USAGE, "-o MODEL")
        self.check(self.run_project("iteration-delete", "Iteration 1"), FAILED, "unpublish it first")
        self.check(self.run_project("unpublish", "production"), DONE)
        self.check(self.run_project("iteration-delete", "Iteration 1"), DONE)
        self.assertEqual([one["name"] for one in self.facts("iterations")["iterations"]], ["held out"])
        self.assertEqual(self.run_project("verify", "-q").out, "")

    def test_stored_predictions(self):
        self.check(self.run_project("add", self.data), DONE)
        self.check(self.run_project("train", "-q"), DONE)
        new = self.path("new.png")
        shutil.copy(self.picture, new)
        self.check(ocellus("predict", self.project, new, self.picture, self.path("no.png"), "--store", "--application", "door"), PARTLY)
        self.check(ocellus("predict", self.project, new, "--application", "door"), USAGE, "--store")
        self.check(ocellus("predict", self.model, new, "--store"), FAILED, "is no project")
        stored = self.facts("predictions", "--application", "door", "--sort", "oldest")
        self.assertEqual((stored["n_predictions"], stored["stored"][0]["picture"]), (2, new))
        best = stored["stored"][0]["predictions"][0]
        self.assertEqual(self.facts("predictions", "--tag", best["tag"], "--min", "0.999999", "--max", "0.9999999")["n_predictions"], 0)
        self.assertIn(best["tag"], self.run_project("predictions", "--sort", "suggested").out)
        self.check(self.run_project("predictions", "--sort", "best"), USAGE, "newest, oldest or suggested")
        first, second = (one["id"] for one in stored["stored"])
        self.check(self.run_project("promote", first), DONE)  # which the project has already
        self.check(self.run_project("prediction-delete", first), FAILED, "no stored prediction")
        self.check(self.run_project("prediction-delete", second), DONE)
        self.check(self.run_project("set", "--keep-days", "7"), DONE)
        self.assertEqual(self.facts("info")["keep_days"], 7)
        self.assertEqual(self.run_project("verify", "-q").out, "")

    def test_similar(self):
        self.check(self.run_project("add", self.data), DONE)
        first = self.facts("list")["pictures"][0]
        matches = self.facts("similar", first["id"][:8], "-n", "3")["matches"]
        self.assertEqual(len(matches), 3)
        self.assertNotIn(first["id"], [one["id"] for one in matches])
        self.assertGreaterEqual(matches[0]["score"], matches[1]["score"])
        same = self.facts("similar", first["path"], "-n", "1")["matches"][0]
        self.assertEqual((same["id"], same["tags"], round(same["score"], 4)), (first["id"], first["tags"], 1))
        self.assertRegex(self.check(self.run_project("similar", first["id"], "--tag", first["tags"][0]), DONE).out,
                         r"(?m)^0\.\d{3} +[0-9a-f]{8} .* %s$" % first["tags"][0])
        self.check(self.run_project("similar", self.path("nothing.png")), FAILED, "nothing.png")
        self.check(self.run_project("similar"), USAGE)
        self.check(self.run_project("similar", first["id"], "--tagged", "--untagged"), USAGE, "both")
        self.check(self.run_project("similar", first["id"], "--base", "nothing"), FAILED, "nothing")

    def test_suggest(self):
        self.check(self.run_project("add", self.data), DONE)
        names = [one["id"] for one in self.facts("list")["pictures"]]
        for picture in names[:4]:
            tag = self.facts("show", picture)["pictures"][0]["tags"][0]
            self.check(self.run_project("untag", tag, picture), DONE)
        groups = self.facts("suggest")["pictures"]
        self.assertEqual({one["id"] for one in groups}, set(names[:4]))
        self.assertEqual({one["id"] for one in self.facts("suggest", "--name", ".png")["pictures"]}, set(names[:4]))
        self.assertEqual(groups[0]["group"], 1)
        self.check(self.run_project("suggest", "--useful"), FAILED, "nothing has been trained")
        self.check(self.run_project("train", "-q"), DONE)
        best = self.facts("suggest", "-n", "1")["pictures"][0]
        self.assertEqual(len(best["suggestions"]), 1)
        self.assertRegex(self.run_project("suggest", "--useful").out, r"(?m)^0\.\d{3}  [0-9a-f]{8}  .* \d+\.\d %$")
        self.check(self.run_project("suggest", "--useful", "--alike"), USAGE, "--useful does not go")
        self.check(self.run_project("suggest", "--give", "new"), USAGE, "--give takes --group")
        self.assertEqual(self.facts("suggest", "-n", "1", "--accept", "0")["n_tagged"], 1)
        self.assertEqual(self.facts("show", best["id"])["pictures"][0]["tags"], [best["suggestions"][0]["tag"]])
        self.assertIn("3 pictures tagged", self.check(self.run_project("suggest", "--group", "1", "--give", "new"), DONE).out)
        self.assertEqual(self.facts("suggest")["pictures"], [])
        self.assertEqual(self.facts("list", "--tag", "new")["n_pictures"], 3)

    def test_check(self):
        self.check(self.run_project("add", self.data), DONE)
        first = self.facts("list")["pictures"][0]
        done = self.check(self.run_project("check", "--quick"), DONE)
        self.assertRegex(done.out, r"(?m)^hint: 2 of 2 tags have fewer than 50 pictures, 'plain' the fewest: 8$")
        self.assertRegex(done.out, r"(?m)^ +16  %s  .*%s" % (first["id"][:8], first["name"]))
        self.assertIn("and 6 more (--all shows them)", done.out)
        self.assertNotIn("more (--all", self.run_project("check", "--quick", "--all").out)
        findings = self.facts("check")["findings"]
        few = [one for one in findings if one["kind"] == "too-few"][0]
        self.assertEqual((few["severity"], few["places"]), ("hint", []))
        self.assertIn(first["name"], [place["name"] for one in findings for place in one["places"]])
        self.check(self.run_project("check", "--base", "nothing"), FAILED, "nothing")
        self.check(self.run_project("check", "more"), USAGE)

    def test_versions(self):
        self.check(self.run_project("add", self.data), DONE)
        n = self.facts("info")["pictures"]
        self.check(self.run_project("version-create", "spring"), DONE)
        self.check(self.run_project("version-create", "again"), FAILED, "nothing has changed")
        self.check(self.run_project("remove", self.facts("list")["pictures"][0]["id"]), DONE)
        self.assertEqual(self.facts("train", "--version", "spring")["iterations"][0]["pictures"], n)
        self.assertEqual([(one["name"], one["iterations"]) for one in self.facts("versions")["versions"]], [("spring", 1)])
        self.assertIn("spring", self.run_project("versions").out)
        self.check(self.run_project("version-delete", "spring"), DONE)
        self.check(self.run_project("version-delete", "spring"), FAILED, "no data version 'spring'")

    def test_backup(self):
        self.check(self.run_project("add", self.data), DONE)
        backup, copy = self.path("all.tar"), self.path("copy")
        self.check(self.run_project("backup", backup), DONE)
        self.check(ocellus("project", "restore", copy, backup), DONE)
        before, after = self.facts("info"), json.loads(ocellus("project", "info", copy, "--json").out)
        self.assertEqual(dict(before, project=None), dict(after, project=None))
        self.check(ocellus("project", "restore", copy, backup), FAILED, "is there already")
        self.check(ocellus("project", "restore", self.path("other"), self.picture), FAILED, "is not a backup")

    def test_regions(self):
        self.check(self.run_project("set", "--kind", "detection"), DONE)
        self.check(self.run_project("add", self.picture), DONE)
        picture = self.facts("list")["pictures"][0]
        side = picture["width"]
        added = self.facts("region-add", picture["id"][:8], "hole", "0.5", "0.25", "0.5", "0.5")["regions"][0]
        self.check(self.run_project("region-add", picture["id"], "hole", "0.75", "0", "0.5", "0.5"), FAILED, "stands over")
        self.check(self.run_project("region-add", picture["id"], "hole", "x", "0", "0.5", "0.5"), USAGE, "are numbers")
        self.check(self.run_project("region-add", picture["id"], "edge", "--clip", "--pixels", "--", "-5", "0", "10", "10"), DONE)
        self.assertEqual([(one["tag"], one["left"], one["width"]) for one in self.facts("regions", "--pixels")["regions"]],
                         [("hole", side / 2, side / 2), ("edge", 0, 5)])
        self.check(self.run_project("region-set", added["id"], "--tag", "rim", "0", "0", "1", "1"), DONE)
        self.check(self.run_project("region-set", added["id"]), USAGE, "say what to change")
        self.assertRegex(self.check(self.run_project("regions", picture["id"]), DONE).out, r"rim +0\.0000 +0\.0000 +1\.0000 +1\.0000")
        self.check(self.run_project("region-delete", added["id"]), DONE)
        self.assertEqual(self.facts("list")["pictures"][0]["tags"], ["edge"])

    def test_annotation_files(self):
        self.check(self.run_project("add", self.data), DONE)
        out, again = self.path("out"), self.path("again")
        self.check(self.run_project("export", out), USAGE, "--format FORMAT")
        self.check(self.run_project("export", out, "--format", "tiff"), FAILED, "is no format", "coco")
        report = self.facts("export", out, "--format", "csv")
        self.assertEqual((report["format"], report["pictures"], report["left_out"]), ("csv", self.facts("info")["pictures"], 0))
        self.check(self.run_project("export", out, "--format", "csv"), FAILED, "not empty")
        self.check(ocellus("project", "create", again), DONE)
        result = self.check(ocellus("project", "import", again, out), DONE)
        self.assertRegex(result.out, r"Added %d pictures, .* \(format csv\)" % report["pictures"])
        self.assertRegex(self.check(ocellus("project", "import", again, out), DONE).out, "Added 0 pictures .*were there already")
        with open(os.path.join(out, "labels.csv"), "a", encoding="utf-8") as labels:
            labels.write("gone.png,plain\n../../etc/passwd,plain\n")
        result = self.check(ocellus("project", "import", again, out), PARTLY, "2 left out: the picture's file is not there", "gone.png")
        report = json.loads(ocellus("project", "import", again, out, "--json").out)
        self.assertEqual((report["missing"], report["notes"][0]["examples"]), (2, ["gone.png", "passwd"]))
        self.check(ocellus("convert", out, self.path("x.csv"), "--to", "csv"), DONE)
        self.check(ocellus("convert", out, self.path("y")), USAGE, "--to FORMAT")
        self.check(ocellus("convert", out, "--to", "csv"), USAGE, "name what to read")
        self.check(ocellus("convert", out, self.path("folders"), "--to", "folder", "--from", "csv"), PARTLY, "gone.png")
        self.assertEqual(sorted(os.listdir(self.path("folders"))), sorted(os.listdir(self.data)))
        self.check(ocellus("convert", self.picture, self.path("z"), "--to", "csv"), FAILED, "no annotation file")

    def pull(self, server, *arguments, key=service.KEY, project=None):
        result = ocellus("project", "pull", self.project, server.endpoint, project or server.project, *arguments,
                         env=environment(OCELLUS_SERVICE_KEY=key))
        if "built without" in result.err:
            self.skipTest("built without the service's interface")
        return result

    def serve(self, *arguments):
        server = service.Service(*arguments)
        self.addCleanup(server.close)
        return server

    def test_pulling_from_the_service(self):
        def read(tag, i):
            with open(os.path.join(self.data, tag, "%02d.png" % i), "rb") as file:
                return file.read()
        boxes = [("bolt", 0.1, 0.2, 0.3, 0.4), ("nut", 0.5, 0.5, 0.5, 0.5)]
        shown = [(read("plain", i), boxes[:i % 3], {"line": str(i)} if i else None) for i in range(8)]
        server = self.serve("ObjectDetection", [("nut", "Regular"), ("bolt", "Regular"), ("goods", "GeneralProduct")], shown)
        self.check(self.pull(server, key="wrong"), FAILED, "answered 401: the key is wrong")
        self.check(self.pull(server, project="nonsense"), FAILED, "no identifier of a project")
        self.check(self.pull(server, project=server.domain), FAILED, "answered 404")
        self.check(ocellus("project", "pull", self.project, "file:///etc", server.project, "--key", "k"), FAILED, "no address")
        self.assertEqual(self.facts("info")["tags"], 0)
        ids = list(server.pictures)
        server.relative = ids[1]
        # It asks for patience, has a fault, and then refuses in the middle; the same command goes on.
        server.faults = {"/customvision/v3.3/training/projects/%s/tags" % server.project: [(429, {"Retry-After": "1"})],
                         "/blobs/" + ids[2]: [(503, {})], "/blobs/" + ids[4]: [(403, {})], "/blobs/" + ids[6]: [(404, {})]}
        self.check(self.pull(server), FAILED, r"/blobs/%s: answered 403" % ids[4])
        self.assertEqual([one["name"] for one in self.facts("list")["pictures"]], ids[:4])
        server.asked.clear()
        result = self.check(self.pull(server), PARTLY, "the picture's file is not there", ids[6])
        self.assertNotIn("secret", result.err)
        self.assertRegex(result.out, r"Added 3 pictures \(4 were there already\), 3 tags, 4 boxes \(format service\)")
        self.assertEqual(sorted(path for path, _ in server.asked if path.startswith("/blobs/")), ["/blobs/" + one for one in ids[4:]])
        self.assertTrue(all(keyed == path.startswith("/customvision") for path, keyed in server.asked))
        result = self.check(self.pull(server, "--json"), DONE)
        self.assertEqual([json.loads(result.out)[key] for key in ("pictures", "added", "duplicates", "boxes")], [8, 1, 7, 0])
        info = self.facts("info")
        self.assertEqual((info["kind"], info["pictures"], info["tags"], info["regions"]), ("detection", 8, 3, 7))
        self.assertEqual(info["domain"], "Logo")
        listed = {one["name"]: one for one in self.facts("list")["pictures"]}
        self.assertEqual((listed[ids[5]]["tags"], listed[ids[5]]["metadata"]), (["nut", "bolt"], {"line": "5"}))
        self.assertEqual([one["type"] for one in self.facts("tags")["tags"]], ["regular", "regular", "product"])
        self.assertEqual([(one["tag"], one["left"], round(one["height"], 9)) for one in self.facts("regions", listed[ids[1]]["id"])["regions"]],
                         [("bolt", 0.1, 0.4)])

    def test_pulling_classes(self):
        with open(self.picture, "rb") as file:
            data = file.read()
        server = self.serve("Classification", [("a", "Regular"), ("none", "Negative")], [(data, ["a"], None), (b"no picture", ["none"], None)])
        self.check(self.pull(server), PARTLY, "the picture cannot be read")
        self.assertEqual([(one["name"], one["type"], one["pictures"]) for one in self.facts("tags")["tags"]],
                         [("a", "regular", 1), ("none", "negative", 0)])
        self.assertEqual(self.facts("info")["kind"], "multilabel")
        server.close()
        self.check(self.pull(server), FAILED, "connect")

    def test_archiving_the_service(self):
        with open(self.picture, "rb") as file:
            data = file.read()
        server = self.serve("Classification", [("a", "Regular")], [(data, ["a"], None)] * 4)
        done, failed = "11111111-2222-3333-4444-555555555555", "11111111-2222-3333-4444-666666666666"
        server.iterations = [{"id": done, "name": "Iteration 1", "status": "Completed"}, {"id": failed, "status": "Failed"}]
        server.exports[done] = [{"platform": "ONNX", "flavor": "ONNX12", "status": "Done", "downloadUri": server.endpoint + "/blobs/model-1?sig=x"},
                                {"platform": "CoreML", "flavor": None, "status": "Done", "downloadUri": server.endpoint + "/blobs/model-2?sig=x"},
                                {"platform": "../../evil", "flavor": "", "status": "Done", "downloadUri": server.endpoint + "/blobs/model-3"},
                                {"platform": "TensorFlow", "flavor": "", "status": "Exporting", "downloadUri": None}]
        server.predictions = [[{"tagName": "a", "probability": 0.25 * i}] for i in range(3)]
        folder = self.path("old")
        result = self.check(self.pull(server, "--archive", folder), DONE)
        self.assertRegex(result.err, "1 iterations with 4 answers, 2 models, 3 predictions$")

        def read(*names):
            with open(os.path.join(folder, *names), encoding="utf-8") as file:
                return json.load(file)
        self.assertEqual(read("project.json")["id"], server.project)
        self.assertEqual([one["name"] for one in read("tags.json")], ["a"])
        self.assertEqual(read("iterations.json"), server.iterations)
        self.assertEqual(read("iterations", done, "performance.json")["precision"], 0.75)
        self.assertEqual([one["id"] for one in read("iterations", done, "answers.json")], list(server.pictures))
        self.assertEqual(sorted(os.listdir(os.path.join(folder, "iterations", done))),
                         ["CoreML.zip", "ONNX-ONNX12.zip", "answers.json", "exports.json", "performance.json"])
        self.assertEqual([one["predictions"] for one in read("predictions.json")], server.predictions)
        self.assertEqual(len(os.listdir(os.path.join(folder, "predictions"))), 3)
        self.assertEqual(os.listdir(os.path.join(folder, "iterations")), [done])
        # Again: models and pictures are there; what the service refuses is passed over, and told.
        server.asked.clear()
        server.faults = {"/customvision/v3.3/training/projects/%s/iterations/%s/performance/images" % (server.project, done): [(400, {})]}
        result = self.check(self.pull(server, "--archive", folder), DONE, "answered 400")
        self.assertIn("not all could be had", result.err)
        self.assertFalse([path for path, _ in server.asked if path.startswith("/blobs/model")])
        pictures.write(self.path("file"), b"")
        self.check(self.pull(server, "--archive", self.path("file", "below")), FAILED, "file")

    def test_help_of_verbs(self):
        listed = re.findall(r"(?m)^    ([a-z-]+)  ", ocellus("help", "project").out)
        self.assertGreater(len(listed), 15)
        for verb in listed:
            asked = self.check(ocellus("help", "project", verb), DONE)
            self.assertTrue(asked.out.startswith("usage: ocellus project " + verb), asked.out)
            self.assertEqual(asked.out, ocellus("project", verb, "--help").out)


class Help(CommandTest):
    def test_the_list_of_commands(self):
        for arguments in (("help",), ("--help",), ("-h",)):
            result = self.check(ocellus(*arguments), DONE)
            for name in ("train", "evaluate", "predict", "watch", "info", "project", "base", "features", "version", "help"):
                self.assertRegex(result.out, r"(?m)^    %s  " % name)
            self.assertEqual(result.err, "")

    def test_each_command_has_help(self):
        for name in ("train", "evaluate", "predict", "watch", "info", "project", "base", "features", "version", "help"):
            asked = self.check(ocellus("help", name), DONE)
            self.assertTrue(asked.out.startswith("usage: ocellus " + name), asked.out)
            self.assertEqual(asked.out, ocellus(name, "--help").out)
            self.assertEqual(asked.out, ocellus(name, "-h").out)

    def test_help_fits_the_terminal(self):
        for line in ocellus("help", "train").out.splitlines():
            if not line.startswith(("usage:", "   or:")):
                self.assertLessEqual(len(line), 80, line)

    def test_hyper_parameters_are_flags(self):
        out = ocellus("help", "train").out
        section = out.split("Hyper-parameters\n")[1].split("\n\n")[0]
        self.assertIn("--seed N", section)
        flags = re.findall(r"--([a-z0-9-]+)", section)
        self.assertGreaterEqual(len(flags), 3)

    def test_version(self):
        result = self.check(ocellus("version"), DONE)
        self.assertRegex(result.out, r"^ocellus \d+\.\d+\.\d+\n")
        self.assertEqual(ocellus("--version").out, result.out)
        facts = json.loads(ocellus("version", "--json", "--threads", "2").out)
        self.assertEqual(facts["threads"], 2)
        self.assertIn(facts["cpu"], ("c", "avx2", "avx512", "avx512vnni", "avx512bf16", "neon"))
        self.assertIn("ocellus " + facts["library"], result.out)


class Usage(CommandTest):
    def test_no_command(self):
        self.check(ocellus(), USAGE, "no command", "hint: 'ocellus help'")

    def test_unknown_command(self):
        self.check(ocellus("trian"), USAGE, "'trian' is not a command", "did you mean 'train'")
        self.check(ocellus("pred"), USAGE, "did you mean 'predict'")
        self.check(ocellus("xyzzy"), USAGE, "'xyzzy' is not a command", "lists the commands")
        self.check(ocellus("help", "infos"), USAGE, "did you mean 'info'")

    def test_option_before_the_command(self):
        self.check(ocellus("--json", "train"), USAGE, "a command comes first")

    def test_unknown_option(self):
        self.check(ocellus("train", self.data, "--sede", "1"), USAGE, "no option '--sede'", "did you mean '--seed'")
        self.check(ocellus("predict", "--zzz"), USAGE, "no option '--zzz'", "see 'ocellus help predict'")
        self.check(ocellus("info", "-x"), USAGE, "no option '-x'")

    def test_missing_value(self):
        self.check(ocellus("train", self.data, "-o"), USAGE, "'-o' needs a value")
        self.check(ocellus("train", self.data, "-o", "--json"), USAGE, "'-o' needs a value")
        self.check(ocellus("train", self.data, "-o", "x.ocm", "--seed"), USAGE, "'--seed' needs a value")
        self.check(ocellus("train", self.data, "--output="), USAGE, "'--output' needs a value")

    def test_value_where_none_goes(self):
        self.check(ocellus("info", self.model, "--json=yes"), USAGE, "'--json' takes no value")

    def test_numbers(self):
        for value in ("x", "-1", "1.5", "0x10", " 3", "99999999999999999999"):
            self.check(ocellus("predict", self.model, self.picture, "--top", value), USAGE, "'--top'.*whole number from 0")
        for value in ("1.1", "nan", "inf", "0,5", "-0.5", "50%"):
            self.check(ocellus("predict", self.model, self.picture, "--threshold", value), USAGE, "not a number from 0 to 1")
        self.check(ocellus("version", "--threads", "0"), USAGE, "'--threads'.*1 to 256")
        self.check(ocellus("version", "--threads", "257"), USAGE, "'--threads'.*1 to 256")

    def test_hyper_parameter_out_of_range(self):
        target = self.path("model.ocm")
        for value in ("-1", "x", "1e99"):
            self.check(ocellus("train", self.data, "-o", target, "--seed", value), USAGE, "seed", "see 'ocellus help train'")
        self.assertFalse(os.path.exists(target))

    def test_operands(self):
        self.check(ocellus("train"), USAGE, "train what")
        self.check(ocellus("train", self.data), USAGE, "-o model.ocm")
        self.check(ocellus("train", self.data, "more", "-o", "x"), USAGE, "'more' is one argument too many")
        self.check(ocellus("predict"), USAGE, "takes a model and the pictures")
        self.check(ocellus("predict", self.model), USAGE, "name the pictures")
        self.check(ocellus("evaluate", self.model), USAGE, "1 argument was given")
        self.check(ocellus("info"), USAGE, "takes one model")
        self.check(ocellus("version", "now"), USAGE, "takes no arguments")
        self.check(ocellus("help", "info", "train"), USAGE, "one too many")

    def test_test_split_alone(self):
        self.check(ocellus("train", "labels.csv", "--test-split", "test", "-o", "x"), USAGE, "needs --split")

    def test_testing_on_the_training_pictures(self):
        self.check(ocellus("train", self.data, "--test", self.data + "/", "-o", self.path("m.ocm")), USAGE,
                   "the training pictures themselves")
        self.check(ocellus("train", "x.csv", "--split", "a", "--test-split", "a", "-o", self.path("m.ocm")), USAGE,
                   "the training pictures themselves")

    def test_forms_of_options(self):
        """--name=VALUE, --name VALUE, -nVALUE and any order say the same."""
        whole = ocellus("predict", self.model, self.picture, "--top", "1", "--json").out
        self.assertEqual(whole, ocellus("predict", "--top=1", self.model, "--json", self.picture).out)
        self.assertEqual(whole, ocellus("predict", "-n1", "--json", self.model, self.picture).out)
        self.assertEqual(whole, ocellus("predict", "-qn", "1", "--json", "--", self.model, self.picture).out)

    def test_double_dash_ends_the_options(self):
        shutil.copy(self.picture, self.path("--top"))
        result = ocellus("predict", self.model, "--json", "--", "--top", cwd=self.folder)
        self.check(result, DONE)
        self.assertEqual(json.loads(result.out)["picture"], "--top")


class Train(CommandTest):
    def test_table_and_json_agree(self):
        target = self.path("m.ocm")
        people = self.check(ocellus("train", self.data, "-o", target, "--seed", "3"), DONE)
        self.assertRegex(people.out, r"Measured by \d+-fold cross-validation on 16 pictures")
        self.assertRegex(people.out, r"Saved .*m\.ocm")
        self.assertRegex(people.err, r"16 pictures, 2 tags")
        programs = self.check(ocellus("train", self.data, "-o", target, "--seed=3", "--json"), DONE)
        document = json.loads(programs.out)
        self.assertEqual(document["model"], target)
        self.assertEqual(document["model_bytes"], os.path.getsize(target))
        self.assertEqual(document["tags"], ["plain", "striped"])
        self.assertEqual(document["properties"]["option.seed"], "3")
        report = document["report"]
        self.assertEqual(report["method"], "cross-validation")
        self.assertEqual(report["n_pictures"], 16)
        self.assertIn("accuracy %.1f %%" % (100 * report["accuracy"]), people.out)
        self.assertIn("macro F1 %.1f %%" % (100 * report["mean"]["f1"]), people.out)
        for row in report["tags"]:
            figures = "%d +%d +%.1f %% +%.1f %%" % (row["n_pictures"], row["n_predicted"], 100 * row["precision"],
                                                    100 * row["recall"])
            self.assertRegex(people.out, r"(?m)^ +%s +%s" % (row["tag"], figures))

    def test_same_seed_same_answers(self):
        answers = []
        for threads in ("1", "2"):
            target = self.path("m%s.ocm" % threads)
            self.check(ocellus("train", self.data, "-o", target, "--seed", "5", "--threads", threads, "-q"), DONE)
            answers.append(ocellus("predict", target, self.picture, "--json", "--top", "0").out)
        self.assertEqual(*answers)

    def test_quiet_says_nothing(self):
        result = self.check(ocellus("train", self.data, "-o", self.path("m.ocm"), "--quiet"), DONE)
        self.assertEqual(result.out + result.err, "")

    def test_switch_forms(self):
        target = self.path("m.ocm")
        for form, expected in (("--skip-broken", "true"), ("--no-skip-broken", "false"), ("--skip-broken=false", "false")):
            document = json.loads(ocellus("train", self.data, "-o", target, form, "--json").out)
            self.assertEqual(document["properties"]["option.skip_broken"], expected)
        self.check(ocellus("train", self.data, "-o", target, "--skip-broken=maybe"), USAGE, "skip_broken")

    def test_replaces_an_older_model(self):
        target = self.path("m.ocm")
        pictures.write(target, b"old")
        self.check(ocellus("train", self.data, "-o", target, "-q"), DONE)
        self.check(ocellus("info", target), DONE)
        self.assertEqual(os.listdir(self.folder), ["m.ocm"])

    def test_test_folder(self):
        test = self.path("test")
        pictures.write_folder(test, n=3, first_seed=5000)
        document = json.loads(ocellus("train", self.data, "--test", test, "-o", self.path("m.ocm"), "--json").out)
        self.assertEqual(document["report"]["method"], "test-set")
        self.assertEqual(document["report"]["n_pictures"], 6)
        self.assertEqual(document["report"]["n_folds"], 1)

    def write_csv(self):
        with open(self.path("labels.csv"), "w", newline="", encoding="utf-8") as file:
            rows = csv.writer(file)
            rows.writerow(("path", "tag", "split"))
            for tag in ("plain", "striped"):
                for i in range(8):
                    rows.writerow((os.path.join(self.data, tag, "%02d.png" % i), tag, "train" if i < 6 else "test"))
        return self.path("labels.csv")

    def test_csv_with_splits(self):
        labels = self.write_csv()
        result = ocellus("train", labels, "--split", "train", "--test-split", "test", "-o", self.path("m.ocm"), "--json")
        document = json.loads(self.check(result, DONE).out)
        self.assertEqual(document["report"]["method"], "test-set")
        self.assertEqual(document["report"]["n_pictures"], 4)
        self.assertEqual(document["properties"]["n_training_pictures"], "12")

    def test_csv_without_a_choice_warns(self):
        result = ocellus("train", self.write_csv(), "-o", self.path("m.ocm"))
        self.check(result, DONE, "warning: .*several splits")

    def test_no_such_split(self):
        labels = self.write_csv()
        self.check(ocellus("train", labels, "--split", "trian", "-o", self.path("m.ocm")), FAILED,
                   "no picture has the split 'trian'", "its splits are: train, test")

    def test_split_of_a_folder(self):
        self.check(ocellus("train", self.data, "--split", "train", "-o", self.path("m.ocm")), FAILED, "splits are for CSV")

    def test_train_and_test_folders_are_not_tags(self):
        for part in ("train", "test"):
            pictures.write_folder(self.path("parts", part), n=2)
        pictures.write(self.path("parts", "labels.csv"), b"path,tag\n")
        self.check(ocellus("train", self.path("parts"), "-o", self.path("m.ocm")), FAILED, "'train' and 'test'",
                   r"hint: ocellus train \S+parts/train --test \S+parts/test -o model.ocm")
        self.check(ocellus("evaluate", self.model, self.path("parts") + "/"), FAILED,
                   r"evaluate MODEL \S+parts/test")
        # A third folder makes them tags like any other.
        pictures.write_folder(self.path("parts"), tags=("third",), n=2)
        self.assertNotIn("look like parts", ocellus("train", self.path("parts"), "-o", self.path("m.ocm")).err)


class BadInputs(CommandTest):
    """Each asserts what the user reads. See also Usage."""

    def train(self, data, *arguments):
        target = self.path("model.ocm")
        if os.path.exists(target):
            os.remove(target)
        result = ocellus("train", data, "-o", target, *arguments)
        if result.returncode != DONE:
            self.assertFalse(os.path.exists(target))
        return result

    def test_missing_folder(self):
        self.check(self.train(self.path("nowhere")), FAILED, "nowhere: no such folder or file")

    def test_empty_folder(self):
        os.mkdir(self.path("empty"))
        self.check(self.train(self.path("empty")), FAILED, "empty", "hint: a data set is a folder with one sub-folder")

    def test_folder_without_sub_folders(self):
        pictures.write(self.path("flat", "1.png"), pictures.plain(1))
        self.check(self.train(self.path("flat")), FAILED, "flat", "hint: a data set is")

    def test_a_picture_instead_of_a_folder(self):
        self.check(self.train(self.picture), FAILED, "neither a folder nor a .csv file")

    def test_one_tag_only(self):
        pictures.write_folder(self.path("one"), tags=("plain",))
        self.check(self.train(self.path("one")), FAILED, "tag", "something to tell apart")

    def test_two_pictures(self):
        pictures.write_folder(self.path("two"), n=1)
        self.check(self.train(self.path("two")), FAILED, "2 pictures")

    def test_csv_without_columns(self):
        pictures.write(self.path("bad.csv"), b"file,label\na.png,x\n")
        self.check(self.train(self.path("bad.csv")), FAILED, "bad.csv", "columns path and tag")

    def test_empty_csv(self):
        pictures.write(self.path("empty.csv"), b"")
        self.check(self.train(self.path("empty.csv")), FAILED, "empty.csv")

    def test_csv_of_missing_pictures(self):
        rows = b"".join(b"%d.png,%s\n" % (i, b"ab"[i % 2:i % 2 + 1]) for i in range(8))
        pictures.write(self.path("gone.csv"), b"path,tag\n" + rows)
        self.check(self.train(self.path("gone.csv")), FAILED, "warning: .*0.png", "(?m)^ocellus: ")

    def test_broken_pictures_are_left_out(self):
        data = self.path("data")
        shutil.copytree(self.data, data)
        whole = pictures.striped(1)
        pictures.write(os.path.join(data, "striped", "truncated.png"), whole[:len(whole) // 2])
        pictures.write(os.path.join(data, "striped", "huge.png"), pictures.huge_png())
        pictures.write(os.path.join(data, "striped", "empty.png"), b"")
        pictures.write(os.path.join(data, "striped", "readme.txt"), b"hello\n")
        result = self.check(self.train(data), DONE, "warning: .*truncated.png", "warning: .*huge.png", "readme.txt")
        self.assertIn("empty.png", result.err)
        self.check(self.train(data, "--no-skip-broken"), FAILED, "(truncated|huge|empty).png")

    def test_one_picture_under_two_tags(self):
        data = self.path("data")
        shutil.copytree(self.data, data)
        shutil.copy(self.picture, os.path.join(data, "striped", "again.png"))
        self.check(self.train(data), DONE, "warning: .*(00|again).png.*same picture")

    def test_a_tag_with_one_picture(self):
        data = self.path("data")
        shutil.copytree(self.data, data)
        pictures.write(os.path.join(data, "lonely", "1.png"), pictures.plain(77))
        self.check(self.train(data), DONE, "warning: .*lonely.*one picture")

    def test_many_warnings_are_cut_short(self):
        data = self.path("data")
        shutil.copytree(self.data, data)
        whole = pictures.striped(1)
        for i in range(30):
            pictures.write(os.path.join(data, "striped", "t%02d.png" % i), whole[:len(whole) // 2])
        result = self.check(self.train(data), DONE, r"warning: \.\.\. and 10 more")
        self.assertEqual(len(re.findall(r"(?m)^warning: .*t\d\d.png", result.err)), 20)
        result = self.check(self.train(data, "--verbose"), DONE)
        self.assertEqual(len(re.findall(r"(?m)^warning: .*t\d\d.png", result.err)), 30)

    def test_output_is_a_folder(self):
        self.check(ocellus("train", self.data, "-o", self.folder), FAILED, "is a folder", "hint: write -o .*/model.ocm")

    def test_output_is_a_device(self):
        fifo = self.path("fifo")
        os.mkfifo(fifo)
        self.check(ocellus("train", self.data, "-o", fifo), FAILED, "fifo: is a device or a pipe")

    def test_output_in_a_missing_folder(self):
        self.check(ocellus("train", self.data, "-o", self.path("no", "m.ocm")), FAILED, "does not exist", "mkdir -p")

    def test_output_below_a_file(self):
        pictures.write(self.path("file"), b"x")
        self.check(ocellus("train", self.data, "-o", self.path("file", "m.ocm")), FAILED, "file.*(not a folder|cannot be used)")

    def test_output_in_a_read_only_folder(self):
        target = self.path("m.ocm")
        if os.geteuid() == 0:
            target = "/proc/m.ocm"  # permissions do not hold root back; this file system does
            if not os.path.isdir("/proc/self"):
                self.skipTest("root, and no /proc")
        else:
            os.chmod(self.folder, 0o500)
            self.addCleanup(os.chmod, self.folder, 0o700)
        self.check(ocellus("train", self.data, "-o", target), FAILED, "m.ocm")
        self.assertFalse(os.path.exists(target))

    def test_full_disk(self):
        """A file size limit stands in for a full disk, which takes root to make."""
        target = self.path("m.ocm")
        pictures.write(target, b"the older model")
        import resource

        def limit():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (2048, 2048))
        self.check(ocellus("train", self.data, "-o", target, preexec_fn=limit), FAILED, "m.ocm.*(?i:too large|write)")
        with open(target, "rb") as file:
            self.assertEqual(file.read(), b"the older model")
        self.assertEqual(os.listdir(self.folder), ["m.ocm"])

    def test_missing_model(self):
        self.check(ocellus("predict", self.path("no.ocm"), self.picture), FAILED, "no.ocm")
        self.check(ocellus("info", self.path("no.ocm")), FAILED, "no.ocm")
        self.check(ocellus("evaluate", self.path("no.ocm"), self.data), FAILED, "no.ocm")

    def test_model_is_a_folder(self):
        self.check(ocellus("predict", self.data, self.picture), FAILED, "is a folder, not a model", "the model comes first")

    def test_model_and_picture_swapped(self):
        self.check(ocellus("predict", self.picture, self.model), FAILED, "00.png", "the model comes before the pictures")

    def test_truncated_model(self):
        with open(self.model, "rb") as file:
            whole = file.read()
        pictures.write(self.path("cut.ocm"), whole[:len(whole) // 2])
        self.check(ocellus("info", self.path("cut.ocm")), FAILED, "cut.ocm", "hint: the file is damaged or incomplete")

    def test_empty_model(self):
        pictures.write(self.path("empty.ocm"), b"")
        self.check(ocellus("info", self.path("empty.ocm")), FAILED, "empty.ocm")

    def test_evaluate_with_an_unknown_tag(self):
        pictures.write_folder(self.path("other"), tags=("plain", "dotted"), n=2)
        self.check(ocellus("evaluate", self.model, self.path("other")), FAILED, "dotted", "lists the tags that the model knows")

    def test_test_set_with_an_unknown_tag(self):
        pictures.write_folder(self.path("other"), tags=("plain", "dotted"), n=2)
        self.check(self.train(self.data, "--test", self.path("other")), FAILED, "dotted", "the same tags")

    def test_tag_that_is_not_utf8(self):
        data = os.fsencode(self.path("latin"))
        for tag in (b"gr\xfcn", b"rot"):
            for i in range(3):
                pictures.write(os.path.join(data, tag, b"%d.png" % i), pictures.plain(i))
        self.check(ocellus("train", data, "-o", self.path("m.ocm")), FAILED, "UTF-8")


class Predict(CommandTest):
    def test_people(self):
        result = self.check(ocellus("predict", self.model, self.picture), DONE)
        lines = result.out.splitlines()
        self.assertEqual(len(lines), 2)
        self.assertRegex(lines[0], r"^%s  plain +\d+\.\d %%$" % re.escape(self.picture))
        self.assertRegex(lines[1], r"^ +striped +\d+\.\d %$")
        self.assertEqual(len(lines[0]), len(lines[1]))

    def test_programs(self):
        others = [os.path.join(self.data, "striped", "%02d.png" % i) for i in range(8)]
        result = self.check(ocellus("predict", self.model, "--json", self.picture, *others), DONE)
        answers = [json.loads(line) for line in result.out.splitlines()]
        self.assertEqual([answer["picture"] for answer in answers], [self.picture] + others)
        for answer, expected in zip(answers, ["plain"] + 8 * ["striped"]):
            probabilities = [one["probability"] for one in answer["predictions"]]
            self.assertEqual(answer["predictions"][0]["tag"], expected)
            self.assertEqual(probabilities, sorted(probabilities, reverse=True))
            self.assertAlmostEqual(sum(probabilities), 1, places=4)

    def test_top_and_threshold(self):
        self.assertEqual(len(ocellus("predict", self.model, self.picture, "--top", "1").out.splitlines()), 1)
        answer = json.loads(ocellus("predict", self.model, self.picture, "--threshold", "0.5", "--json").out)
        self.assertEqual(len(answer["predictions"]), 1)
        sure = json.loads(ocellus("predict", self.model, self.picture, "--threshold", "1", "--json").out)
        people = ocellus("predict", self.model, self.picture, "--threshold", "1").out
        self.assertEqual("nothing is at least 100 % probable" in people, sure["predictions"] == [])

    def test_broken_among_good(self):
        pictures.write(self.path("broken.png"), pictures.plain(1)[:60])
        result = ocellus("predict", self.model, self.path("broken.png"), self.picture, self.path("gone.png"), "--json")
        self.check(result, PARTLY, "broken.png", "gone.png", "2 of 3 could not be predicted")
        lines = [json.loads(line) for line in result.out.splitlines()]
        self.assertEqual([line["picture"] for line in lines], [self.path("broken.png"), self.picture, self.path("gone.png")])
        self.assertEqual(lines[0]["error"]["code"], "OC_E_CORRUPT")
        self.assertIn("predictions", lines[1])
        self.assertEqual(lines[2]["error"]["code"], "OC_E_NOT_FOUND")
        self.check(ocellus("predict", self.model, self.path("gone.png")), FAILED, "gone.png")

    def test_bad_pictures(self):
        """One exit code, and a message that names the file and the fault."""
        cases = {"empty.png": (b"", "empty.png"), "text.jpg": (b"hello, world\n" * 9, "text.jpg"),
                 "huge.png": (pictures.huge_png(), r"huge.png.*60000"),
                 "cut.jpg": (b"\xff\xd8\xff\xe0\x00\x10JFIF\0", "cut.jpg"), "gif.gif": (b"GIF89a", "gif.gif"),
                 "bmp.bmp": (b"BM" + bytes(20), "bmp.bmp")}
        for name, (data, message) in cases.items():
            pictures.write(self.path(name), data)
            self.check(ocellus("predict", self.model, self.path(name)), FAILED, message)

    def test_folder_needs_recursive(self):
        self.check(ocellus("predict", self.model, self.data), FAILED, "is a folder", "--recursive")
        self.check(ocellus("predict", self.model, self.data, self.picture), PARTLY, "is a folder")

    def test_recursive(self):
        shutil.copytree(self.data, self.path("deep", "er"))
        pictures.write(self.path("deep", "notes.txt"), b"not a picture\n" * 20)
        pictures.write(self.path("deep", ".hidden.png"), pictures.plain(1))
        os.symlink("..", self.path("deep", "er", "loop"))
        result = self.check(ocellus("predict", self.model, "--recursive", "--json", self.path("deep")), DONE,
                            "passed over 1 file that is not a picture")
        names = [json.loads(line)["picture"] for line in result.out.splitlines()]
        self.assertEqual(len(names), 16)
        self.assertEqual(names, sorted(names))

    def test_recursive_without_pictures(self):
        os.mkdir(self.path("empty"))
        self.check(ocellus("predict", self.model, "-r", self.path("empty")), FAILED, "holds no files")
        pictures.write(self.path("text", "notes.txt"), b"not a picture\n" * 20)
        self.check(ocellus("predict", self.model, "-r", self.path("text")), FAILED, "no picture was found")

    def test_more_than_a_batch(self):
        names = [self.path("%03d.png" % i) for i in range(70)]
        for name in names:
            shutil.copy(self.picture, name)
        result = self.check(ocellus("predict", self.model, "--json", "--top", "1", *names), DONE)
        self.assertEqual([json.loads(line)["picture"] for line in result.out.splitlines()], names)

    def test_standard_input(self):
        with open(self.picture, "rb") as file:
            data = file.read()
        result = self.check(ocellus("predict", self.model, "-", "--json", input=data), DONE)
        alone = json.loads(ocellus("predict", self.model, self.picture, "--json").out)
        self.assertEqual(json.loads(result.out), dict(alone, picture="-"))
        self.check(ocellus("predict", self.model, "-", input=b""), FAILED, "standard input is empty")
        self.check(ocellus("predict", self.model, "-", input=b"no picture" * 20), FAILED, "standard input")
        self.check(ocellus("predict", self.model, "-", "-", input=data), PARTLY, "only once")

    def test_names_that_are_not_utf8(self):
        name = os.path.join(os.fsencode(self.folder), b"gr\xfcn\"\\\n.png")
        shutil.copy(self.picture, name)
        result = self.check(ocellus("predict", self.model, name, "--json"), DONE)
        self.assertEqual(len(result.out.splitlines()), 1)
        self.assertTrue(json.loads(result.out)["picture"].endswith('gr\ufffdn"\\\n.png'))
        self.assertIn("gr\ufffdn\"\\\\x0a.png", ocellus("predict", self.model, name).out)

    def test_names_cannot_drive_the_terminal(self):
        result = ocellus("predict", self.model, self.path("\x1b[31mred\x07.png"))
        self.check(result, FAILED, r"\\x1b\[31mred\\x07.png")
        self.assertNotIn("\x1b", result.err)

    def test_wide_names_stay_aligned(self):
        for name in ("東京.png", "a.png"):
            shutil.copy(self.picture, self.path(name))
        lines = ocellus("predict", "../model.ocm", "-n1", "東京.png", "a.png", cwd=self.folder).out.splitlines()
        self.assertEqual(lines[0].index("plain") + 2, lines[1].index("plain"))


class Precision(CommandTest):
    def test_predictions_agree(self):
        known = json.loads(ocellus("predict", self.model, self.picture, "--json").out)["predictions"]
        for precision in ("fp32", "bf16", "int8"):
            found = json.loads(ocellus("predict", self.model, self.picture, "--json", "--precision", precision).out)
            self.assertEqual(found["predictions"][0]["tag"], known[0]["tag"])
            self.assertAlmostEqual(found["predictions"][0]["probability"], known[0]["probability"],
                                   delta=1e-9 if precision == "fp32" else 0.2)

    def test_evaluation(self):
        document = json.loads(ocellus("evaluate", self.model, self.data, "--json", "--precision", "int8").out)
        self.assertEqual(document["precision"], "int8")
        self.assertGreater(document["report"]["accuracy"], 0.8)
        self.assertEqual(json.loads(ocellus("evaluate", self.model, self.data, "--json").out)["precision"], "fp32")

    def test_misuse(self):
        result = self.check(ocellus("predict", self.model, self.picture, "--precision", "int4"), USAGE)
        self.assertIn("--precision takes fp32, bf16 or int8, not 'int4'", result.err)

    def test_a_model_without_ranges(self):
        old = os.path.join(os.path.dirname(__file__), "..", "golden", "v1-classifier.ocm")
        self.check(ocellus("predict", old, self.picture), DONE)
        result = self.check(ocellus("predict", old, self.picture, "--precision", "int8"), FAILED)
        self.assertIn("int8 needs", result.err)
        self.assertIn("train", result.err)


class Evaluate(CommandTest):
    def test_table_and_json_agree(self):
        people = self.check(ocellus("evaluate", self.model, self.data), DONE)
        report = json.loads(ocellus("evaluate", self.model, self.data, "--json").out)["report"]
        self.assertIn("Measured on 16 test pictures", people.out)
        self.assertIn("accuracy %.1f %%" % (100 * report["accuracy"]), people.out)
        self.assertEqual(sum(row["n_pictures"] for row in report["tags"]), report["n_pictures"])
        self.assertEqual(report["together"]["n_correct"] / report["n_pictures"], report["accuracy"])

    def test_mistakes_and_confusions(self):
        """Striped pictures under the plain tag must be found."""
        pictures.write_folder(self.path("wrong"), tags=("striped", "plain"), n=5, first_seed=900)
        document = json.loads(ocellus("evaluate", self.model, self.path("wrong"), "--json", "--mistakes", "7").out)
        report = document["report"]
        self.assertLess(report["accuracy"], 0.5)
        self.assertEqual(report["n_mistakes"], sum(one["n_pictures"] for one in report["confusions"]))
        self.assertEqual(len(report["mistakes"]), min(7, report["n_mistakes"]))
        certain = [one["probability"] for one in report["mistakes"]]
        self.assertEqual(certain, sorted(certain, reverse=True))
        for one in report["mistakes"]:
            self.assertIn(os.path.join(self.path("wrong"), one["truth"]), one["picture"])
        people = ocellus("evaluate", self.model, self.path("wrong"), "--mistakes", "2").out
        self.assertIn("Most often confused", people)
        self.assertIn("Mistakes, the most certain 2 of %d" % report["n_mistakes"], people)
        self.assertNotIn("Mistakes", ocellus("evaluate", self.model, self.path("wrong"), "--mistakes", "0").out)

    def test_threshold(self):
        report = json.loads(ocellus("evaluate", self.model, self.data, "--threshold", "1", "--json").out)["report"]
        whole = json.loads(ocellus("evaluate", self.model, self.data, "--json").out)["report"]
        self.assertEqual(report["threshold"], 1)
        self.assertLessEqual(report["together"]["n_predicted"], whole["together"]["n_predicted"])
        self.assertEqual(report["accuracy"], whole["accuracy"])

    def test_skipped_pictures_are_counted(self):
        data = self.path("data")
        shutil.copytree(self.data, data)
        whole = pictures.striped(1)
        pictures.write(os.path.join(data, "striped", "cut.png"), whole[:len(whole) // 2])
        result = self.check(ocellus("evaluate", self.model, data, "--json"), DONE, "warning: .*cut.png")
        report = json.loads(result.out)["report"]
        self.assertEqual((report["n_pictures"], report["n_skipped"]), (16, 1))

    def test_csv_and_split(self):
        rows = "".join("%s,%s,%s\n" % (os.path.join(self.data, tag, "0%d.png" % i), tag, ("a", "b")[i % 2])
                       for tag in ("plain", "striped") for i in range(8))
        pictures.write(self.path("l.csv"), ("path,tag,split\n" + rows).encode())
        report = json.loads(ocellus("evaluate", self.model, self.path("l.csv"), "--split", "b", "--json").out)["report"]
        self.assertEqual(report["n_pictures"], 8)
        self.check(ocellus("evaluate", self.model, self.path("l.csv"), "--split", "c"), FAILED, "its splits are: a, b")


class Detection(CommandTest):
    def test_train_evaluate_predict(self):
        labels, model = pictures.write_scenes(self.path("scenes")), self.path("boxes.ocm")
        few = ("--steps", "4", "--size", "64", "--base", "compact")
        result = self.check(ocellus("train", labels, "--split", "train", "--test-split", "test", "-o", model, "--json", *few), DONE)
        trained = json.loads(result.out)
        self.assertEqual((trained["properties"]["kind"], sorted(trained["tags"])), ("detection", ["blue", "red"]))
        report = trained["report"]
        self.assertEqual((report["kind"], report["n_pictures"], report["together"]["n_objects"]), ("detection", 4, 4))
        again = json.loads(ocellus("evaluate", model, labels, "--split", "test", "--json").out)["report"]
        self.assertEqual(again, report)
        known = json.loads(ocellus("info", model, "--json").out)["report"]
        self.assertEqual(known, {**report, "mistakes": []})
        people = self.check(ocellus("evaluate", model, labels, "--split", "test", "--overlap", "0.5"), DONE)
        self.assertIn("AP50", people.out)
        self.assertNotIn("deviation", people.out)
        crossed = ("train", labels, "--split", "train", "-o", self.path("crossed.ocm"), *few)
        self.assertIn("standard deviation over the folds", self.check(ocellus(*crossed), DONE).out)
        told = json.loads(self.check(ocellus(*crossed, "--folds", "2", "--json"), DONE).out)["report"]
        self.assertEqual((told["method"], told["n_folds"], told["n_pictures"]), ("cross-validation", 2, 9))
        self.assertTrue(0 <= told["mean"]["ap50_deviation"] <= 0.5)
        self.check(ocellus(*crossed, "--folds", "1"), USAGE, "folds is 1")
        all_boxes = ("evaluate", model, labels, "--split", "test", "--threshold", "0")
        report = json.loads(ocellus(*all_boxes, "--mistakes", "1000", "--json").out)["report"]
        together, counts = report["together"], report["n_mistakes"]
        self.assertEqual(set(counts), {"missed", "false", "wrong tag", "badly placed", "double"})
        self.assertEqual(sum(counts.values()) - counts["missed"], together["n_predicted"] - together["n_correct"])
        for kind, n in counts.items():
            self.assertEqual(sum(one["kind"] == kind for one in report["mistakes"]), n)
        for one in report["mistakes"]:
            self.assertEqual(("found" in one, "truth" in one), (one["kind"] != "missed", one["kind"] != "false"))
            self.assertTrue(os.path.exists(one["picture"]))
        few_listed = json.loads(ocellus(*all_boxes, "--mistakes", "1", "--json").out)["report"]
        self.assertEqual(few_listed["n_mistakes"], counts)
        self.assertEqual(len(few_listed["mistakes"]), sum(n > 0 for n in counts.values()))
        self.assertRegex(self.check(ocellus(*all_boxes), DONE).out, r"Mistakes: \d+ missed, \d+ false, \d+ wrong tag")
        self.check(ocellus("evaluate", model, self.data), FAILED, "finds objects in boxes")
        self.check(ocellus("evaluate", self.model, labels, "--split", "test"), FAILED, "objects in boxes, which the model does not find")
        answers = json.loads(ocellus("predict", model, self.path("scenes", "01.png"), "--threshold", "0.01", "--json").out)["predictions"]
        for one in answers:
            self.assertEqual(set(one), {"tag", "probability", "left", "top", "width", "height"})
            self.assertTrue(0 <= one["left"] <= one["left"] + one["width"] <= 1.0001)
        self.check(ocellus("predict", model, self.path("scenes", "01.png")), DONE)
        proposed = json.loads(ocellus("predict", "base:compact", self.path("scenes", "01.png"), "--threshold", "0.01", "--json").out)
        self.assertTrue({one["tag"] for one in proposed["predictions"]} <= {"object"})
        self.check(ocellus("predict", "base:nothing", self.path("scenes", "01.png")), FAILED, "there is no base network")
        strange = ("predict", model, self.path("scenes", "01.png"), "--unknown", "0.01")
        told = json.loads(ocellus(*strange, "--json").out)["unknown"]
        self.assertTrue(told and all({"probability", "left", "top", "width", "height"} == set(one) for one in told))
        self.assertIn("(unknown)", self.check(ocellus(*strange), DONE).out)
        self.assertEqual(json.loads(ocellus(*strange[:-1], "1", "--json").out)["unknown"], [])
        self.check(ocellus("predict", self.model, self.path("scenes", "01.png"), "--unknown", "0.2"), FAILED, "--unknown goes with")
        counted = ("predict", model, self.path("scenes", "01.png"), "--threshold", "0.01")
        counts = json.loads(ocellus(*counted, "--count", "--json").out)["counts"]
        self.assertEqual([one["tag"] for one in counts], trained["tags"])
        self.assertEqual(sum(one["n"] for one in counts), len(answers))
        n_blue, n_red = (next(one["n"] for one in counts if one["tag"] == tag) for tag in ("blue", "red"))
        told = json.loads(ocellus(*counted, "--expect", f"blue={n_blue + 2},red=0", "--json").out)["counts"]
        told = {one["tag"]: (one["expected"], one["missing"], one["extra"]) for one in told}
        self.assertEqual(told, {"blue": (n_blue + 2, 2, 0), "red": (0, 0, n_red)})
        self.assertRegex(self.check(ocellus(*counted, "--expect", f"blue={n_blue + 2}"), DONE).out, r"counted: .*\n  missing: blue 2\n")
        nothing = json.loads(ocellus(*counted, "--region", "0,0,0.0001,0.0001", "--json").out)["counts"]
        self.assertEqual(sum(one["n"] for one in nothing), 0)
        self.check(ocellus(*counted, "--region", "0.5,0,0.6,1"), USAGE, "--region")
        self.check(ocellus(*counted, "--expect", "green=1"), USAGE, "--expect")
        self.check(ocellus("predict", self.model, self.path("scenes", "01.png"), "--count"), FAILED, "counted")
        few_boxes, boxes = [json.loads(ocellus("predict", model, self.path("scenes", "01.png"), "--threshold", "0", "--tiles", tiles, "--json").out)
                            ["predictions"] for tiles in ("1", "3")]
        self.assertNotEqual(few_boxes, boxes)
        self.assertTrue(all(0 <= one["left"] <= one["left"] + one["width"] <= 1.0001 for one in boxes))
        self.check(ocellus("evaluate", model, labels, "--split", "test", "--tiles", "2"), DONE)
        self.check(ocellus("evaluate", model, labels, "--tiles", "17"), USAGE, "--tiles")
        self.check(ocellus("predict", self.model, self.path("scenes", "01.png"), "--tiles", "2"), FAILED, "cannot predict in tiles")
        scenes, drawn = [self.path("scenes", name) for name in ("01.png", "02.png")], self.path("drawn.png")
        self.check(ocellus("predict", model, scenes[0], "--threshold", "0", "--draw", drawn), DONE)
        with open(drawn, "rb") as file:
            self.assertEqual(file.read(8), b"\x89PNG\r\n\x1a\n")
        self.check(ocellus("predict", model, *scenes, "--draw", drawn), FAILED, "is no folder, and there are 2 pictures")
        os.mkdir(self.path("drawn"))
        self.check(ocellus("predict", model, *scenes, "--draw", self.path("drawn")), DONE)
        self.assertEqual(sorted(os.listdir(self.path("drawn"))), ["01.png.png", "02.png.png"])
        self.check(ocellus("predict", model, scenes[0], scenes[0], "--draw", self.path("drawn")), PARTLY, "two of the pictures")
        self.check(ocellus("predict", model, scenes[0], "--draw", self.path("no", "x.png")), PARTLY, "no")
        self.check(ocellus("predict", self.model, scenes[0], "--draw", drawn), FAILED, "finds objects in boxes")
        self.check(ocellus("predict", model, scenes[0], "--explain", drawn), FAILED, "--draw shows")
        # The same frame ten times: each object is told of once.
        watched = [json.loads(line) for line in self.check(ocellus(
            "watch", model, *[scenes[0]] * 10, "--probability", "0.01", "--json"), DONE).out.splitlines()]
        objects = [one for one in watched if one["event"] == "object"]
        self.assertEqual([(one["id"], one["frame"]) for one in objects], [(i + 1, 3) for i in range(len(objects))])
        self.assertEqual((watched[-1]["event"], watched[-1]["frame"]), ("end", 10))
        self.assertEqual(sum(watched[-1]["counted"].values()), len(objects))

    def test_watch(self):
        plain, striped = [[os.path.join(self.data, tag, "%02d.png" % i) for i in range(8)] for tag in ("plain", "striped")]
        shown = self.check(ocellus("watch", self.model, *plain, *striped, "--alarm", "striped", "--alarm", "plain", "--frames", "4"), DONE)
        self.assertRegex(shown.out, r"(?m)^\d  .*plain begins\n(.*\n)*1\d  .*striped begins\n(.*\n)*16 frames$")
        self.check(ocellus("watch", self.model, *plain), FAILED, "--alarm TAG")
        self.check(ocellus("watch", self.model, *plain, "--alarm", "no"), FAILED, "no tag 'no'")
        self.check(ocellus("watch", self.model), USAGE, "a model and the frames")
        self.check(ocellus("watch", self.model, "-", plain[0], "--alarm", "plain"), FAILED, "standard input")
        # JPEGs one after the other, with something between them, and the last one cut short.
        frame = self.path("frame.jpg")
        self.check(ocellus("predict", self.model, plain[0], "--explain", frame), DONE)
        with open(frame, "rb") as file:
            data = file.read()
        stream = b"--boundary\r\n" + data + b"\r\n--boundary\r\n" + data + data + data[:len(data) // 2]
        result = ocellus("watch", self.model, "-", "--alarm", "plain", "--json", input=stream)
        self.check(result, PARTLY, "frame 4: is a damaged JPEG")
        self.assertEqual(json.loads(result.out.splitlines()[-1])["frame"], 4)
        self.assertEqual(json.loads(ocellus("watch", self.model, "-", "--alarm", "plain", "--json", input=b"nothing").out)["frame"], 0)

    def test_thresholds(self):
        report = json.loads(ocellus("evaluate", self.model, self.data, "--reach", "0.5", "--curves", "--json").out)["report"]
        for one in [report["together"]] + report["tags"]:
            self.assertGreaterEqual(one["reach"]["precision"], 0.5)
            self.assertIn(one["reach"], one["curve"])
        self.assertEqual(report["together"]["curve"][-1]["share"], 1)
        people = self.check(ocellus("evaluate", self.model, self.data, "--reach", "0.5"), DONE).out
        self.assertRegex(people, r"(?m)^50 % of the answers are right from \d+\.\d % on: 100\.0 % of the pictures; 0\.0 % are left to a human$")
        self.check(ocellus("evaluate", self.model, self.data, "--reach", "2"), USAGE, "--reach")

    def test_explain(self):
        drawn = self.path("why.png")
        self.check(ocellus("predict", self.model, self.picture, "--explain", drawn), DONE)
        with open(drawn, "rb") as file:
            first = file.read()
        self.assertEqual(first[:8], b"\x89PNG\r\n\x1a\n")
        tags = json.loads(ocellus("info", self.model, "--json").out)["tags"]
        self.check(ocellus("predict", self.model, self.picture, "--explain", drawn, "--explain-tag", tags[0]), DONE)
        self.check(ocellus("predict", self.model, self.picture, "--explain", drawn, "--explain-tag", "no"), PARTLY, "no tag 'no'")
        self.check(ocellus("predict", self.model, self.picture, "--explain-tag", "no"), USAGE, "--explain")
        self.check(ocellus("predict", self.model, self.picture, "--explain", drawn, "--draw", drawn), USAGE, "exclude")

    def test_bad_boxes(self):
        labels = self.path("bad.csv")
        pictures.write(labels, b"path,tag,left,top,width,height\nx.png,a,0,0,2,1\n")
        self.check(ocellus("train", labels, "-o", self.path("m.ocm")), FAILED, "reaches out")
        pictures.write(labels, b"path,tag,left,top\nx.png,a,0,0\n")
        self.check(ocellus("train", labels, "-o", self.path("m.ocm")), FAILED, "of the columns left")


class Info(CommandTest):
    def test_table_and_json_agree(self):
        people = self.check(ocellus("info", self.model), DONE)
        document = json.loads(ocellus("info", self.model, "--json").out)
        self.assertEqual(document["tags"], ["plain", "striped"])
        self.assertEqual(document["properties"]["kind"], "classification")
        for key, value in document["properties"].items():
            self.assertRegex(people.out, r"(?m)^  %s +%s$" % (re.escape(key), re.escape(value)))
        self.assertIn("accuracy %.1f %%" % (100 * document["report"]["accuracy"]), people.out)
        self.assertEqual(document["report"]["mistakes"], [])

    def test_remembers_the_training_report(self):
        target = self.path("m.ocm")
        trained = json.loads(ocellus("train", self.data, "-o", target, "--json").out)
        told = json.loads(ocellus("info", target, "--json").out)
        for key in ("method", "n_folds", "n_pictures", "accuracy", "calibration_error", "reliability", "together", "mean", "tags", "confusions"):
            self.assertEqual(trained["report"][key], told["report"][key])
        self.assertEqual(trained["properties"], told["properties"])


class Streams(CommandTest):
    def test_full_standard_output(self):
        if not os.path.exists("/dev/full"):
            self.skipTest("no /dev/full")
        for arguments in (("help",), ("info", self.model), ("predict", self.model, self.picture)):
            with open("/dev/full", "wb") as full:
                self.check(ocellus(*arguments, stdout=full), FAILED, "standard output cannot be written: No space left")

    def test_closed_standard_output(self):
        """The model file must not take the place of a closed standard output."""
        target = self.path("m.ocm")
        result = ocellus("train", self.data, "-o", target, stdout=None, preexec_fn=lambda: os.close(1))
        self.check(result, FAILED, "standard output cannot be written")
        self.check(ocellus("info", target), DONE)

    def test_closed_pipe(self):
        reader, writer = os.pipe()
        os.close(reader)
        try:
            self.check(ocellus("predict", self.model, self.picture, stdout=writer), FAILED, "Broken pipe")
        finally:
            os.close(writer)

    def test_plain_lines_elsewhere(self):
        result = self.check(ocellus("train", self.data, "-o", self.path("m.ocm")), DONE)
        self.assertNotIn("\r", result.err)
        self.assertNotIn("\x1b", result.err)
        lines = re.findall(r"(?m)^[^:\n]+: \d+ %.*$", result.err)
        self.assertGreaterEqual(len(lines), 1)
        self.assertLessEqual(len(lines), 40)

    def on_terminal(self, *arguments, columns=80, **changes):
        """What the command writes to a terminal of that width."""
        import fcntl
        import struct
        import termios
        leader, follower = pty.openpty()
        fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        with subprocess.Popen((COMMAND,) + arguments, stdin=subprocess.DEVNULL, stdout=follower, stderr=follower,
                              env=environment(**changes)) as process:
            os.close(follower)
            seen = b""
            deadline = time.monotonic() + TIMEOUT
            while time.monotonic() < deadline:
                ready, _, _ = select.select([leader], [], [], 1)
                try:
                    piece = os.read(leader, 65536) if ready else None
                except OSError:
                    break
                if piece == b"":
                    break
                seen += piece or b""
            os.close(leader)
            self.assertEqual(process.wait(TIMEOUT), DONE, seen)
        return seen.decode("utf-8")

    def test_bar_on_a_terminal(self):
        target = self.path("m.ocm")
        seen = self.on_terminal("train", self.data, "-o", target)
        self.assertIn("\u2501", seen)
        self.assertIn("\x1b[36m", seen)
        for columns in (20, 40, 80, 200):
            seen = self.on_terminal("train", self.data, "-o", target, columns=columns, NO_COLOR="1")
            self.assertNotRegex(seen, "\x1b\\[[0-9;]+m")
            for bar in re.findall("\r([^\r\n\x1b]*)\x1b\\[K", seen):
                self.assertLess(len(bar), columns)

    def test_bar_in_ascii(self):
        seen = self.on_terminal("train", self.data, "-o", self.path("m.ocm"), LC_ALL="C")
        self.assertIn("[", seen)
        seen.encode("ascii")

    def test_dumb_terminal(self):
        seen = self.on_terminal("train", self.data, "-o", self.path("m.ocm"), TERM="dumb")
        self.assertNotIn("\x1b", seen)
        self.assertRegex(seen, r"\d+ %")


class Interrupts(CommandTest):
    """Training on enough pictures to be under way when the signal comes."""

    def setUp(self):
        super().setUp()
        for tag in os.listdir(self.data):
            os.makedirs(self.path("many", tag))
            for i in range(400):
                os.link(os.path.join(self.data, tag, "0%d.png" % (i % 8)), self.path("many", tag, "%03d.png" % i))

    def start(self, *arguments):
        # A test run under nohup would hand its ignored SIGHUP on.
        process = subprocess.Popen((COMMAND,) + arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, env=environment(), bufsize=0,
                                   preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL))
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.stderr.close)
        return process

    def interrupt(self, process, number):
        """Sends the signal when the first line of progress is there. Returns the exit code and standard error."""
        seen = b""
        while b" %" not in seen:
            line = process.stderr.readline()
            if line == b"":
                break
            seen += line
        process.send_signal(number)
        _, rest = process.communicate(timeout=TIMEOUT)
        return process.returncode, (seen + rest).decode()

    def test_training_leaves_nothing(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            target = self.path("out", "m.ocm")
            os.makedirs(self.path("out"), exist_ok=True)
            status, err = self.interrupt(self.start("train", self.path("many"), "-o", target, "--threads", "1"), number)
            self.assertEqual(status, 128 + number, err)
            self.assertIn("interrupted: no model was written", err)
            self.assertEqual(os.listdir(self.path("out")), [])

    def test_training_keeps_the_older_model(self):
        pictures.write(self.path("out", "m.ocm"), b"older")
        process = self.start("train", self.path("many"), "-o", self.path("out", "m.ocm"), "--threads", "1")
        self.assertEqual(self.interrupt(process, signal.SIGINT)[0], 130)
        with open(self.path("out", "m.ocm"), "rb") as file:
            self.assertEqual(file.read(), b"older")

    def test_anomaly(self):
        tags = sorted(os.listdir(self.path("many")))
        good, model = self.path("good"), self.path("m.ocm")
        os.makedirs(os.path.join(good, tags[0]))
        for name in sorted(os.listdir(self.path("many", tags[0])))[:20]:
            os.link(self.path("many", tags[0], name), os.path.join(good, tags[0], name))
        self.check(ocellus("train", good, "-o", model), FAILED, "--anomaly")
        result = self.check(ocellus("train", good, "-o", model, "--anomaly", "--test", self.data, "--html", self.path("r.html"), "--json"), DONE)
        trained = json.loads(result.out)
        self.assertEqual((trained["tags"], trained["properties"]["normal"]), (["anomaly"], tags[0]))
        self.assertGreater(trained["report"]["together"]["recall"], 0.9)
        with open(self.path("r.html"), encoding="utf-8") as file:
            self.assertIn("</html>", file.read())
        other = self.path("many", tags[1], sorted(os.listdir(self.path("many", tags[1])))[0])
        self.assertIn("anomaly", self.check(ocellus("predict", model, other, "--explain", self.path("why.png")), DONE).out)
        self.assertTrue(os.path.getsize(self.path("why.png")) > 100)
        self.check(ocellus("predict", model, other, "--precision", "int8"), FAILED, "take fp32 or bf16")
        known = json.loads(ocellus("predict", self.model, other, "--json").out)
        self.assertTrue(0 <= known["novelty"] <= 1)

    def test_training_goes_on(self):
        labels = self.path("boxes.csv")
        rows = "".join(f"many/{tag}/{name},{tag},0.2,0.2,0.5,0.5\n" for tag in sorted(os.listdir(self.path("many")))
                       for name in sorted(os.listdir(self.path("many", tag)))[:6])
        pictures.write(labels, ("path,tag,left,top,width,height\n" + rows).encode())
        train = ("train", labels, "-o", self.path("m.ocm"), "--size", "96", "--checkpoint", self.path("state"))
        process = self.start(*train, "--steps", "3000")
        seen = b""
        while b"training" not in seen:
            seen += process.stderr.readline() or self.fail(seen)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=TIMEOUT)
        self.assertEqual(process.returncode, 130)
        self.assertEqual(os.listdir(self.path("state")), ["course-0.state"])
        self.check(ocellus(*train, "--steps", "20"), FAILED, "is the state of another training")
        shutil.rmtree(self.path("state"))
        self.check(ocellus(*train, "--steps", "20"), DONE)
        self.assertFalse(os.path.exists(self.path("state")))
        self.check(ocellus("train", labels, "-o", self.path("n.ocm"), "--size", "96", "--steps", "2", "--start", self.path("m.ocm"),
                           "--freeze"), DONE)

    def test_evaluation(self):
        process = self.start("evaluate", self.model, self.path("many"), "--threads", "1")
        status, err = self.interrupt(process, signal.SIGINT)
        self.assertEqual(status, 130, err)
        self.assertIn("interrupted", err)

    def test_prediction_ends_with_whole_lines(self):
        process = self.start("predict", self.model, "--recursive", "--json", self.path("many"), "--threads", "1")
        first = process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=TIMEOUT)
        self.assertEqual(process.returncode, 143, err)
        for line in (first + out).decode().splitlines():
            json.loads(line)


    def test_waiting_for_standard_input(self):
        process = subprocess.Popen((COMMAND, "predict", self.model, "-"), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, env=environment())
        time.sleep(1)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=TIMEOUT)
        self.assertEqual(process.returncode, 130)


class Parts(CommandTest):
    """A day in the life, on generated pictures of machine parts."""

    def test_generate_train_evaluate_predict(self):
        data = self.path("parts")
        subprocess.run((GENERATE, data, "--classes", "washer,gear,screw", "--per-class", "32", "--size", "128x128", "-q"),
                       check=True, timeout=TIMEOUT, stdout=subprocess.DEVNULL)
        model = self.path("parts.ocm")
        self.check(ocellus("train", data, "-o", model), FAILED, "--test")
        trained = json.loads(self.check(ocellus("train", os.path.join(data, "train"), "--test", os.path.join(data, "test"),
                                                "-o", model, "--json"), DONE).out)
        self.assertEqual(sorted(trained["tags"]), ["gear", "screw", "washer"])
        self.assertGreater(trained["report"]["accuracy"], 0.45)  # by chance: 0.33

        by_folder = json.loads(ocellus("evaluate", model, os.path.join(data, "test"), "--json").out)["report"]
        by_csv = json.loads(ocellus("evaluate", model, os.path.join(data, "labels.csv"), "--split", "test", "--json").out)
        self.assertEqual(by_folder["accuracy"], by_csv["report"]["accuracy"])
        self.assertEqual(by_folder["accuracy"], trained["report"]["accuracy"])

        predicted = ocellus("predict", model, "--recursive", "--top", "1", "--json", os.path.join(data, "test"))
        answers = [json.loads(line) for line in predicted.out.splitlines()]
        right = sum(os.path.basename(os.path.dirname(one["picture"])) == one["predictions"][0]["tag"] for one in answers)
        self.assertEqual(right / len(answers), by_folder["accuracy"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
