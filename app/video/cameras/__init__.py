"""Cameras that are watched all the time: what there is (a file), one worker each, a supervisor.

Plain and synchronous, as the rest of `app.video`:

    supervisor = Supervisor(Surroundings(engine, settings, fetcher, observe_frames), [print])
    supervisor.apply(load_cameras(Path("cameras.yml")))
"""
