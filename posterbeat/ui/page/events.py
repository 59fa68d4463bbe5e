"""Settings that the page's events share. The API has endpoints of its own: none of these is to be seen there."""

PRIVATE = {"api_visibility": "private"}
QUIET = {**PRIVATE, "queue": False, "show_progress": "hidden"}  # at once, and without a sign that something goes on
