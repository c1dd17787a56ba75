"""Everything that can go wrong, as one tree.

    AlprError
    ├── ImageError               the bytes cannot be read as one picture
    │   ├── EmptyImage           no bytes at all
    │   ├── InvalidImage         no picture, or a damaged or truncated one
    │   ├── UnsupportedImage     a picture, but of a format the service does not decode
    │   ├── AnimatedImage        several frames or pages
    │   ├── TooManyPixels        larger than the limit, told from its header
    │   └── TooCostly            built so that decoding it takes far more work than its size says
    ├── VideoError               the file cannot be read as a video
    │   ├── InvalidVideo         no video, or nothing of it can be decoded
    │   └── VideoTooLong         longer than the limit
    ├── CameraError              about live sources
    │   ├── CameraLost           no connection, or no frame any more: tried again
    │   ├── InvalidCameras       the file of cameras, or a source, is not right
    │   └── UnknownCamera        there is no such camera
    ├── RequestError             the request itself is wrong
    │   ├── InvalidRequest       a field is missing, unknown or malformed
    │   ├── UnsupportedMediaType the body is of another kind than the endpoint takes
    │   ├── RequestTooLarge      more bytes than the limit
    │   ├── HeadersTooLarge      address and headers longer than the limit
    │   ├── UploadTimeout        the body arrived too slowly
    │   ├── Unauthorized         no key, or a wrong one
    │   └── Forbidden            the key may not do that
    ├── FetchError               the picture behind a URL cannot be had
    │   ├── UrlNotAllowed        scheme, address or redirect is refused
    │   └── UrlUnreachable       no answer, a late one, or an error status
    ├── UnknownPass              there is no such pass, or it has no such picture
    ├── ListError                about lists of plates
    │   ├── UnknownList          there is no such list
    │   ├── UnknownEntry         the list has no such entry
    │   ├── AlreadyListed        there is such a list, or such a plate in it, already
    │   └── ListsFull            more lists or entries than there may be
    ├── NotifyError              telling others of passes
    │   ├── InvalidTargets       the file of targets is not right
    │   ├── UnknownTarget        there is no such target
    │   ├── UnknownDelivery      there is no such delivery
    │   └── NotReplayable        it was delivered, is waiting, or is too old
    ├── CapacityError            correct, but not now: try again
    │   ├── Overloaded           too many requests in flight
    │   ├── LimitExceeded        more than this key may
    │   │   ├── RateLimited      pictures in its time
    │   │   └── ShareExceeded    pictures in flight
    │   ├── DeadlineExceeded     accepted, but not finished in time
    │   ├── NotReady             starting, or draining before the end
    │   ├── CameraElsewhere      another process watches that camera
    │   └── StoreUnavailable     the database of passes does not answer
    ├── ModelError               start-up: weights, device or backend
    │   ├── ModelMissing         no file where the settings say
    │   ├── ModelCorrupt         size or checksum differs, or no such network inside
    │   ├── DeviceUnavailable    the requested execution provider does not load
    │   └── BackendUnavailable   the library that should run the networks does not load
    ├── InvalidGates             the file of gates is not right
    ├── StoreError               start-up: the store of passes is not one of ours
    ├── NotInstalled             a command needs what this installation leaves out
    └── InternalError            a fault nobody foresaw: ours to mend
        └── InferenceError       a network failed on an input

`code` is the machine-readable name a client may rely on; `app.api.errors` maps the classes to HTTP.
"""


class AlprError(Exception):
    """Root of the tree. The message is shown to the client unless the error is ours."""

    code = "internal_error"


class ImageError(AlprError):
    code = "invalid_image"


class EmptyImage(ImageError):
    code = "empty_image"


class InvalidImage(ImageError):
    code = "invalid_image"


class UnsupportedImage(ImageError):
    code = "unsupported_image"


class AnimatedImage(ImageError):
    code = "animated_image"


class TooManyPixels(ImageError):
    code = "too_many_pixels"


class TooCostly(ImageError):
    code = "too_costly"


class VideoError(AlprError):
    code = "invalid_video"


class InvalidVideo(VideoError):
    code = "invalid_video"


class VideoTooLong(VideoError):
    code = "video_too_long"


class CameraError(AlprError):
    code = "camera_lost"


class CameraLost(CameraError):
    code = "camera_lost"


class InvalidCameras(CameraError):
    code = "invalid_cameras"


class UnknownCamera(CameraError):
    code = "unknown_camera"


class RequestError(AlprError):
    code = "invalid_request"


class InvalidRequest(RequestError):
    code = "invalid_request"


class UnsupportedMediaType(RequestError):
    code = "unsupported_media_type"


class RequestTooLarge(RequestError):
    code = "too_large"


class HeadersTooLarge(RequestError):
    code = "headers_too_large"


class UploadTimeout(RequestError):
    code = "upload_timeout"


class Unauthorized(RequestError):
    code = "unauthorized"


class Forbidden(RequestError):
    code = "forbidden"


class FetchError(AlprError):
    code = "url_unreachable"


class UrlNotAllowed(FetchError):
    code = "url_not_allowed"


class UrlUnreachable(FetchError):
    code = "url_unreachable"


class CapacityError(AlprError):
    """`retry_after` is in whole seconds, at least 1."""

    code = "overloaded"

    def __init__(self, message: str, *, retry_after: int = 1) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Overloaded(CapacityError):
    code = "overloaded"


class LimitExceeded(CapacityError):
    code = "limit_exceeded"


class RateLimited(LimitExceeded):
    code = "rate_limited"


class ShareExceeded(LimitExceeded):
    code = "share_exceeded"


class DeadlineExceeded(CapacityError):
    code = "deadline_exceeded"


class NotReady(CapacityError):
    code = "not_ready"


class CameraElsewhere(CapacityError):
    code = "camera_elsewhere"


class StoreUnavailable(CapacityError):
    code = "store_unavailable"


class UnknownPass(AlprError):
    code = "unknown_pass"


class ListError(AlprError):
    code = "list_error"


class UnknownList(ListError):
    code = "unknown_list"


class UnknownEntry(ListError):
    code = "unknown_entry"


class AlreadyListed(ListError):
    code = "already_listed"


class ListsFull(ListError):
    code = "lists_full"


class NotifyError(AlprError):
    code = "notify_error"


class InvalidTargets(NotifyError):
    code = "invalid_targets"


class UnknownTarget(NotifyError):
    code = "unknown_target"


class UnknownDelivery(NotifyError):
    code = "unknown_delivery"


class NotReplayable(NotifyError):
    code = "not_replayable"


class InvalidGates(AlprError):
    code = "invalid_gates"


class StoreError(AlprError):
    code = "store_error"


class ModelError(AlprError):
    code = "model_error"


class ModelMissing(ModelError):
    code = "model_missing"


class ModelCorrupt(ModelError):
    code = "model_corrupt"


class DeviceUnavailable(ModelError):
    code = "device_unavailable"


class BackendUnavailable(ModelError):
    code = "backend_unavailable"


class NotInstalled(AlprError):
    code = "not_installed"


class InternalError(AlprError):
    code = "internal_error"


class InferenceError(InternalError):
    code = "inference_failed"
