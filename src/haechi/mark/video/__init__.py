"""The mark of a film: the image mark in every frame, the audio mark in its sound, both of one number.

Needs the extra `mark` (PyAV, numpy, OpenCV). `produce_video` marks a file, `look_at_video` looks at one.
"""

from haechi.mark.video.look import VideoLook, look_at_video
from haechi.mark.video.produce import MarkedVideo, Order, VideoMarkNotHeld, produce_video
from haechi.mark.video.source import Bounds, VideoTooLarge, VideoUnfit, VideoUnreadable

__all__ = [
    "Bounds",
    "MarkedVideo",
    "Order",
    "VideoLook",
    "VideoMarkNotHeld",
    "VideoTooLarge",
    "VideoUnfit",
    "VideoUnreadable",
    "look_at_video",
    "produce_video",
]
