"""Training of the project's own weights: `detector` (YOLOv9-t) and `ocr` (MobileViT v2).

Needs `requirements-train.txt`; nothing in `app` imports this package.
"""
