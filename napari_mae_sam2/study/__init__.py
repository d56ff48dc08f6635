"""What lies on disk: cases, revisions, exports. No torch, no Qt."""
