"""Protection against disclosure: what may be published, and the proof that nothing sensitive follows from it."""

from royst.protect.candidate import Candidate, People, Scale
from royst.protect.history import Ledger
from royst.protect.pools import pools
from royst.protect.protection import Protected, protect
from royst.protect.rules import RuleSet, rule_set

__all__ = ["Candidate", "Ledger", "People", "Protected", "RuleSet", "Scale", "pools", "protect", "rule_set"]
