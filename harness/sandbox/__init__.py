"""Runs model-written programs apart from this machine and says what came of them: ``run(Program) -> Verdict``."""
