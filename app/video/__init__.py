"""Video to passes: sources give frames, tracks follow plates, fusion reads each vehicle once.

    for event in watch(frames, reader, options):  # plain and synchronous

See `app.video.watching.watch`.
"""
