//! The dependency graph of a pipeline: which jobs can run together, and what blocks what.

use std::collections::{BTreeMap, BTreeSet};

#[derive(Debug, PartialEq, Eq)]
pub enum GraphError {
    BadLine(usize),
    DuplicateJob(String),
    UnknownNeed { job: String, need: String },
    Cycle(Vec<String>),
}

/// Job names with the names of the jobs that each of them needs.
#[derive(Debug, Default)]
pub struct PipelineGraph {
    needs: BTreeMap<String, BTreeSet<String>>,
}

impl PipelineGraph {
    /// Reads one job per line, `name: need, need`; blank lines and `#` comments are skipped.
    pub fn parse(text: &str) -> Result<PipelineGraph, GraphError> {
        let mut graph = PipelineGraph::default();
        for (index, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let (name, needs) = line.split_once(':').ok_or(GraphError::BadLine(index + 1))?;
            let needs = needs
                .split(',')
                .map(|need| need.trim().to_string())
                .filter(|need| !need.is_empty())
                .collect();
            let name = name.trim_end();
            if graph.needs.insert(name.to_string(), needs).is_some() {
                return Err(GraphError::DuplicateJob(name.to_string()));
            }
        }
        graph.check_needs()?;
        Ok(graph)
    }

    /// Fails for the first job, by name, that needs a job which does not exist.
    fn check_needs(&self) -> Result<(), GraphError> {
        for (job, needs) in &self.needs {
            if let Some(need) = needs.iter().find(|need| !self.needs.contains_key(*need)) {
                return Err(GraphError::UnknownNeed {
                    job: job.clone(),
                    need: need.clone(),
                });
            }
        }
        Ok(())
    }

    /// Groups the jobs into waves: each job comes in the first wave after all that it needs.
    pub fn waves(&self) -> Result<Vec<Vec<String>>, GraphError> {
        let mut done: BTreeSet<&String> = BTreeSet::new();
        let mut waves = Vec::new();
        while done.len() < self.needs.len() {
            let ready: Vec<&String> = self
                .needs
                .iter()
                .filter(|(job, needs)| {
                    !done.contains(job) && needs.iter().all(|need| done.contains(need))
                })
                .map(|(job, _)| job)
                .collect();
            if ready.is_empty() {
                return Err(GraphError::Cycle(self.find_cycle(&done)));
            }
            waves.push(ready.iter().map(|job| job.to_string()).collect());
            done.extend(ready);
        }
        Ok(waves)
    }

    /// Follows unfinished needs until a job comes up twice; the cycle starts and ends with that job.
    fn find_cycle(&self, done: &BTreeSet<&String>) -> Vec<String> {
        let is_open = |job: &&String| !done.contains(job);
        let mut path: Vec<&String> = self.needs.keys().find(is_open).into_iter().collect();
        loop {
            let last = path[path.len() - 1];
            let next = self.needs[last].iter().find(is_open);
            let next = next.expect("a blocked job has an unfinished need");
            let seen = path.iter().position(|job| *job == next);
            path.push(next);
            if let Some(start) = seen {
                return path[start..].iter().map(|job| job.to_string()).collect();
            }
        }
    }

    /// All jobs that need `job`, directly or through others, by name.
    pub fn blocked_by(&self, job: &str) -> BTreeSet<String> {
        let mut blocked = BTreeSet::new();
        let mut queue = vec![job];
        while let Some(current) = queue.pop() {
            for (name, needs) in &self.needs {
                if needs.contains(current) && blocked.insert(name.clone()) {
                    queue.push(name);
                }
            }
        }
        blocked
    }

    /// The number of minutes until every job has ended, when nothing waits for a runner.
    /// A job without an entry in `minutes` takes one minute.
    pub fn duration(&self, minutes: &BTreeMap<&str, u32>) -> Result<u32, GraphError> {
        let mut ends: BTreeMap<String, u32> = BTreeMap::new();
        for job in self.waves()?.into_iter().flatten() {
            let start = self.needs[&job].iter().map(|need| ends[need]).max();
            let length = minutes.get(job.as_str()).copied().unwrap_or(1);
            ends.insert(job, start.unwrap_or(0) + length);
        }
        Ok(ends.into_values().max().unwrap_or(0))
    }
}
