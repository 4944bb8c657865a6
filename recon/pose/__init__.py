"""From a video to the points of one person."""
