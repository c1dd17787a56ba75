"""Drawn videos of known truth: what passes is `traffic`, how it is filmed is `camera`.

    frames, truth = draw_traffic(rng, Traffic(lanes=2), Camera(fps=5))
    write_clip(Path("a.mov"), frames, fps=5)

Frames are `app.video.types.VideoFrame`, so `app.video.watching.watch` takes them as they are. On
the command line: `python -m app.lab.synth video`.
"""
