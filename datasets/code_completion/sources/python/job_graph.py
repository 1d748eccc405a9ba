"""The jobs of a pipeline as a graph: order, failures and durations."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field


class GraphError(ValueError):
    """The jobs cannot be run in any order."""


@dataclass
class Job:
    """A job, the names of the jobs it needs, and how long it takes in seconds."""

    name: str
    needs: tuple[str, ...] = ()
    seconds: int = 0
    status: str = "created"
    allow_failure: bool = False


@dataclass
class JobGraph:
    """Jobs by name."""

    jobs: dict[str, Job] = field(default_factory=dict)

    @classmethod
    def build(cls, jobs: Iterable[Job]) -> "JobGraph":
        """Make a graph of jobs, and make sure that it is sound."""
        graph = cls()
        for job in jobs:
            if job.name in graph.jobs:
                raise GraphError(f"{job.name} is there twice")
            graph.jobs[job.name] = job
        for job in graph.jobs.values():
            for need in job.needs:
                if need not in graph.jobs:
                    raise GraphError(f"{job.name} needs {need}, which does not exist")
        graph.order()
        return graph

    def dependents(self, name: str) -> list[str]:
        """Return the jobs that need this one directly."""
        return [job.name for job in self.jobs.values() if name in job.needs]

    def order(self) -> list[str]:
        """Return the names so that each comes after those it needs, else as they were added."""
        missing = {job.name: len(set(job.needs)) for job in self.jobs.values()}
        ready = deque(name for name, count in missing.items() if count == 0)
        ordered = []
        while ready:
            name = ready.popleft()
            ordered.append(name)
            for dependent in self.dependents(name):
                missing[dependent] -= 1
                if missing[dependent] == 0:
                    ready.append(dependent)
        if len(ordered) < len(self.jobs):
            stuck = sorted(set(self.jobs) - set(ordered))
            raise GraphError(f"jobs need each other: {', '.join(stuck)}")
        return ordered

    def downstream(self, name: str) -> set[str]:
        """Return all jobs that need this one, directly or not."""
        found: set[str] = set()
        queue = deque([name])
        while queue:
            for dependent in self.dependents(queue.popleft()):
                if dependent not in found:
                    found.add(dependent)
                    queue.append(dependent)
        return found

    def runnable(self) -> list[str]:
        """Return the jobs that can start now."""
        return [
            job.name
            for job in self.jobs.values()
            if job.status == "created" and all(self._is_passed(need) for need in job.needs)
        ]

    def finish(self, name: str, status: str) -> set[str]:
        """Record the result of a job; return the jobs that are skipped because of it."""
        job = self.jobs[name]
        job.status = status
        if self._is_passed(name):
            return set()
        skipped = {
            other for other in self.downstream(name) if self.jobs[other].status == "created"
        }
        for other in skipped:
            self.jobs[other].status = "skipped"
        return skipped

    def retry(self, name: str) -> list[str]:
        """Start a job anew, with all skipped jobs that come after it; return them in order."""
        reset = {name} | {
            other for other in self.downstream(name) if self.jobs[other].status == "skipped"
        }
        for other in reset:
            self.jobs[other].status = "created"
        return [other for other in self.order() if other in reset]

    def status(self) -> str:
        """Return the status of the whole pipeline."""
        statuses = {
            "warning" if job.status == "failed" and job.allow_failure else job.status
            for job in self.jobs.values()
        }
        for status in ("running", "failed", "canceled", "created"):
            if status in statuses:
                return "running" if status == "created" and "success" in statuses else status
        return "success with warnings" if "warning" in statuses else "success"

    def finish_times(self) -> dict[str, int]:
        """Return when each job ends if all start as early as they can."""
        ends: dict[str, int] = {}
        for name in self.order():
            job = self.jobs[name]
            start = max((ends[need] for need in job.needs), default=0)
            ends[name] = start + job.seconds
        return ends

    def critical_path(self) -> list[str]:
        """Return the chain of jobs that decides how long the pipeline takes."""
        ends = self.finish_times()
        if not ends:
            return []
        path = [max(ends, key=lambda name: ends[name])]
        while needs := self.jobs[path[-1]].needs:
            path.append(max(needs, key=lambda name: ends[name]))
        return path[::-1]

    def _is_passed(self, name: str) -> bool:
        job = self.jobs[name]
        return job.status == "success" or (job.status == "failed" and job.allow_failure)
