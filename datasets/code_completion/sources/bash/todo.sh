#!/usr/bin/env bash
# A small task list on the command line. Tasks are kept in one file, a line each:
#
#   ID|STATE|PRIORITY|TEXT        for instance   3|open|high|Write the release post

TODO_FILE=${TODO_FILE:-todo.txt}
PRIORITIES=(high normal low)

# fail MESSAGE
#
# Reports an error; its status is 1.
fail() {
  echo "todo: $1" >&2
  return 1
}

# next_id
#
# Prints the smallest number that is larger than all numbers in the file.
next_id() {
  awk -F '|' '$1 >= id { id = $1 } END { print id + 1 }' "$TODO_FILE"
}

# add_task [--priority PRIORITY] TEXT...
#
# Adds an open task and prints its number. A "|" in the text becomes a "/".
add_task() {
  local priority=normal id text
  if [[ ${1:-} == --priority ]]; then
    priority=${2:-}
    shift 2
  fi
  if [[ " ${PRIORITIES[*]} " != *" $priority "* ]]; then
    fail "unknown priority: $priority" || return
  fi
  if (($# == 0)); then
    fail "nothing to do" || return
  fi
  id=$(next_id)
  text="$*"
  echo "$id|open|$priority|${text//|/\/}" >>"$TODO_FILE"
  echo "$id"
}

# set_state STATE ID...
#
# Sets the state of tasks. If one of them does not exist, nothing is changed.
set_state() {
  local state=$1 id
  shift
  for id in "$@"; do
    grep -q "^$id|" "$TODO_FILE" || fail "no task $id" || return
  done
  for id in "$@"; do
    sed -i "s/^$id|[a-z]*|/$id|$state|/" "$TODO_FILE"
  done
}

# list_tasks [STATE]
#
# Prints the tasks in the given state ("open" by default), the most urgent first, then by number.
list_tasks() {
  local state=${1:-open} priority
  for priority in "${PRIORITIES[@]}"; do
    awk -F '|' -v state="$state" -v priority="$priority" '
      $2 == state && $3 == priority {
        mark = priority == "high" ? "!" : " "
        printf "%s %3d  %s\n", mark, $1, $4
      }
    ' "$TODO_FILE"
  done
}

# find_tasks WORD
#
# Prints the numbers of the tasks that have WORD in their text, in upper or lower case.
find_tasks() {
  awk -F '|' -v word="$1" '
    index(tolower($4), tolower(word)) { print $1 }
  ' "$TODO_FILE"
}

# clean_up
#
# Removes the tasks that are done and prints how many there were.
clean_up() {
  local before after
  before=$(wc -l <"$TODO_FILE")
  sed -i '/^[0-9]*|done|/d' "$TODO_FILE"
  after=$(wc -l <"$TODO_FILE")
  echo "$((before - after)) removed"
}

# progress
#
# Prints how many of the tasks are done, with the percentage.
progress() {
  awk -F '|' '
    $2 == "done" { finished++ }
    END {
      if (NR == 0) {
        print "no tasks"
      } else {
        printf "%d of %d done (%d%%)\n", finished, NR, 100 * finished / NR
      }
    }
  ' "$TODO_FILE"
}

# todo COMMAND [ARGUMENT...]
todo() {
  local command=${1:-list}
  touch "$TODO_FILE"
  case $command in
    add) add_task "${@:2}" ;;
    done) set_state "done" "${@:2}" ;;
    reopen) set_state open "${@:2}" ;;
    list) list_tasks "${2:-open}" ;;
    find) find_tasks "$2" ;;
    clean) clean_up ;;
    progress) progress ;;
    *) fail "unknown command: $command" ;;
  esac
}
