"""What a handler is given besides its request: the transaction, the time and new ids."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.sandbox.clock import Entropy, Now, next_micros, next_ulid, print_instant, print_ulid
from reconciler.sandbox.jsontext import Doc
from reconciler.sandbox.store import Session


@dataclass(frozen=True, slots=True)
class Context:
    """One request's view of the sandbox."""

    store: Session
    clock: Now
    entropy: Entropy

    def now(self) -> str:
        """An instant as text, later than every instant given out before by this store."""
        micros = next_micros(self.clock(), self.store.counter("instant"))
        self.store.set_counter("instant", micros)
        return print_instant(micros)

    def new_id(self) -> str:
        """A ULID above every one given out before by this store."""
        micros = next_micros(self.clock(), self.store.counter("instant"))
        number = next_ulid(micros, self.entropy(), self.store.counter("id"))
        self.store.set_counter("id", number)
        return print_ulid(number)

    def later(self) -> str:
        """An instant at least a millisecond after the last: the server wrote other rows in between."""
        self.store.set_counter("instant", self.store.counter("instant") + 1000)
        return self.now()

    def present(self) -> str:
        """The time of a read, never before an instant given out; nothing is used up."""
        return print_instant(next_micros(self.clock(), self.store.counter("instant")))

    def born(self) -> Doc:
        """The first three fields of a new object; its two instants are a microsecond apart."""
        return {"id": self.new_id(), "createdAt": self.now(), "updatedAt": self.now()}
