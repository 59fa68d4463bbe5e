"""gradio's Blocks for strangers: whatever fails says so in a sentence, and a call leaves nothing behind."""

import logging
from asyncio import Queue
from typing import Any

import gradio as gr
from gradio.utils import LRUCache

from posterbeat.ui.page import text
from posterbeat.ui.server.quiet_log import place

_UNREAD = 2000  # visits whose messages are kept for them
_log = logging.getLogger(__name__)


class _Messages(LRUCache):
    """Messages that were not read yet, by visit. gradio's queue stops for good where those of a visit are missing."""

    def __missing__(self, visit: str) -> Queue:
        return Queue()  # for nobody: the visit was forgotten meanwhile


class Page(gr.Blocks):
    """A page and its endpoints."""

    def queue(self, **settings: Any) -> "Page":
        """As gradio's."""
        super().queue(**settings)
        self._queue.pending_messages_per_session = _Messages(_UNREAD)
        return self

    async def process_api(self, block_fn: Any, *values: Any, **settings: Any) -> dict[str, Any]:
        """As gradio's, which answers what a caller's odd values lead to with an empty error, or with those values.

        Raises
        ------
        gr.Error
            With a sentence, whatever it was.
        """
        try:
            return await super().process_api(block_fn, *values, **settings)
        except gr.Error as error:
            if not error.print_exception:  # one of ours
                raise
            raise gr.Error(text.OUTDATED, title="That did not work", print_exception=False) from error
        except Exception as error:
            _log.error("A request failed: %s", place(error))
            raise gr.Error(text.FAULT, title="That did not work", print_exception=False) from error
        finally:
            name, event = settings.get("session_hash"), settings.get("event_id")
            if name is not None and name == event and hasattr(self, "state_holder"):  # a call without a visit
                self.state_holder.session_data.pop(name, None)
                self.state_holder.time_last_used.pop(name, None)
