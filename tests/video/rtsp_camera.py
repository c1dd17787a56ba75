"""A camera that speaks RTSP: GStreamer's own server. Run by Debian's Python, which has `gi`.

    /usr/bin/python3 rtsp_camera.py FOLDER [USER PASSWORD] < nothing

Plays the pictures of a folder, 000.jpg and so on, at ten a second, over and over, as H.264 at
/camera. Prints the port it listens on; ends when its standard input does.
"""

import sys
import threading

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer  # noqa: E402


def main(folder: str, *login: str) -> None:
    Gst.init(None)
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service("0")
    factory = GstRtspServer.RTSPMediaFactory()
    factory.set_launch(
        f'( multifilesrc location="{folder}/%03d.jpg" loop=true caps="image/jpeg,framerate=10/1" '
        "! jpegdec ! videoconvert ! identity sync=true ! x264enc tune=zerolatency key-int-max=5 "
        "speed-preset=ultrafast threads=1 ! rtph264pay name=pay0 config-interval=1 )"
    )
    factory.set_shared(True)
    if login:
        auth = GstRtspServer.RTSPAuth()
        token = GstRtspServer.RTSPToken()
        token.set_string(GstRtspServer.RTSP_TOKEN_MEDIA_FACTORY_ROLE, "viewer")
        auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
        auth.add_digest(login[0], login[1], token)
        server.set_auth(auth)
        permissions = GstRtspServer.RTSPPermissions()
        permissions.add_permission_for_role("viewer", "media.factory.access", True)
        permissions.add_permission_for_role("viewer", "media.factory.construct", True)
        factory.set_permissions(permissions)
    server.get_mount_points().add_factory("/camera", factory)
    server.attach(None)
    sys.stdout.write(f"{server.get_bound_port()}\n")
    sys.stdout.flush()
    loop = GLib.MainLoop()
    threading.Thread(target=lambda: (sys.stdin.read(), loop.quit()), daemon=True).start()
    loop.run()


if __name__ == "__main__":
    gi.require_version("GstRtsp", "1.0")
    from gi.repository import GstRtsp

    main(*sys.argv[1:])
