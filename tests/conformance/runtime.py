# SPDX-License-Identifier: MIT
"""Comparing an ONNX file's outputs in ONNX Runtime and here."""
import os
import subprocess
import sys
import tempfile

try:
    import numpy
    import onnx
    import onnxruntime
    from onnx import numpy_helper
except ImportError as missing:
    other = os.environ.pop("OCELLUS_PYTHON", None)
    if other:
        os.execv(other, [other, *sys.argv])
    print(f"SKIPPED: {missing}; the ONNX reader was not compared with ONNX Runtime. OCELLUS_PYTHON may name a Python that has it")
    sys.exit(77)

BOUND = 1e-4  # of the largest value of an output


def to_single(model):
    """The model with half-precision weights and inputs made single, as our reader does."""
    half, single = onnx.TensorProto.FLOAT16, onnx.TensorProto.FLOAT
    for i, tensor in enumerate(model.graph.initializer):
        if tensor.data_type == half:
            values = numpy_helper.to_array(tensor).astype("f4")
            model.graph.initializer[i].CopyFrom(numpy_helper.from_array(values, tensor.name))
    for value in list(model.graph.input) + list(model.graph.output) + list(model.graph.value_info):
        if value.type.tensor_type.elem_type == half:
            value.type.tensor_type.elem_type = single
    return model


def picture_input(model):
    constants = {tensor.name for tensor in model.graph.initializer}
    return [value for value in model.graph.input if value.name not in constants][0]


def batch_of_one(model):
    """ONNX Runtime takes what the file says; we take one picture at a time."""
    dims = picture_input(model).type.tensor_type.shape.dim
    dims[0].dim_value = 1
    del model.graph.value_info[:]
    return [d.dim_value for d in dims]


def run_there(model, values):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return session.run(None, {picture_input(model).name: values})


def run_here(program, model_bytes, values, n=1, features=None, channels_last=False):
    """(lines said, outputs as arrays [n, c, h, w]); (message, None) if it failed."""
    with tempfile.TemporaryDirectory() as folder:
        names = [os.path.join(folder, name) for name in ("model.onnx", "in.f32", "out.f32")]
        with open(names[0], "wb") as file:
            file.write(model_bytes)
        numpy.ascontiguousarray(values, "<f4").tofile(names[1])
        environment = dict(os.environ)
        environment.pop("OCELLUS_NHWC", None)
        if channels_last:
            environment["OCELLUS_NHWC"] = "1"
        run = subprocess.run([program, *names, str(n), *([features] if features else [])], capture_output=True, text=True,
                             env=environment)
        said = run.stdout.splitlines()
        if run.returncode:
            return f"{run.returncode}: {run.stdout} {run.stderr}".strip(), None
        flat, outputs, at = numpy.fromfile(names[2], "<f4"), [], 0
        for line in said:
            words = line.split()
            if words[0].isdigit():
                shape = [int(word) for word in words]
                count = int(numpy.prod(shape))
                outputs.append(flat[at : at + count].reshape(shape))
                at += count
        return said, outputs


def difference(ours, theirs):
    """The largest difference as a share of the largest value; infinite if the numbers of elements differ."""
    theirs = numpy.asarray(theirs, "f4")
    if ours.size != theirs.size or not numpy.isfinite(ours).all():
        return float("inf")
    return float(numpy.abs(ours.ravel() - theirs.ravel()).max() / max(numpy.abs(theirs).max(), 1e-30))
