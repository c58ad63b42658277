"""A server that answers as the cloud service's training interface does, as far as pulling a project asks.

SPDX-License-Identifier: MIT
"""
import http.server
import json
import threading
import urllib.parse
import uuid

KEY = "0123456789abcdef0123456789abcdef"


class Service:
    """`pictures`: (bytes of a file, tags or boxes, metadata) each. `faults`: of a path's beginning, the answers (code, headers) that come
    first. `asked`: (path, whether the key was sent) of each request."""

    def __init__(self, kind, tags, pictures):
        self.project = str(uuid.uuid4())
        self.domain = "1d8ffafe-ec40-4fb2-8f90-72b3b6cecea4" if kind == "ObjectDetection" else str(uuid.uuid4())  # Logo; or unknown
        self.kind, self.tags, self.faults, self.asked = kind, tags, {}, []
        self.pictures = {str(uuid.UUID(int=i + 1)): one for i, one in enumerate(pictures)}
        self.iterations, self.exports, self.predictions = [], {}, []  # predictions: answers each
        self.relative = None  # the picture whose address is relative, as in a private network
        owner = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):  # pylint: disable=invalid-name
                owner.answer(self)

            def do_POST(self):  # pylint: disable=invalid-name
                owner.body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                owner.answer(self)

            def log_message(self, *_):  # pylint: disable=arguments-differ
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.endpoint = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def image(self, identifier):
        _, marks, metadata = self.pictures[identifier]
        boxed = self.kind == "ObjectDetection"
        path = f"/blobs/{identifier}?sig=secret"
        found = {"id": identifier, "created": "2020-01-01T00:00:00Z", "metadata": metadata,
                 "originalImageUri": path if identifier == self.relative else self.endpoint + path,
                 "tags": [{"tagName": tag} for tag in sorted({one[0] if boxed else one for one in marks})]}
        if boxed:
            found["regions"] = [dict(zip(("tagName", "left", "top", "width", "height"), one)) for one in marks]
        return found

    def content(self, path, query):
        root = "/customvision/v3.3/training/"
        if path.startswith("/blobs/model-"):
            return b"model " + path.encode()
        if path.startswith("/blobs/"):
            return self.pictures[path[len("/blobs/"):]][0]
        project = root + "projects/" + self.project
        if path == project:
            return {"id": self.project, "settings": {"domainId": self.domain, "classificationType": "Multilabel"}}
        if path == root + "domains/" + self.domain:
            return {"id": self.domain, "type": self.kind}
        if path == project + "/tags":
            return [{"id": str(uuid.uuid4()), "name": name, "type": kind, "description": None} for name, kind in self.tags]
        if path == project + "/images/count":
            return len(self.pictures)
        if path == project + "/images":
            skip = int(query["skip"][0])
            return [self.image(one) for one in list(self.pictures)[skip:skip + min(3, int(query["take"][0]))]]
        if path == project + "/iterations":
            return self.iterations
        if path == project + "/predictions/query":
            begin = int(self.body.get("continuation") or 0)
            found = [{"id": str(uuid.UUID(int=1000 + i)), "predictions": one,
                      "originalImageUri": "/blobs/" + list(self.pictures)[i % len(self.pictures)]}
                     for i, one in enumerate(self.predictions)][begin:begin + 2]
            return {"results": found, "token": {**self.body, "continuation": str(begin + 2)}}
        parts = path[len(project):].split("/")
        if parts[:2] == ["", "iterations"] and parts[2] in [one["id"] for one in self.iterations]:
            if parts[3:] == ["performance"]:
                return {"precision": 0.75, "perTagPerformance": []}
            if parts[3:] == ["performance", "images"]:
                skip = int(query["skip"][0])
                return [{"id": one, "predictions": [{"tagName": "a", "probability": 0.5}]} for one in list(self.pictures)[skip:skip + 3]]
            if parts[3:] == ["export"]:
                return self.exports.get(parts[2])
        return None

    def answer(self, request):
        parts = urllib.parse.urlsplit(request.path)
        keyed = request.headers.get("Training-Key")
        self.asked.append((parts.path, keyed is not None))
        code, headers = 200, {}
        content = self.content(parts.path, urllib.parse.parse_qs(parts.query))
        if content is None:
            code, content = 404, {"code": "NotFound", "message": "there is no such thing"}
        if parts.path.startswith("/customvision") and keyed != KEY:
            code, content = 401, {"code": "Unauthorized", "message": "the key is wrong"}
        for start, answers in self.faults.items():
            if parts.path.startswith(start) and answers:
                code, headers = answers.pop(0)
                content = {"code": "Fault", "message": "not now"}
        data = content if isinstance(content, bytes) else json.dumps(content).encode()
        request.send_response(code)
        for name, value in headers.items():
            request.send_header(name, value)
        request.send_header("Content-Length", str(len(data)))
        request.end_headers()
        request.wfile.write(data)
