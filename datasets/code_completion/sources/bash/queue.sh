#!/usr/bin/env bash
# A queue of jobs in the file system. Each job is a file; where it lies tells its state:
#
#   $QUEUE/waiting/NNNN-NAME    to be done, in the order of NNNN
#   $QUEUE/running/NNNN-NAME    taken by a worker
#   $QUEUE/failed/NNNN-NAME     given up after MAX_TRIES attempts
#
# The first line of a file is the number of attempts so far, the rest is the job's payload.
# Moving a file is atomic, so that two workers never get the same job.

MAX_TRIES=3

# queue_init FOLDER
#
# Makes FOLDER the queue that all other functions work on.
queue_init() {
  QUEUE=$1
  mkdir -p "$QUEUE"/{waiting,running,failed}
}

# queue_ids STATE
#
# Prints the jobs in a state, oldest first.
queue_ids() {
  local file
  for file in "$QUEUE/$1"/*; do
    [[ -e $file ]] || continue
    echo "${file##*/}"
  done
}

# queue_next_number
#
# Prints the number for the next job, with at least four digits.
queue_next_number() {
  local last=0
  if [[ -f $QUEUE/last ]]; then
    last=$(<"$QUEUE/last")
  fi
  last=$((last + 1))
  echo "$last" >"$QUEUE/last"
  printf '%04d\n' "$last"
}

# queue_push NAME
#
# Adds a job with the payload from standard input and prints its id. In a NAME all characters
# but letters, digits and "." become "_".
queue_push() {
  local id
  id=$(queue_next_number)-${1//[^A-Za-z0-9.]/_}
  {
    echo 0
    cat
  } >"$QUEUE/new"
  mv "$QUEUE/new" "$QUEUE/waiting/$id"
  echo "$id"
}

# queue_take
#
# Takes the oldest job that is waiting and prints its id; the status is 1 if there is none.
queue_take() {
  local id tries
  for id in $(queue_ids waiting); do
    if mv "$QUEUE/waiting/$id" "$QUEUE/running/$id" 2>/dev/null; then
      tries=$(queue_tries running "$id")
      sed -i "1s/.*/$((tries + 1))/" "$QUEUE/running/$id"
      echo "$id"
      return 0
    fi
  done
  return 1
}

# queue_tries STATE ID
queue_tries() {
  head -n 1 "$QUEUE/$1/$2"
}

# queue_payload ID
#
# Prints the payload of a job that is running.
queue_payload() {
  tail -n +2 "$QUEUE/running/$1"
}

# queue_done ID
queue_done() {
  rm "$QUEUE/running/$1"
}

# queue_retry ID
#
# Puts a running job back, or with the failed ones if it had all its attempts. Prints where.
queue_retry() {
  local tries state=waiting
  tries=$(queue_tries running "$1")
  if ((tries >= MAX_TRIES)); then
    state=failed
  fi
  mv "$QUEUE/running/$1" "$QUEUE/$state/$1"
  echo "$state"
}

# queue_revive
#
# Gives all failed jobs a new start, with no attempts counted, and prints their ids.
queue_revive() {
  local id
  for id in $(queue_ids failed); do
    sed -i '1s/.*/0/' "$QUEUE/failed/$id"
    mv "$QUEUE/failed/$id" "$QUEUE/waiting/$id"
    echo "$id"
  done
}

# queue_work COMMAND [ARGUMENT...]
#
# Works until nothing is waiting: runs the command for each job, with the job's name as its last
# argument and the payload on standard input. Prints how many attempts went well and how many
# did not.
queue_work() {
  local id good=0 bad=0
  while id=$(queue_take); do
    if queue_payload "$id" | "$@" "${id#*-}"; then
      queue_done "$id"
      good=$((good + 1))
    else
      queue_retry "$id" >/dev/null
      bad=$((bad + 1))
    fi
  done
  echo "good: $good, bad: $bad"
}

# queue_status
#
# Prints the number of jobs in each state.
queue_status() {
  local state
  for state in waiting running failed; do
    printf '%s %d\n' "$state" "$(queue_ids "$state" | wc -l)"
  done
}
