#!/usr/bin/env bash
# Structured log lines for maintenance scripts, in the form key=value:
#
#   level=info component=backup msg="12 files stored" seconds=3
#
# Lines go to standard error, or to the file LOG_FILE if it is set.

LOG_LEVEL=${LOG_LEVEL:-info}
LOG_COMPONENT=${LOG_COMPONENT:-main}
LOG_FILE=${LOG_FILE:-}

# Values of these keys never go into the log.
LOG_SECRET_KEYS=(token password secret)

declare -A LOG_RANK=([debug]=0 [info]=1 [warn]=2 [error]=3)
declare -A LOG_COUNT=()

# log_enabled LEVEL
#
# True if lines of this level are written. An unknown LOG_LEVEL is the same as "info".
log_enabled() {
  local least=${LOG_RANK[$LOG_LEVEL]:-1}
  ((LOG_RANK[$1] >= least))
}

# log_quote VALUE
#
# Prints a value as it goes into the log: in double quotes if it is empty or has characters that
# would end or confuse it, with backslashes before quotes and backslashes and "\n" for line breaks.
log_quote() {
  local value=$1
  if [[ $value =~ ^[A-Za-z0-9_./:@%+-]+$ ]]; then
    printf '%s' "$value"
    return
  fi
  value=${value//\\/\\\\}
  value=${value//\"/\\\"}
  value=${value//$'\n'/\\n}
  printf '"%s"' "$value"
}

# log_is_secret KEY
#
# True for the keys of LOG_SECRET_KEYS and for keys that end in "_" and one of them.
log_is_secret() {
  local key
  for key in "${LOG_SECRET_KEYS[@]}"; do
    if [[ $1 == "$key" || $1 == *_"$key" ]]; then
      return 0
    fi
  done
  return 1
}

# log_line LEVEL MESSAGE [KEY=VALUE...]
#
# Prints one line.
log_line() {
  local line pair key value
  line="level=$1 component=$LOG_COMPONENT msg=$(log_quote "$2")"
  for pair in "${@:3}"; do
    key=${pair%%=*}
    value=${pair#*=}
    if log_is_secret "$key"; then
      value="[hidden]"
    fi
    line+=" $key=$(log_quote "$value")"
  done
  printf '%s\n' "$line"
}

# log LEVEL MESSAGE [KEY=VALUE...]
#
# Counts the line, and writes it if its level is enabled.
log() {
  LOG_COUNT[$1]=$((${LOG_COUNT[$1]:-0} + 1))
  if ! log_enabled "$1"; then
    return 0
  fi
  if [[ -n $LOG_FILE ]]; then
    log_line "$@" >>"$LOG_FILE"
  else
    log_line "$@" >&2
  fi
}

# log_command COMMAND [ARGUMENT...]
#
# Runs a command and logs how it ended, as an error with its status if it failed. The output goes
# into the log line by line. The status is that of the command.
log_command() {
  local output line status=0
  output=$("$@" 2>&1) || status=$?
  if [[ -n $output ]]; then
    while IFS= read -r line; do
      log debug "$line" from="$1"
    done <<<"$output"
  fi
  if ((status == 0)); then
    log info "command succeeded" command="$*"
  else
    log error "command failed" command="$*" status="$status"
  fi
  return "$status"
}

# log_summary
#
# Prints how many lines of each level there were, the gravest first; levels without any are left
# out.
log_summary() {
  local level count summary=""
  for level in error warn info debug; do
    count=${LOG_COUNT[$level]:-0}
    if ((count > 0)); then
      summary+="${summary:+, }$count $level"
    fi
  done
  echo "${summary:-nothing logged}"
}
