"""Where frames come from; each source is an iterable of `app.video.types.VideoFrame`."""
