"""papermill's way to run a notebook, with one difference: it saves while cells run, but not before and after each.

papermill writes the whole notebook twice for every cell, which takes longer than most cells do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import NBClientEngine, NotebookExecutionManager, papermill_engines
from papermill.log import logger

if TYPE_CHECKING:
    from collections.abc import Callable

ENGINE = "xtmig"
SECONDS_BETWEEN_SAVES = 2


class SavingNowAndThen(NotebookExecutionManager):  # type: ignore[misc]  # papermill has no types
    """Saves at most every two seconds, and at the end."""

    def save(self, **kwargs: Any) -> None:
        """Save the notebook, if it is time or the last time.

        Args:
            kwargs: As papermill gives them; `nb` is the notebook.
        """
        if self.end_time is not None or (self.now() - self.last_save_time).total_seconds() >= SECONDS_BETWEEN_SAVES:
            super().save(**kwargs)


class ClosingClient(PapermillNotebookClient):  # type: ignore[misc]  # papermill has no types
    """Closes its connections to a kernel that it was given; papermill leaves them open.

    Args:
        hear: Takes each whole line that a cell prints, as soon as it is there.
        given: What papermill's client takes.
    """

    def __init__(self, *given: Any, hear: Callable[[str], None], **named: Any) -> None:
        super().__init__(*given, **named)
        self._hear = hear
        self._begun = ""

    def process_message(self, msg: dict[str, Any], cell: Any, cell_index: int) -> Any:
        """Take in one message of the kernel.

        Args:
            msg: The message.
            cell: The cell that runs.
            cell_index: Its place in the notebook.

        Returns:
            What became of it in the notebook.
        """
        if msg["msg_type"] == "stream":
            *lines, self._begun = (self._begun + msg["content"]["text"]).split("\n")
            for line in lines:
                self._hear(line)
        return super().process_message(msg, cell, cell_index)

    def execute(self, **kwargs: Any) -> Any:
        """Execute the notebook.

        Args:
            kwargs: As papermill gives them.

        Returns:
            The notebook with its outputs.
        """
        try:
            return super().execute(**kwargs)
        finally:
            if self.kc is not None:
                self.kc.stop_channels()


class Engine(NBClientEngine):  # type: ignore[misc]  # papermill has no types
    """Runs notebooks as papermill does."""

    @classmethod
    def execute_notebook(
        cls, nb: Any, kernel_name: str, output_path: str | None = None, log_output: bool = False, **kwargs: Any
    ) -> Any:
        """Run a notebook.

        Args:
            nb: The notebook.
            kernel_name: Its kernel.
            output_path: Where it is saved.
            log_output: Whether cells are told on the log.
            kwargs: What else papermill was given.

        Returns:
            The notebook with its outputs.
        """
        ours = {name: kwargs.pop(name) for name in ("progress_bar", "autosave_cell_every") if name in kwargs}
        manager = SavingNowAndThen(nb, output_path=output_path, log_output=log_output, **ours)
        manager.notebook_start()
        try:
            cls.execute_managed_notebook(manager, kernel_name, log_output=log_output, **kwargs)
        finally:
            manager.cleanup_pbar()
            manager.notebook_complete()
        return manager.nb

    @classmethod
    def execute_managed_notebook(cls, nb_man: Any, kernel_name: str, log_output: bool = False, **kwargs: Any) -> Any:
        """Execute the cells.

        Args:
            nb_man: The notebook and where it is saved.
            kernel_name: Its kernel.
            log_output: Whether cells are told on the log.
            kwargs: What else papermill gives; of it `km` is the kernel, `hear` takes each line that a cell prints, and
                `start_timeout` is seconds to wait for the kernel.

        Returns:
            The notebook with its outputs.
        """
        client = ClosingClient(
            nb_man,
            km=kwargs["km"],
            kernel_name=kernel_name,
            startup_timeout=kwargs["start_timeout"],
            store_widget_state=kwargs["store_widget_state"],
            log=logger,
            log_output=log_output,
            hear=kwargs["hear"],
        )
        return client.execute()


papermill_engines.register(ENGINE, Engine)
