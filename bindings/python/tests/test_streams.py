# SPDX-License-Identifier: MIT
"""Streams."""

import pytest

import ocellus
from pictures import TAGS, scene_png


def test_alarm(model):
    with ocellus.Alarm(model, TAGS[0], frames=4, on=3, off=1) as alarm:
        states = [alarm.update(scene_png(tag, 300 + i)) for i, tag in enumerate([TAGS[0]] * 5 + [TAGS[1]] * 5)]
    assert states.count(ocellus.AlarmState.RAISED) == 1 and states.count(ocellus.AlarmState.CLEARED) == 1
    assert states[2] is ocellus.AlarmState.RAISED and states[7] is ocellus.AlarmState.CLEARED
    assert states[0] is ocellus.AlarmState.OFF and states[3] is ocellus.AlarmState.ON
    with pytest.raises(ocellus.NotFoundError):
        ocellus.Alarm(model, "nothing")
    with pytest.raises(ocellus.ArgumentError):
        ocellus.Alarm(model, TAGS[0], frames=4, on=5)
    with pytest.raises(ocellus.ArgumentError, match="detector"):
        ocellus.Tracker(model)
