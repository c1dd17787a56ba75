"""Cameras that are watched all the time: what there is (a file), one worker each, a supervisor.

Plain and synchronous, as the rest of `app.video`:

    supervisor = Supervisor(engine, surroundings, [print])
    supervisor.apply(load_cameras(Path("cameras.yml"), settings))
"""
