"""The device's files: pinned root, bundle in force and settings; and how the bundle is renewed."""
