"use strict";
// Who asked the system for less motion gets videos that wait.
if (matchMedia("(prefers-reduced-motion: reduce)").matches)
  for (const video of document.querySelectorAll("video[autoplay]")) { video.autoplay = false; video.pause(); }
