#!/usr/bin/env bash
# Looks at the plan of a pipeline before it is run. A plan has a line for each job:
#
#   STAGE JOB [NEED...]         for instance: test unit build lint
#
# Stages follow each other in the order in which the plan first names them. A job waits for the
# jobs that it needs; a job without needs waits for all jobs of earlier stages.

declare -A STAGE_OF=() NEEDS_OF=() STATUS_OF=()
STAGES=() JOBS=()

# plan_error MESSAGE
plan_error() {
  echo "plan: $1" >&2
  return 1
}

# stage_number STAGE
#
# Prints the position of a stage, from 0; the status is 1 if no job has it.
stage_number() {
  local i
  for i in "${!STAGES[@]}"; do
    if [[ ${STAGES[i]} == "$1" ]]; then
      echo "$i"
      return 0
    fi
  done
  return 1
}

# read_plan
#
# Reads a plan from standard input, in place of the one before it.
read_plan() {
  local stage job needs
  STAGE_OF=() NEEDS_OF=() STATUS_OF=() STAGES=() JOBS=()
  while read -r stage job needs; do
    if [[ -z $job ]]; then
      plan_error "stage $stage: no job" || return
    fi
    if [[ -n ${STAGE_OF[$job]:-} ]]; then
      plan_error "$job: two jobs of this name" || return
    fi
    stage_number "$stage" >/dev/null || STAGES+=("$stage")
    JOBS+=("$job")
    STAGE_OF[$job]=$stage
    NEEDS_OF[$job]=$needs
    STATUS_OF[$job]=created
  done
  check_needs
}

# check_needs
#
# Makes sure that every need is a job of an earlier stage, or above in the same stage.
check_needs() {
  local job need here there seen=" "
  for job in "${JOBS[@]}"; do
    here=$(stage_number "${STAGE_OF[$job]}")
    for need in ${NEEDS_OF[$job]}; do
      if [[ -z ${STAGE_OF[$need]:-} ]]; then
        plan_error "$job: needs $need, which is no job" || return
      fi
      there=$(stage_number "${STAGE_OF[$need]}")
      if ((there > here)) || { ((there == here)) && [[ $seen != *" $need "* ]]; }; then
        plan_error "$job: needs $need, which comes later" || return
      fi
    done
    seen+="$job "
  done
}

# waits_for JOB
#
# Prints the jobs that a job waits for, in the order of the plan.
waits_for() {
  local job here
  here=$(stage_number "${STAGE_OF[$1]}")
  for job in "${JOBS[@]}"; do
    if [[ -n ${NEEDS_OF[$1]} ]]; then
      [[ " ${NEEDS_OF[$1]} " == *" $job "* ]] && echo "$job"
    else
      (($(stage_number "${STAGE_OF[$job]}") < here)) && echo "$job"
    fi
  done
  return 0
}

# ready_jobs
#
# Prints the jobs that can start now: not started yet, and all they wait for has succeeded.
ready_jobs() {
  local job other ready
  for job in "${JOBS[@]}"; do
    [[ ${STATUS_OF[$job]} == created ]] || continue
    ready=yes
    for other in $(waits_for "$job"); do
      if [[ ${STATUS_OF[$other]} != success ]]; then
        ready=no
      fi
    done
    if [[ $ready == yes ]]; then
      echo "$job"
    fi
  done
}

# finish JOB STATUS
#
# Records how a job ended. After a failure all jobs that wait for it, directly or not, are
# skipped.
finish() {
  local job
  STATUS_OF[$1]=$2
  if [[ $2 == success ]]; then
    return 0
  fi
  for job in "${JOBS[@]}"; do
    if [[ ${STATUS_OF[$job]} == created ]] && waits_for "$job" | grep -qx "$1"; then
      finish "$job" skipped
    fi
  done
}

# pipeline_status
#
# Prints "failed" if a job has failed, "success" if all jobs have succeeded, else "running".
pipeline_status() {
  local job status=success
  for job in "${JOBS[@]}"; do
    case ${STATUS_OF[$job]} in
      failed)
        echo failed
        return
        ;;
      created | running) status=running ;;
    esac
  done
  echo "$status"
}

# critical_path
#
# Reads "JOB SECONDS" lines and prints how long the pipeline takes if nothing has to wait for a
# free runner, with the job that ends last.
critical_path() {
  local job other seconds start last="" longest=0
  local -A duration=() ends=()
  while read -r job seconds; do
    duration[$job]=$seconds
  done
  for job in "${JOBS[@]}"; do
    start=0
    for other in $(waits_for "$job"); do
      ((ends[$other] > start)) && start=${ends[$other]}
    done
    ends[$job]=$((start + ${duration[$job]:-0}))
    if ((ends[$job] > longest)); then
      longest=${ends[$job]}
      last=$job
    fi
  done
  echo "$longest s, ends with ${last:-nothing}"
}
