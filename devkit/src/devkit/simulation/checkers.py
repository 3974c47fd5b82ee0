"""What must hold at the end of a run."""

from chassis.envelope import Subject
