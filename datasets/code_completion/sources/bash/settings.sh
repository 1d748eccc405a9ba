#!/usr/bin/env bash
# Settings of the build agent. Each has a type, a default and perhaps limits; values come from
# files of "name = value" lines and from the environment, the later one wins.

declare -A SETTING_TYPE=() SETTING_DEFAULT=() SETTING_VALUE=() SETTING_SOURCE=()
SETTING_NAMES=()

# setting NAME TYPE DEFAULT
#
# Declares a setting. A TYPE is text, flag, duration, number:LOWEST-HIGHEST or one:WORD,WORD,...
setting() {
  SETTING_NAMES+=("$1")
  SETTING_TYPE[$1]=$2
  SETTING_DEFAULT[$1]=$3
}

# to_seconds DURATION
#
# Prints a duration such as "90", "90s", "15m" or "2h" in seconds.
to_seconds() {
  local factor
  [[ $1 =~ ^([0-9]{1,6})([smh]?)$ ]] || return 1
  case ${BASH_REMATCH[2]} in
    h) factor=3600 ;;
    m) factor=60 ;;
    *) factor=1 ;;
  esac
  echo "$((10#${BASH_REMATCH[1]} * factor))"
}

# convert TYPE TEXT
#
# Prints the value that TEXT stands for; the status is 1 if it does not fit the type.
convert() {
  local type=$1 text=$2 low high
  case $type in
    text) echo "$text" ;;
    flag)
      case ${text,,} in
        yes | true | on | 1) echo true ;;
        no | false | off | 0) echo false ;;
        *) return 1 ;;
      esac
      ;;
    duration) to_seconds "$text" ;;
    number:*)
      IFS=- read -r low high <<<"${type#number:}"
      [[ $text =~ ^[0-9]{1,9}$ ]] || return 1
      text=$((10#$text))
      ((text >= low && text <= high)) || return 1
      echo "$text"
      ;;
    one:*)
      [[ $text != *,* && ",${type#one:}," == *",$text,"* ]] || return 1
      echo "$text"
      ;;
  esac
}

# assign NAME TEXT SOURCE
#
# Sets a setting to what TEXT stands for, or reports why it cannot.
assign() {
  local value
  if [[ -z ${SETTING_TYPE[$1]:-} ]]; then
    echo "$3: unknown setting $1" >&2
    return 1
  fi
  if ! value=$(convert "${SETTING_TYPE[$1]}" "$2"); then
    echo "$3: $1 cannot be \"$2\" (${SETTING_TYPE[$1]})" >&2
    return 1
  fi
  SETTING_VALUE[$1]=$value
  SETTING_SOURCE[$1]=$3
}

# load_defaults
load_defaults() {
  local name
  for name in "${SETTING_NAMES[@]}"; do
    assign "$name" "${SETTING_DEFAULT[$name]}" default
  done
}

# load_file FILE
#
# Reads all lines, also after one that is wrong; the status is 1 if any was.
load_file() {
  local line name number=0 status=0
  while read -r line || [[ -n $line ]]; do
    number=$((number + 1))
    case $line in
      "" | \#*) ;;
      *=*)
        read -r name <<<"${line%%=*}"
        read -r line <<<"${line#*=}"
        assign "$name" "$line" "$1:$number" || status=1
        ;;
      *)
        echo "$1:$number: no \"=\" in this line" >&2
        status=1
        ;;
    esac
  done <"$1"
  return "$status"
}

# load_environment
#
# Takes the variables AGENT_NAME for all settings; a "-" in a name is a "_" in the variable's.
load_environment() {
  local name variable status=0
  for name in "${SETTING_NAMES[@]}"; do
    variable=AGENT_${name^^}
    variable=${variable//-/_}
    if [[ -n ${!variable+set} ]]; then
      assign "$name" "${!variable}" "\$$variable" || status=1
    fi
  done
  return "$status"
}

# show_settings
#
# Prints all settings in the order of their declaration, with where each value comes from.
show_settings() {
  local name
  for name in "${SETTING_NAMES[@]}"; do
    echo "$name = ${SETTING_VALUE[$name]}  # ${SETTING_SOURCE[$name]}"
  done
}

setting name text agent
setting url text https://ci.example.test
setting workers number:1-64 4
setting poll-interval duration 30s
setting keep-workspace flag no
setting executor one:shell,container,vm shell
