#!/usr/bin/env bash
# Text helpers for the scripts of the release team. To be sourced.

# trim TEXT
#
# Prints TEXT without the blanks at its start and end.
trim() {
  local text=$1
  text=${text#"${text%%[![:space:]]*}"}
  text=${text%"${text##*[![:space:]]}"}
  printf '%s\n' "$text"
}

# join_by SEPARATOR WORD...
#
# Prints the words with the separator, which may be of any length, between them.
join_by() {
  local separator=$1 joined=${2:-} word
  for word in "${@:3}"; do
    joined+=$separator$word
  done
  printf '%s\n' "$joined"
}

# repeat TEXT COUNT
repeat() {
  local repeated="" i
  for ((i = 0; i < $2; i++)); do
    repeated+=$1
  done
  printf '%s\n' "$repeated"
}

# contains WORD LIST...
#
# True if WORD is one of the words of LIST.
contains() {
  local word
  for word in "${@:2}"; do
    if [[ $word == "$1" ]]; then
      return 0
    fi
  done
  return 1
}

# shorten TEXT WIDTH
#
# Prints TEXT, cut to WIDTH characters if it is longer; "..." at its end then shows the cut.
shorten() {
  local text=$1 width=$2
  if ((${#text} > width)); then
    text="${text:0:width - 3}..."
  fi
  printf '%s\n' "$text"
}

# slug TEXT
#
# Prints TEXT in lower case, with a single "-" for every run of other characters than letters
# and digits, and none at its start or end.
slug() {
  local text=${1,,}
  text=${text//[^a-z0-9]/-}
  while [[ $text == *--* ]]; do
    text=${text//--/-}
  done
  text=${text#-}
  printf '%s\n' "${text%-}"
}

# wrap WIDTH
#
# Reads words from standard input and prints them in lines of at most WIDTH characters. Empty
# lines end a paragraph. A word that is longer than WIDTH has a line of its own.
wrap() {
  local width=$1 line word current=""
  while read -r line; do
    if [[ -z $line ]]; then
      printf '%s\n\n' "$current"
      current=""
      continue
    fi
    for word in $line; do
      if [[ -z $current ]]; then
        current=$word
      elif ((${#current} + 1 + ${#word} <= width)); then
        current+=" $word"
      else
        printf '%s\n' "$current"
        current=$word
      fi
    done
  done
  printf '%s\n' "$current"
}

# columns SEPARATOR
#
# Reads lines of fields with SEPARATOR between them and prints the fields aligned in columns, two
# spaces apart.
columns() {
  awk -F "$1" '
    {
      for (i = 1; i <= NF; i++) {
        cell[NR, i] = $i
        if (length($i) > width[i]) width[i] = length($i)
      }
      fields[NR] = NF
    }
    END {
      for (row = 1; row <= NR; row++) {
        line = ""
        for (i = 1; i < fields[row]; i++) {
          line = line sprintf("%-" width[i] "s  ", cell[row, i])
        }
        print line cell[row, fields[row]]
      }
    }
  '
}

# replace_between START END
#
# Reads a file from standard input and prints it with the lines between the markers START and
# END, which are lines of their own and stay, replaced by the rest of the arguments.
replace_between() {
  local start=$1 end=$2 line inside=no
  shift 2
  while IFS= read -r line; do
    if [[ $line == "$end" ]]; then
      inside=no
    fi
    if [[ $inside == no ]]; then
      printf '%s\n' "$line"
    fi
    if [[ $line == "$start" ]]; then
      inside=yes
      printf '%s\n' "$@"
    fi
  done
}
